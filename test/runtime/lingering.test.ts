/** When a worker's thread waits for its owner alone: while orders come one soon after the other, and not for long without a turn of its event loop. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Lingering } from "../../src/runtime/lingering.ts";

/** Orders come `gapMs` after the end of the one before, and take `workMs` each. */
function orders() {
  const lingering = new Lingering();
  let nowMs = 0;
  return (count: number, gapMs: number, workMs = 0.01): boolean[] =>
    Array.from({ length: count }, () => {
      const beganMs = nowMs + gapMs;
      nowMs = beganMs + workMs;
      return lingering.isDue(beganMs, nowMs);
    });
}

describe("a worker that may wait for its owner alone", () => {
  it("does so once orders have come one soon after the other for a while", () => {
    const hear = orders();
    const due = hear(30, 0.02);
    assert.equal(due.indexOf(true), 9);
    assert.equal(due.lastIndexOf(false), 8);
  });

  it("does not where there is time between them, and stops when the next was long in coming", () => {
    const hear = orders();
    assert.ok(!hear(100, 1.5).includes(true));
    assert.ok(hear(30, 0.02).includes(true));
    assert.deepEqual(hear(1, 6), [false]);
    assert.ok(!hear(7, 0.02).includes(true));
    assert.ok(hear(10, 0.02).includes(true));
  });

  it("gives its event loop a turn every two milliseconds", () => {
    const hear = orders();
    hear(20, 0.02);
    const due = hear(1000, 0.04);
    const turns = due.flatMap((isDue, i) => (isDue ? [] : [i]));
    assert.ok(turns.length >= 20 && turns.length <= 30, `${turns.length} turns in 50 ms`);
    const gaps = turns.slice(1).map((turn, i) => turn - (turns[i] as number));
    assert.ok(Math.max(...gaps) <= 42, `${Math.max(...gaps)} orders of 0.05 ms without a turn`);
  });
});
