/** The server through which peers find each other, made of the package `peer`: alone on a port, or as part of a server there is. */

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { ExpressPeerServer, IClient } from "peer";
import { WebSocketServer } from "ws";

export interface SignalingOptions {
  /** 9000 unless said; 0 takes any that is free. */
  readonly port?: number;
  /** The address to listen on. This machine alone unless said: `"0.0.0.0"` lets others in. */
  readonly host?: string;
  /** Below which path it answers; `"/"` unless said. */
  readonly path?: string;
  /** A server that there is already, whose port it shares: whatever is not below `path` stays that server's. */
  readonly server?: Server;
  /** How many peers at once; 5000 unless said. */
  readonly peersLimit?: number;
  /** Called with the number of peers whenever one comes or goes. */
  readonly onPeers?: (count: number) => void;
}

export interface Signaling extends AsyncDisposable {
  /** What `listen`, `join` and `Client` take as `signaling`. */
  readonly url: string;
  /** Peers that are connected. */
  readonly peers: number;
  close(): Promise<void>;
}

/** An offer of a connection is some kilobytes. Nothing else is sent through this server. Bytes. */
const MESSAGE_LIMIT = 64 * 1024;

/**
 * Starts a signalling server. It brings peers together and sees who talks with whom, but nothing of what they say: no task, no value
 * and no token passes through it.
 *
 * @throws RangeError if an option makes no sense; the promise rejects if the port is taken.
 * @example
 * ```ts
 * await using signaling = await serveSignaling({ port: 9000 });
 * const { invitation } = await cluster.listen("peer:room", { signaling: signaling.url });
 * ```
 */
export async function serveSignaling(options: SignalingOptions = {}): Promise<Signaling> {
  const { port = 9000, host = "127.0.0.1", server, peersLimit = 5000 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`there is no port ${port}`);
  if (!Number.isInteger(peersLimit) || peersLimit < 1)
    throw new RangeError(`peersLimit must be a number of peers, not ${peersLimit}`);
  const path = `/${options.path ?? ""}/`.replaceAll(/\/+/g, "/");
  const own = server ?? createServer((_request, response) => void response.end("the signalling server of manyhands\n"));
  if (server === undefined) await listening(own, port, host);
  const { app, end } = attach((await import("peer")).ExpressPeerServer, own, path, peersLimit);
  const peers = new Set<IClient>();
  const count = (change: () => void) => {
    change();
    options.onPeers?.(peers.size);
  };
  app.on("connection", (client) => count(() => peers.add(client)));
  app.on("disconnect", (client) => count(() => peers.delete(client)));
  app.on("error", () => {}); // A peer said something unreadable, or broke off: its own loss.
  const close = async () => {
    end();
    if (server !== undefined || !own.listening) return;
    const closed = new Promise((resolve) => own.close(resolve));
    own.closeAllConnections();
    await closed;
  };
  return {
    url: `http://${reachable(own, host)}${path}`,
    get peers() {
      return peers.size;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Host and port as peers on this machine reach it. */
function reachable(server: Server, host: string): string {
  const { port, address, family } = (server.address() ?? { port: 0, address: host, family: "IPv4" }) as AddressInfo;
  if (address === "0.0.0.0" || address === "::") return `127.0.0.1:${port}`;
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Lets the package answer the upgrades below `path`. It would take all upgrades of the server for its own, and answer with an error
 * those that are not.
 */
function attach(Application: typeof ExpressPeerServer, server: Server, path: string, peersLimit: number) {
  let sockets: WebSocketServer | undefined;
  const place = `${path}peerjs`;
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if ((request.url ?? "").replace(/\?.*$/s, "") === place) {
      sockets?.handleUpgrade(request, socket, head, (open) => sockets?.emit("connection", open, request));
    } else if (server.listenerCount("upgrade") === 1) socket.destroy(); // Nobody else is there to answer.
  };
  const app = Application(server, {
    path,
    concurrent_limit: peersLimit,
    createWebSocketServer: () => {
      sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT });
      return sockets;
    },
  });
  // It begins when another application takes it in.
  const endTimers = withTimersThatEnd(() => Application(server).use(app));
  server.on("upgrade", upgrade);
  return {
    app,
    end: () => {
      server.off("upgrade", upgrade);
      endTimers();
      for (const socket of sockets?.clients ?? []) socket.terminate();
      sockets?.close();
    },
  };
}

/**
 * The package looks after its peers by two timers that follow upon themselves for as long as the process lives, and offers no way to
 * end them. So while it sets one, `setTimeout` is ours, which keeps no process alive and knows when it is over.
 */
function withTimersThatEnd(start: () => void): () => void {
  const platform = globalThis.setTimeout;
  const timers = new Set<NodeJS.Timeout>();
  let isOver = false;
  const inside = (run: () => void) => {
    const before = globalThis.setTimeout;
    globalThis.setTimeout = set as typeof setTimeout;
    try {
      run();
    } finally {
      globalThis.setTimeout = before;
    }
  };
  const set = (run: () => void, afterMs?: number) => {
    const timer = platform(() => {
      timers.delete(timer);
      if (!isOver) inside(run);
    }, afterMs).unref();
    timers.add(timer);
    return timer;
  };
  inside(start);
  return () => {
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
  };
}
