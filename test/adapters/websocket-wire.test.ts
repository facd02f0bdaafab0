/** WebSockets over loopback: the package's at both ends, and the platform's own against it where there is one. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { WebSocket as NodeWebSocket } from "ws";
import { connectNodeWebSocket, listenWebSocket } from "../../src/adapters/websocket-node.ts";
import { WebSocketWire } from "../../src/adapters/websocket-wire.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { promisesOfWire } from "../compliance/wire.ts";

const host = "127.0.0.1";

/** A listener, and the next wire that it accepts. */
async function listening(path?: string) {
  const accepted: Wire[] = [];
  let heard = () => {};
  const accept = (wire: Wire) => {
    accepted.push(wire);
    heard();
  };
  const options = { host, port: 0, accept };
  const listener = await listenWebSocket(path === undefined ? options : { ...options, path });
  const next = () =>
    new Promise<Wire>((resolve) => {
      heard = () => {
        const wire = accepted.shift();
        if (wire !== undefined) resolve(wire);
      };
      heard();
    });
  return { listener, next, address: `ws://${host}:${listener.port}` };
}

describe("the package at both ends,", () =>
  promisesOfWire(async () => {
    const { listener, next, address } = await listening();
    const [here, there] = await Promise.all([connectNodeWebSocket(address), next()]);
    return { here, there, end: () => listener.close() };
  }));

// The package speaks as the platform does, too: what pages have is tried against it here, and in browsers where they are.
describe("the platform's WebSocket at one end,", () =>
  promisesOfWire(async () => {
    const { listener, next, address } = await listening();
    const socket = new NodeWebSocket(address, { perMessageDeflate: false });
    const here = new WebSocketWire(socket as unknown as WebSocket);
    const [there] = await Promise.all([next(), new Promise((resolve) => socket.once("open", resolve))]);
    return { here, there, end: () => listener.close() };
  }));

describe("a WebSocket", () => {
  it("that finds nobody rejects, with the address and the reason", async () => {
    const { listener, address } = await listening();
    await listener.close();
    await assert.rejects(connectNodeWebSocket(address), { name: "CommClosedError", address, message: /ECONNREFUSED/ });
  });

  it("that is given up while it is being opened rejects", async () => {
    const { listener, address } = await listening();
    await assert.rejects(connectNodeWebSocket(address, AbortSignal.abort()), { message: /given up/ });
    const controller = new AbortController();
    const opening = connectNodeWebSocket(address, controller.signal);
    controller.abort();
    await assert.rejects(opening, { name: "CommClosedError", message: /given up/ });
    await listener.close();
  });

  it("is refused on another path than the listener's", async () => {
    const { listener, address, next } = await listening("/cluster");
    await assert.rejects(connectNodeWebSocket(`${address}/other`), { message: /404/ });
    const [here, there] = await Promise.all([connectNodeWebSocket(`${address}/cluster?a=1`), next()]);
    here.close("over");
    await there.closed;
    await listener.close();
  });

  it("shares a server that serves other things", async () => {
    const server = createServer((_, response) => response.end("metrics"));
    let accepted: (wire: Wire) => void = () => {};
    const wire = new Promise<Wire>((resolve) => {
      accepted = resolve;
    });
    const listener = await listenWebSocket({ host, port: 0, server, accept: accepted });
    const { port } = server.address() as AddressInfo;
    assert.equal(listener.port, port);
    assert.equal(await (await fetch(`http://${host}:${port}/metrics`)).text(), "metrics");
    const here = await connectNodeWebSocket(`ws://${host}:${port}`);
    here.close("over");
    assert.equal(await (await wire).closed, "over");
    await listener.close();
    assert.equal(server.listening, true);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("tells a browser that asks for a page what to do", async () => {
    const { listener } = await listening();
    const answer = await fetch(`http://${host}:${listener.port}/`);
    assert.equal(answer.status, 426);
    await answer.text();
    await listener.close();
  });

  it("rejects if the port cannot be had", async () => {
    const { listener } = await listening();
    await assert.rejects(listenWebSocket({ host, port: listener.port, accept: () => {} }), { code: "EADDRINUSE" });
    await listener.close();
  });

  it("closes when it is sent text, or more than it takes", async () => {
    const { listener, address, next } = await listening();
    for (const word of ["text", new Uint8Array(2 ** 20 + 1)]) {
      const socket = new NodeWebSocket(address);
      const wire = await next();
      await new Promise((resolve) => (socket.readyState === 1 ? resolve(0) : socket.once("open", resolve)));
      socket.send(word);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      assert.match(await wire.closed, /not text|Max payload size exceeded/);
      await closed;
    }
    await listener.close();
  });

  it("that is cut off is closed at the other end", async () => {
    const { listener, address, next } = await listening();
    const socket = new NodeWebSocket(address);
    const wire = await next();
    await new Promise((resolve) => (socket.readyState === 1 ? resolve(0) : socket.once("open", resolve)));
    socket.terminate();
    assert.match(await wire.closed, /closed \(1006\)/);
    await listener.close();
  });
});
