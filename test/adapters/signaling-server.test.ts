/** The signalling server, asked by sockets that say what PeerJS says. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, it } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { type Signaling, serveSignaling } from "../../src/adapters/signaling-server.ts";

interface Word {
  readonly type: string;
  readonly src?: string;
  readonly payload?: unknown;
}

/** Somebody at the server, and a way to wait for the next thing that it tells. */
function peer({ url }: { readonly url: string }, id: string, token = `token of ${id}`) {
  const socket = new WebSocket(`${url.replace("http", "ws")}peerjs?key=peerjs&id=${id}&token=${token}`);
  const words: Word[] = [];
  let check = () => {};
  socket.on("message", (data) => {
    words.push(JSON.parse(String(data)));
    check();
  });
  const next = () =>
    new Promise<Word>((resolve) => {
      check = () => {
        const word = words.shift();
        if (word !== undefined) resolve(word);
      };
      check();
    });
  return { socket, next, say: (word: object) => socket.send(JSON.stringify(word)) };
}

const closeOf = (socket: WebSocket) => once(socket, "close");

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe("a signalling server", () => {
  const trial = (name: string, run: (signaling: Signaling) => Promise<void>) =>
    it(name, { timeout: 10_000 }, async () => {
      const signaling = await serveSignaling({ port: 0 });
      await run(signaling).finally(() => signaling.close());
    });

  trial("hands what one peer says to the other, with the name of who says it", async (signaling) => {
    const [room, guest] = [peer(signaling, "room"), peer(signaling, "guest")];
    assert.equal((await room.next()).type, "OPEN");
    assert.equal((await guest.next()).type, "OPEN");
    assert.equal(signaling.peers, 2);
    guest.say({ type: "OFFER", dst: "room", src: "somebody else", payload: { sdp: "offer" } });
    assert.deepEqual(await room.next(), { type: "OFFER", src: "guest", dst: "room", payload: { sdp: "offer" } });
  });

  it("gives a name to one only, until that one is gone", { timeout: 10_000 }, async () => {
    let isEmpty = () => {};
    const onPeers = (count: number) => {
      if (count === 0) isEmpty();
    };
    await using signaling = await serveSignaling({ port: 0, onPeers });
    const first = peer(signaling, "room");
    await first.next();
    const second = peer(signaling, "room", "another token");
    assert.equal((await second.next()).type, "ID-TAKEN");
    const empty = new Promise<void>((resolve) => {
      isEmpty = resolve;
    });
    first.socket.close();
    await empty;
    assert.equal((await peer(signaling, "room", "another token").next()).type, "OPEN");
  });

  trial("cuts off who sends more than an offer can be", async (signaling) => {
    const [room, guest] = [peer(signaling, "room"), peer(signaling, "guest")];
    await Promise.all([room.next(), guest.next()]);
    guest.say({ type: "OFFER", dst: "room", payload: "x".repeat(65 * 1024) });
    assert.equal((await closeOf(guest.socket))[0], 1009);
    const other = peer(signaling, "other");
    await other.next();
    other.say({ type: "OFFER", dst: "room", payload: "still here" });
    assert.equal((await room.next()).src, "other");
  });

  trial("minds nobody who talks nonsense", async (signaling) => {
    const [room, guest] = [peer(signaling, "room"), peer(signaling, "guest")];
    await Promise.all([room.next(), guest.next()]);
    guest.socket.send("{ not json");
    guest.say({ type: "toString", dst: "room" });
    guest.say({ type: "OFFER", dst: "room" });
    assert.equal((await room.next()).src, "guest");
  });

  trial(
    "closes what is open when it is closed, and leaves nothing behind that keeps a process alive",
    async (signaling) => {
      const { socket, next } = peer(signaling, "room");
      await next();
      const closed = closeOf(socket);
      await signaling.close();
      await closed;
    },
  );

  it("refuses more peers than it is to have", { timeout: 10_000 }, async () => {
    await using signaling = await serveSignaling({ port: 0, peersLimit: 1 });
    await peer(signaling, "first").next();
    const { socket, next } = peer(signaling, "second");
    assert.equal((await next()).type, "ERROR");
    await closeOf(socket);
  });

  it("outlives who asks for what is no path", { timeout: 10_000 }, async () => {
    await using signaling = await serveSignaling({ port: 0 });
    const { port } = new URL(signaling.url);
    for (const path of ["//", "http://", "/%"]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      await once(socket.resume(), "close");
    }
    const { socket, next } = peer(signaling, "ada");
    assert.equal((await next()).type, "OPEN");
    socket.close();
    await closeOf(socket);
  });

  it("shares the port of a server that has other things to do", { timeout: 10_000 }, async () => {
    const server = createServer((_request, response) => void response.end("a page"));
    const others = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => {
      if (request.url === "/others")
        others.handleUpgrade(request, socket, head, (open) => open.send('{"type":"other"}'));
    });
    const top = await listen(server);
    const signaling = await serveSignaling({ server, path: "signal" });
    assert.equal(signaling.url, `${top}signal/`);
    assert.equal((await peer(signaling, "room").next()).type, "OPEN");
    assert.equal(await (await fetch(`${top}signal/page`)).text(), "a page");
    const other = new WebSocket(`${top.replace("http", "ws")}others`);
    assert.equal(String((await once(other, "message"))[0]), '{"type":"other"}');
    other.terminate();
    await signaling.close();
    assert.ok(server.listening, "it is not ours to close");
    server.close();
    server.closeAllConnections();
  });

  it("says at once what it cannot do", { timeout: 10_000 }, async () => {
    await assert.rejects(serveSignaling({ port: 70_000 }), { name: "RangeError", message: "there is no port 70000" });
    await assert.rejects(serveSignaling({ peersLimit: 0 }), RangeError);
    await using signaling = await serveSignaling({ port: 0 });
    await assert.rejects(serveSignaling({ port: Number(new URL(signaling.url).port) }), /EADDRINUSE/);
  });
});
