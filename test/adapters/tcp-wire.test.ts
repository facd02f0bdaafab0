/** Bytes by TCP, here within one thread: what every wire promises, and long messages as they come in. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import { it } from "node:test";
import { TcpWire, tcpTransport } from "../../src/adapters/tcp-wire.ts";
import type { Listener } from "../../src/ports/connector.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { promisesOfWire } from "../compliance/wire.ts";

const limit = { timeout: 20_000 };
const { connector } = tcpTransport;
const listener = tcpTransport.listener as Listener;

/** Somebody who listens, and the wires of those who come. */
async function place() {
  const wires: Wire[] = [];
  let came = () => {};
  const post = await listener.listen("tcp://127.0.0.1:0", {}, (wire) => {
    wires.push(wire);
    came();
  });
  return {
    post,
    port: Number(new URL(post.address).port),
    async next(): Promise<Wire> {
      while (wires.length === 0) await new Promise<void>((resolve) => (came = resolve));
      return wires.shift() as Wire;
    },
  };
}

async function ends() {
  const { post, next } = await place();
  const [{ wire }, there] = await Promise.all([
    connector.connect(post.address, {}, new AbortController().signal),
    next(),
  ]);
  return { here: wire, there, end: () => post.close() };
}

promisesOfWire(ends);

it("a long message is heard as it comes in, with how much is left of it", limit, async () => {
  const { here, there, end } = await ends();
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  const heard: Uint8Array[] = [];
  await new Promise<void>((resolve) => {
    let whole = bytes.length;
    there.listenToParts?.((part, left) => {
      whole -= part.length;
      assert.equal(left, whole);
      heard.push(part);
      if (left === 0) resolve();
    });
    here.send(bytes);
  });
  assert.ok(heard.length > 1, "it came in one part");
  assert.ok(Buffer.concat(heard).equals(bytes));
  here.close("over");
  assert.equal(await there.closed, "over");
  await end();
});

it("whoever takes over from another in the middle of a message hears all of it", () => {
  const message = [5, 0, 0, 0, 1, 2, 3, 4, 5];
  for (const inParts of [true, false]) {
    const stub = { setNoDelay: () => {}, writableLength: 0 };
    const socket = Object.assign(new EventEmitter(), stub) as unknown as Socket;
    const wire = new TcpWire(socket);
    wire.listen(() => assert.fail("it is not whole"));
    socket.emit("data", Buffer.from(message.slice(0, 6)));
    const heard: number[][] = [];
    if (inParts) wire.listenToParts((bytes, left) => heard.push([...bytes, left]));
    else wire.listen((bytes) => heard.push([...bytes]));
    socket.emit("data", Buffer.from(message.slice(6)));
    assert.deepEqual(
      heard,
      inParts
        ? [
            [1, 2, 3],
            [3, 4, 5, 0],
          ]
        : [[1, 2, 3, 4, 5]],
    );
  }
});

it("whoever sends what is no message, or too long a one, is left", limit, async () => {
  const { post, port, next } = await place();
  for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(4, 0xff)]) {
    const stranger = connect(port, "127.0.0.1");
    stranger.on("error", () => {});
    stranger.resume();
    const wire = await next();
    wire.listen(() => assert.fail("nothing was sent"));
    stranger.write(bytes);
    assert.match(await wire.closed, /longer than/);
    await new Promise((resolve) => stranger.once("close", resolve));
  }
  await post.close();
});

it("that nobody is there, or answers in time, is said", limit, async () => {
  const { post } = await place();
  await post.close();
  const never = new AbortController();
  await assert.rejects(connector.connect(post.address, {}, never.signal), {
    name: "CommClosedError",
    message: /cannot be reached/,
  });
  never.abort(new Error("given up"));
  await assert.rejects(connector.connect(post.address, {}, never.signal), { message: "given up" });
});
