/** How threads come by wires to each other: one caller is let in, who knows the ticket; strangers are dropped, and not many of them heard. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { nobleSecrecy } from "../../src/adapters/noble-secrecy.ts";
import type { Transport } from "../../src/ports/connector.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { BypassWires } from "../../src/runtime/bypass-wires.ts";
import { ManualClock } from "../support/staged-cluster.ts";

const limit = { timeout: 20_000 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Threads that find each other by port, and what somebody who knows nothing but the port can do. */
function stage() {
  const places = new Map<string, (wire: Wire) => void>();
  let ports = 1000;
  const transport: Transport = {
    connector: {
      connect: (address, _options, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          const [here, there] = memoryWire();
          const accept = places.get(address);
          if (accept !== undefined) resolve({ wire: here });
          accept?.(there);
        }),
    },
    listener: {
      listen: async (address, _options, onWire) => {
        const at = address.replace(/:0$/, `:${++ports}`);
        places.set(at, (wire) => onWire(wire, { origin: "somewhere" }));
        return { address: at, isLoopback: true, close: async () => void places.delete(at) };
      },
    },
  };
  const clock = new ManualClock();
  const wires = new BypassWires(transport, { secrecy: nobleSecrecy, clock });
  return { wires, clock, places };
}

it("whoever knows the ticket is let in, and nobody is waited for any more", limit, async () => {
  const { wires, places } = stage();
  const ticket = nobleSecrecy.random(32);
  const { port, wire } = await wires.expect("tcp://10.0.0.1:0", ticket);
  const here = await wires.call(`tcp://10.0.0.1:${port}`, ticket);
  const there = await wire;
  const heard = new Promise((resolve) => there.listen(resolve));
  here.send(new Uint8Array([1, 2, 3]));
  assert.deepEqual(await heard, new Uint8Array([1, 2, 3]));
  assert.equal(places.size, 0);
});

it("with another ticket, or as somebody else, nobody is; after some of those nobody is waited for", limit, async () => {
  const { wires, places } = stage();
  const { port, wire } = await wires.expect("tcp://10.0.0.1:0", nobleSecrecy.random(32));
  const address = `tcp://10.0.0.1:${port}`;
  for (let i = 0; i < 8; i++) {
    assert.equal(places.size, 1);
    await assert.rejects(wires.call(address, nobleSecrecy.random(32)), { name: "UnauthorizedError" });
  }
  await assert.rejects(wire, { name: "CommClosedError", message: /too many came/ });
  await turn();
  assert.equal(places.size, 0);
});

it(
  "of those who say nothing few are heard, each for a while; and who is expected does not wait for them",
  limit,
  async () => {
    const { wires, clock, places } = stage();
    const ticket = nobleSecrecy.random(32);
    const { port, wire } = await wires.expect("tcp://10.0.0.1:0", ticket);
    const address = `tcp://10.0.0.1:${port}`;
    const silent = Array.from({ length: 10 }, () => memoryWire());
    for (const [, there] of silent.slice(0, 7)) places.get(address)?.(there);
    await wires.call(address, ticket);
    await wire;
    for (const [, there] of silent.slice(7)) places.get(address)?.(there);
    await clock.pass(10_000);
    await Promise.all(silent.slice(0, 7).map(([here]) => here.closed));
  },
);

it(
  "whoever does not come in time is not waited for, and one that does not answer is not called for ever",
  limit,
  async () => {
    const { wires, clock, places } = stage();
    const { wire } = await wires.expect("tcp://10.0.0.1:0", nobleSecrecy.random(32));
    const calling = wires.call("tcp://10.0.0.9:9", nobleSecrecy.random(32));
    const refused = assert.rejects(calling, { name: "CommClosedError", message: /nobody answered at tcp:/ });
    const late = assert.rejects(wire, { message: /nobody came in time/ });
    await clock.pass(30_000);
    await refused;
    assert.equal(places.size, 1);
    await clock.pass(30_000);
    await late;
    await turn();
    assert.equal(places.size, 0);
  },
);

it("nobody is waited for any more once that is said", limit, async () => {
  const { wires, places } = stage();
  const { wire, stop } = await wires.expect("tcp://10.0.0.1:0", nobleSecrecy.random(32));
  stop("there is no use for it");
  await assert.rejects(wire, { message: "there is no use for it" });
  await turn();
  assert.equal(places.size, 0);
});
