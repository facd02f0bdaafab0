/** Both ends in one thread. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { nearby, promisesOfComm } from "../compliance/comm.ts";

promisesOfComm(
  () => {
    const [here, there] = memoryComm<unknown, unknown>();
    return { here, there: nearby(there), end: () => here.close("over") };
  },
  { copies: false, transfers: false, tellsReason: true },
);

it("a message is heard within send(), unless the receiver is busy: then right after", () => {
  const [left, right] = memoryComm<number, number>();
  const heard: string[] = [];
  right.listen((message) => {
    heard.push(`right begins ${message}`);
    if (message === 1) left.send(2);
    heard.push(`right ends ${message}`);
  });
  left.send(1);
  assert.deepEqual(heard, ["right begins 1", "right ends 1", "right begins 2", "right ends 2"]);
});
