/** The caller's end of a direct link: when it could be let go of, and that nothing goes by it then. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { ActorLine, type Sent } from "../../src/client/actors/actor-line.ts";
import type { Calling } from "../../src/ports/direct-links.ts";
import { type ActorMessage, type ActorResults, STREAMS } from "../../src/protocol/actors.ts";

function stage() {
  const sent: ActorMessage[] = [];
  const outcomes: unknown[] = [];
  let hear: (results: ActorResults) => void = () => {};
  let calling: Calling | undefined;
  const line = new ActorLine(
    {
      send: (message) => sent.push(message),
      listen: (listener, caller) => {
        hear = listener;
        calling = caller;
      },
      closed: new Promise(() => {}),
    },
    () => () => {},
    () => {},
  );
  const note = (outcome: unknown) => void outcomes.push(outcome);
  const call: Sent = {
    succeeded: note,
    failed: note,
    streams: () => note("a stream"),
    packed: async () => undefined,
    moved: note,
    lost: (reason) => note(`lost: ${reason}`),
  };
  return {
    sent,
    outcomes,
    call: () => line.call(1, "add", [], 0, undefined, call),
    answer: (results: Partial<ActorResults>) => hear({ type: "actor-results", ranges: [], values: [], ...results }),
    calling: calling as unknown as Calling,
  };
}

it("a line waits from a call to its answer, and is of no use once it was let go of", async () => {
  const { sent, outcomes, call, answer, calling } = stage();
  assert.equal(calling.isWaiting, false);
  call();
  assert.equal(calling.isWaiting, true, "before it is sent, too");
  await Promise.resolve();
  assert.deepEqual([sent.length, calling.isWaiting], [1, true]);
  answer({ ranges: [0, 1], values: [5] });
  assert.deepEqual([outcomes, calling.isWaiting], [[5], false]);
  calling.retire();
  call();
  await Promise.resolve();
  assert.deepEqual([sent.length, outcomes], [1, [5, "lost: nothing was to be said"]]);
});

it("a line that items come by waits on", async () => {
  const { outcomes, call, answer, calling } = stage();
  call();
  await Promise.resolve();
  answer({ odd: [0, STREAMS, undefined] });
  assert.deepEqual([outcomes, calling.isWaiting], [["a stream"], true]);
});
