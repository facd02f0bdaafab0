/** Bytes between a thread and its owner, here within one thread. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { MessagePortWire } from "../../src/adapters/message-port-wire.ts";
import { promisesOfWire } from "../compliance/wire.ts";

const ends = () => {
  const { port1, port2 } = new MessageChannel();
  return { here: new MessagePortWire(port1), there: new MessagePortWire(port2) };
};

promisesOfWire(ends);

it("what nobody at the other end takes stays buffered here", async () => {
  const { here, there } = ends();
  for (let i = 0; i < 20; i++) here.send(new Uint8Array(100_000));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(here.bufferedBytes, 2_000_000);
  const drained = new Promise<void>((resolve) => here.onDrain(resolve));
  there.listen(() => {});
  await drained;
  assert.ok(here.bufferedBytes <= 2 ** 18);
  here.close("over");
  await there.closed;
});
