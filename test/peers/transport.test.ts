/** Peers in one process, who find each other through a signalling server of their own and speak over node-datachannel. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { cleanup } from "node-datachannel";
import { DataChannelWire } from "../../src/adapters/data-channel-wire.ts";
import { prepareNode } from "../../src/adapters/node-datachannel-globals.ts";
import { peerTransport } from "../../src/adapters/peer-transport.ts";
import { type Signaling, serveSignaling } from "../../src/adapters/signaling-server.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { ListenerOptions, ListeningPost } from "../../src/ports/connector.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

const limit = { timeout: 60_000 };
const clock = new SystemClock();
const transport = (clock: Clock = new SystemClock()) =>
  peerTransport({ clock, prepare: prepareNode, wireOf: (channel) => new DataChannelWire(channel), handsOver: false });
const patience = () => AbortSignal.timeout(30_000);
const next = (wire: Wire) => new Promise<Uint8Array>((resolve) => wire.listen(resolve));

let signaling: Signaling;
before(async () => {
  signaling = await serveSignaling({ port: 0 });
});
after(async () => {
  await signaling.close();
  cleanup(); // Or connections that a failed test left open would keep the process.
});
// What peers leave behind would keep the process for a while.
after(clock.keepAlive());

type Options = { readonly signaling: string };

/** A clock on which waits are a twentieth of what they are. */
const hasty: Clock = {
  now: () => clock.now(),
  after: (afterMs, wake) => clock.after(afterMs / 20, wake),
  nextTurn: (run) => clock.nextTurn(run),
  keepAlive: () => clock.keepAlive(),
};

/** Listens, and hands out wires as they come. */
async function room(name: string, options: ListenerOptions = { signaling: signaling.url }, clock?: Clock) {
  const wires: { readonly wire: Wire; readonly origin: string }[] = [];
  let check = () => {};
  const post = (await transport(clock).listener?.listen(name, options, (wire, { origin }) => {
    wires.push({ wire, origin });
    check();
  })) as ListeningPost;
  const nextWire = () =>
    new Promise<{ readonly wire: Wire; readonly origin: string }>((resolve) => {
      check = () => {
        const first = wires.shift();
        if (first === undefined) return;
        check = () => {};
        resolve(first);
      };
      check();
    });
  return { post, nextWire };
}

describe("peers", () => {
  it("find each other by the name of a room, and tell where they could be found", limit, async () => {
    const { post, nextWire } = await room("peer:the room");
    const options = { signaling: signaling.url };
    const { wire, listenAt } = await transport().connector.connect("peer:the room", options, patience());
    const there = await nextWire();
    assert.equal(`peer:${there.origin}`, listenAt);
    wire.send(new Uint8Array([1, 2]));
    assert.deepEqual(await next(there.wire), new Uint8Array([1, 2]));
    there.wire.send(new Uint8Array([3]));
    assert.deepEqual(await next(wire), new Uint8Array([3]));
    wire.close("enough");
    assert.equal(await there.wire.closed, "enough");
    await post.close();
  });

  it("listen where they are, so that others reach them by the name that they have already", limit, async () => {
    await using own = await serveSignaling({ port: 0 });
    const options = { signaling: own.url };
    const { post, nextWire } = await room("peer:middle", options);
    const host = transport();
    const { wire, listenAt = "" } = await host.connector.connect("peer:middle", options, patience());
    await nextWire();
    const came = new Promise<Wire>((resolve) => void host.listener?.listen(listenAt, options, resolve));
    const other = await transport().connector.connect(listenAt, options, patience());
    assert.equal(own.peers, 3, "the host goes by one name");
    other.wire.send(new Uint8Array([9]));
    assert.deepEqual(await next(await came), new Uint8Array([9]));
    other.wire.close("over");
    wire.close("over");
    await post.close();
  });

  it("are told when nobody is there, and when the name is another's", limit, async () => {
    const options = { signaling: signaling.url };
    await assert.rejects(transport().connector.connect("peer:nobody", options, patience()), {
      name: "CommClosedError",
      message: `peer:nobody cannot be reached by way of ${signaling.url}: nobody of that name is there`,
    });
    const { post } = await room("peer:mine");
    await assert.rejects(room("peer:mine"), {
      name: "CommClosedError",
      message: `somebody else is peer:mine at ${signaling.url}`,
    });
    await post.close();
  });

  it("are told what is wrong with what they ask for", limit, async () => {
    const connect = (address: string, options: object) => transport().connector.connect(address, options, patience());
    await assert.rejects(connect("peer:room", {}), /needs a signalling server/);
    await assert.rejects(connect("peer:room", { signaling: "somewhere" }), /must be the URL/);
    await assert.rejects(connect("peer:no/slash", { signaling: signaling.url }), /no name of a room/);
    await assert.rejects(connect("peer:room", { signaling: "http://127.0.0.1:9/" }), {
      name: "CommClosedError",
      message: /the signalling server at http:\/\/127\.0\.0\.1:9\/ cannot be reached/,
    });
  });

  it("are connected at the first attempt, every time", limit, async () => {
    const { post, nextWire } = await room("peer:sound");
    const scope = globalThis as { RTCPeerConnection: typeof RTCPeerConnection };
    const Sound = scope.RTCPeerConnection;
    let made = 0;
    scope.RTCPeerConnection = class extends Sound {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        made++;
      }
    };
    try {
      for (let i = 0; i < 20; i++) {
        const { wire } = await transport().connector.connect("peer:sound", { signaling: signaling.url }, patience());
        const there = await nextWire();
        wire.close("enough");
        await there.wire.closed;
      }
    } finally {
      scope.RTCPeerConnection = Sound;
    }
    assert.equal(made, 40, "one at each end of each");
    await post.close();
  });

  it("keep no process from ending by what was never opened", limit, async () => {
    const globals = new URL("../../src/adapters/node-datachannel-globals.ts", import.meta.url);
    const program = `
      const { prepareNode } = await import(${JSON.stringify(globals.href)});
      await prepareNode();
      const connection = new RTCPeerConnection();
      connection.createDataChannel("never opened");
      await connection.setLocalDescription(await connection.createOffer());
      connection.close();`;
    const node = spawn(process.execPath, ["--import=tsx", "--input-type=module", "--eval", program], {
      stdio: ["ignore", "inherit", "inherit"],
      timeout: 30_000,
    });
    const [code, signal] = await once(node, "exit");
    assert.deepEqual([code, signal], [0, null]);
  });

  it("try again when a connection breaks off while it is being made", limit, async () => {
    const { post, nextWire } = await room("peer:brittle");
    const scope = globalThis as { RTCPeerConnection: typeof RTCPeerConnection };
    const Sound = scope.RTCPeerConnection;
    let made = 0;
    scope.RTCPeerConnection = class extends Sound {
      readonly #breaksOff = made++ === 0;

      override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
        if (this.#breaksOff) this.close();
        else await super.setRemoteDescription(description);
      }
    };
    try {
      const { wire } = await transport().connector.connect("peer:brittle", { signaling: signaling.url }, patience());
      const there = await nextWire();
      wire.send(new Uint8Array([7]));
      assert.deepEqual(await next(there.wire), new Uint8Array([7]));
      assert.ok(made > 2, "the first connection was made again");
      wire.close("enough");
      await there.wire.closed;
    } finally {
      scope.RTCPeerConnection = Sound;
    }
    await post.close();
  });

  it("give up when they are told to", limit, async () => {
    const abort = new AbortController();
    const attempt = transport().connector.connect("peer:nobody", { signaling: signaling.url }, abort.signal);
    abort.abort(new Error("changed my mind"));
    await assert.rejects(attempt, { message: "changed my mind" });
  });

  it("go on without the signalling server, and come back to it", limit, async () => {
    const port = Number(new URL(signaling.url).port);
    const own = await serveSignaling({ port: 0 });
    const { port: ownPort } = new URL(own.url);
    assert.notEqual(Number(ownPort), port);
    const options = { signaling: own.url };
    const heard: boolean[] = [];
    let hear = () => {};
    const onReachable = (isReachable: boolean) => {
      heard.push(isReachable);
      hear();
    };
    const { post, nextWire } = await room("peer:lasting", { ...options, onReachable });
    const first = await transport().connector.connect("peer:lasting", options, patience());
    const there = await nextWire();
    await own.close();
    first.wire.send(new Uint8Array([5]));
    assert.deepEqual(await next(there.wire), new Uint8Array([5]));
    let isBack = () => {};
    const back = new Promise<void>((resolve) => {
      isBack = resolve;
    });
    const again = await serveSignaling({ port: Number(ownPort), onPeers: (count) => count >= 2 && isBack() });
    await back;
    await new Promise<void>((resolve) => {
      hear = () => heard.length === 2 && resolve();
      hear();
    });
    assert.deepEqual(heard, [false, true]); // However often it was tried.
    const second = await transport().connector.connect("peer:lasting", options, patience());
    second.wire.send(new Uint8Array([6]));
    assert.deepEqual(await next((await nextWire()).wire), new Uint8Array([6]));
    first.wire.close("over");
    second.wire.close("over");
    await post.close();
    await again.close();
  });

  it("have a name again that they left just now, before the server has noticed", limit, async () => {
    for (let turn = 0; turn < 5; turn++) await (await room("peer:left and back")).post.close();
  });

  it("come back to the signalling server by themselves when the way to it leads nowhere any more", limit, async () => {
    // As when a machine goes by another address: its connections are half-open, and say nothing.
    let peers = 0;
    let changed = () => {};
    const onPeers = (count: number) => {
      peers = count;
      changed();
    };
    const known = (count: number) =>
      new Promise<void>((resolve) => {
        changed = () => peers === count && resolve();
        changed();
      });
    await using own = await serveSignaling({ port: 0, onPeers });
    const ways = await Promise.all([0, 1].map(() => TcpProxy.to(Number(new URL(own.url).port))));
    const [there, here] = ways.map(({ port }) => ({ signaling: `http://127.0.0.1:${port}/` })) as [Options, Options];
    const { post, nextWire } = await room("peer:moving", there, hasty);
    const mine = transport(hasty);
    const first = await mine.connector.connect("peer:moving", here, patience());
    const second = await nextWire();
    const before = ways.map(({ connections }) => connections);
    for (const way of ways) way.hold();
    // Both find out, one because it looks for somebody, the other though it does not; and what is there goes on.
    await assert.rejects(mine.connector.connect("peer:moving", here, patience()), { name: "CommClosedError" });
    first.wire.send(new Uint8Array([4]));
    assert.deepEqual(await next(second.wire), new Uint8Array([4]));

    while (ways.some(({ connections }, i) => connections <= (before[i] as number))) await new Promise(setImmediate);
    for (const way of ways) way.letGo();
    await known(2);
    // The server may send a while to where nobody is any more.
    let third: Wire | undefined;
    while (third === undefined) {
      const attempt = mine.connector.connect("peer:moving", here, AbortSignal.timeout(1_000));
      third = (await attempt.catch(() => undefined))?.wire;
      // One that is refused at once leaves nobody the time to come back.
      await new Promise(setImmediate);
    }

    third.send(new Uint8Array([8]));
    assert.deepEqual(await next((await nextWire()).wire), new Uint8Array([8]));
    first.wire.close("over");
    third.close("over");
    await post.close();

    for (const way of ways) await way.close();
  });

  it(
    "are refused, in words, where there are as many connections as a page may have, until one is closed",
    limit,
    async () => {
      const { post, nextWire } = await room("peer:crowded");
      const options = { signaling: signaling.url };
      const scope = globalThis as { RTCPeerConnection: typeof RTCPeerConnection };
      const Real = scope.RTCPeerConnection;
      const { wire } = await transport().connector.connect("peer:crowded", options, patience());
      await nextWire();
      // Those of others need not be real: they are counted when they are made, and wait for an answer.
      const idle: AbortController[] = [];
      scope.RTCPeerConnection = class {
        signalingState = "stable";
        connectionState = "new";
        addEventListener(): void {}
        removeEventListener(): void {}
        close(): void {}
        createDataChannel = () => ({ addEventListener() {}, close() {} });
        createOffer = () => new Promise(() => {});
      } as unknown as typeof RTCPeerConnection;
      const other = transport();
      const attempts: Promise<unknown>[] = [];
      const full = { name: "CommClosedError", message: /this page has \d+ connections, and can have no more/ };
      try {
        // They wait for ever for what a connection offers; whoever is one too many is told so.
        await assert.rejects(async () => {
          for (let i = 0; i < 500; i++) {
            const abort = new AbortController();
            idle.push(abort);
            const attempt = other.connector.connect("peer:crowded", options, abort.signal);
            attempt.catch(() => {});
            attempts.push(attempt);
            await Promise.race([attempt, new Promise((turn) => setTimeout(turn, i === 0 ? 200 : 0))]);
          }
        }, full);
        assert.ok(attempts.length > 400, `${attempts.length} attempts`);
      } finally {
        scope.RTCPeerConnection = Real;
      }
      // Those who come are refused as well, and told why.
      const refused = {
        name: "CommClosedError",
        message: /it has \d+ connections, and can have no more|can have no more/,
      };
      await assert.rejects(transport().connector.connect("peer:crowded", options, patience()), refused);
      for (const abort of idle) abort.abort(new Error("enough"));
      await Promise.allSettled(attempts);
      const again = await transport().connector.connect("peer:crowded", options, patience());
      again.wire.close("over");
      wire.close("over");
      await post.close();
    },
  );
});
