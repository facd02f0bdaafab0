/** How long functions are taken to take, by what is told of their runs. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { learnDuration } from "../../src/scheduler/durations.ts";
import { SchedulerState } from "../../src/scheduler/state.ts";

function known() {
  const state = new SchedulerState(() => {});
  const fn = state.functionOf({ hash: "h", name: "f" } as never);
  return { fn, told: (count: number, totalUs: number) => learnDuration(state, fn.id, count, totalUs) };
}

describe("what a run is expected to take", () => {
  it("is what the first took, and moves with what the others take", () => {
    const { fn, told } = known();
    assert.equal(fn.durationUs, -1);
    told(1, 1000);
    assert.equal(fn.durationUs, 1000);
    told(1, 2000);
    assert.equal(fn.durationUs, 1500);
  });

  it("is not changed by one report of a thread that was held up, though it counts in what was spent", () => {
    const { fn, told } = known();
    told(100, 200);
    told(1, 4000);
    told(50, 100);
    told(2, 9000);
    assert.equal(fn.durationUs, 2);
    assert.equal(fn.runs, 153);
    assert.equal(fn.spentUs, 13_300);
  });

  it("is changed where the next is as long, and at once by what no thread is held up for", () => {
    const { fn, told } = known();
    told(100, 200);
    told(1, 4000);
    told(1, 4000);
    assert.equal(fn.durationUs, 2001);
    const other = known();
    other.told(100, 200);
    other.told(1, 1_000_000);
    assert.equal(other.fn.durationUs, 500_001);
  });
});
