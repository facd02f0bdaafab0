/** node-datachannel: gives Node the connections that PeerJS finds in browsers. On the main thread only: two threads with it end the process. */

import { networkInterfaces } from "node:os";
import { isMainThread } from "node:worker_threads";

/** What browsers have. */
const NAMES = ["RTCPeerConnection", "RTCSessionDescription", "RTCIceCandidate", "RTCDataChannel"] as const;

let prepared: Promise<object> | undefined;
/** PeerJS is being loaded. */
let isLoading = false;

/**
 * Settles with what connections are to be told beside.
 *
 * @throws Error if the package is not there, or this is not the main thread.
 */
export function prepareNode(): Promise<object> {
  prepared ??= prepare();
  prepared.catch(() => {
    prepared = undefined;
  });
  return prepared;
}

async function prepare(): Promise<object> {
  if (!isMainThread) throw new Error("peer: works on the main thread of Node only");
  const [rtc, { WebSocket }] = await Promise.all([load(), import("ws")]);
  const scope = globalThis as Record<string, unknown>;
  for (const name of NAMES) scope[name] ??= rtc[name];
  // As in browsers, nobody need hear of its failures.
  scope["WebSocket"] ??= class extends WebSocket {
    constructor(url: string) {
      super(url);
      this.on("error", () => {});
    }
  };
  await asInBrowser(() => import("peerjs"));
  // A machine without a network looks for no addresses; its own is one all the same.
  const isAlone = !Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal));
  return isAlone ? { bindAddress: "127.0.0.1" } : {};
}

async function load(): Promise<Record<string, unknown>> {
  try {
    const [native, polyfill] = await Promise.all([import("node-datachannel"), import("node-datachannel/polyfill")]);
    return { ...polyfill, RTCPeerConnection: thatMissesNothing(native.PeerConnection, polyfill.RTCPeerConnection) };
  } catch (cause) {
    throw new Error('peer: needs the package node-datachannel in Node: "npm install node-datachannel"', { cause });
  }
}

type NativeConnection = InstanceType<typeof import("node-datachannel").PeerConnection>;
type NativeChannel = ReturnType<NativeConnection["createDataChannel"]>;
interface Configuration {
  readonly iceServers?: readonly {
    readonly urls: string | readonly string[];
    readonly username?: string;
    readonly credential?: string;
  }[];
}

/**
 * A channel that the other end made may open while it is being handed over, between the moment at which it is asked whether it is open
 * and the one from which it would tell. So it is asked again then.
 *
 * A channel that never opened is not closed with its connection, and keeps the process from ending. So those of a connection are closed
 * before it is.
 */
function thatMissesNothing(
  Native: typeof import("node-datachannel").PeerConnection,
  Connection: typeof import("node-datachannel/polyfill").RTCPeerConnection,
) {
  let count = 0;
  return class extends Connection {
    constructor(configuration: Configuration = {}) {
      // While it is loaded, PeerJS tries what there is with public servers of its choice, which are nobody we would ask.
      const iceServers = isLoading ? [] : (configuration.iceServers ?? []).flatMap(addressesOf);
      const native = new Native(`peer-${++count}`, { ...configuration, iceServers } as never);
      const channels = new Set<NativeChannel>();
      const known = (channel: NativeChannel) => {
        channels.add(channel);
        return attentive(channel, () => channels.delete(channel));
      };
      const heard = through(native, {
        createDataChannel: (...how: Parameters<NativeConnection["createDataChannel"]>) =>
          known(native.createDataChannel(...how)),
        ...patient(native),
        onDataChannel: (hear: (channel: NativeChannel) => void) => {
          native.onDataChannel((channel) => hear(known(channel)));
        },
        close: () => {
          for (const channel of channels) channel.close();
          native.close();
        },
      });
      super({ ...configuration, peerConnection: heard } as never);
    }
  };
}

/**
 * Told where to find the other end, this one goes there at once, before it has noted whom it is to meet, and takes the right one for a
 * stranger when that one is quick. So who offers a connection says where it can be found only when the answer is there: until then
 * nobody comes.
 */
function patient(native: NativeConnection) {
  let release: (() => void)[] | undefined = [];
  return {
    onLocalCandidate: (hear: (candidate: string, mid: string) => void) => {
      native.onLocalCandidate((candidate, mid) => {
        const tell = () => hear(candidate, mid);
        if (release === undefined) tell();
        else release.push(tell);
      });
    },
    setRemoteDescription: (...told: Parameters<NativeConnection["setRemoteDescription"]>) => {
      native.setRemoteDescription(...told);
      for (const tell of release ?? []) tell();
      release = undefined;
    },
  };
}

function attentive(channel: NativeChannel, onClosed: () => void): NativeChannel {
  return through(channel, {
    onOpen: (run: () => void) => {
      let isOpen = false;
      const open = () => {
        if (!isOpen) run();
        isOpen = true;
      };
      channel.onOpen(open);
      if (channel.isOpen()) queueMicrotask(open);
    },
    onClosed: (run: () => void) => {
      channel.onClosed(() => {
        onClosed();
        run();
      });
    },
  });
}

/** The same, but for some methods. */
function through<T extends object>(target: T, methods: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value = methods[name as string] ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** As the native side takes them. */
function addressesOf({ urls, username, credential }: NonNullable<Configuration["iceServers"]>[number]): string[] {
  return [urls].flat().map((url) => {
    const [scheme, ...rest] = url.split(":");
    return username && credential ? `${scheme}:${username}:${credential}@${rest.join(":")}` : url;
  });
}

/** PeerJS looks at these while it is loaded, and not again. */
async function asInBrowser(load: () => Promise<unknown>): Promise<void> {
  const scope = globalThis as Record<string, unknown>;
  const absent = ["navigator", "location"].filter((name) => scope[name] === undefined);
  if (absent.includes("navigator")) scope["navigator"] = { userAgent: "node", platform: "node" };
  if (absent.includes("location")) scope["location"] = { protocol: "http:", hostname: "127.0.0.1" };
  isLoading = true;
  try {
    await load();
  } finally {
    isLoading = false;
    for (const name of absent) delete scope[name];
  }
}
