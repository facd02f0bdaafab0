/** Both ends in one thread: at once, and held up on the way. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { promisesOfWire } from "../compliance/wire.ts";

const pair = (carry?: (arrive: () => void) => void) => () => {
  const [here, there] = memoryWire(carry === undefined ? {} : { carry });
  return { here, there };
};

promisesOfWire(pair());
describe("held up,", () => promisesOfWire(pair((arrive) => setImmediate(arrive))));

it("a wire that is cut loses what is on its way, and nothing before that", async () => {
  const onTheWay: (() => void)[] = [];
  const [here, there] = memoryWire({ carry: (arrive) => onTheWay.push(arrive) });
  const heard: number[] = [];
  there.listen((bytes) => heard.push(bytes[0] as number));
  for (let i = 0; i < 5; i++) here.send(Uint8Array.of(i));
  onTheWay.splice(0, 2).forEach((arrive) => void arrive());
  here.cut("scissors");
  onTheWay.splice(0).forEach((arrive) => void arrive());
  assert.deepEqual([await here.closed, await there.closed], ["scissors", "scissors"]);
  assert.deepEqual(heard, [0, 1]);
});

it("a message that is larger than allowed closes it", async () => {
  const [here, there] = memoryWire({ maxMessageBytes: 10 });
  here.send(new Uint8Array(11));
  assert.equal(await there.closed, "a message of 11 bytes is larger than 10");
});
