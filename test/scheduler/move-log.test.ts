/** Which moves are noted while somebody records: all of them, unless there are more than anybody could follow. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MOVE_FIELDS } from "../../src/protocol/stories.ts";
import { MoveLog } from "../../src/scheduler/move-log.ts";
import type { Span, TaskRecord } from "../../src/scheduler/records.ts";
import type { SchedulerState } from "../../src/scheduler/state.ts";
import type { WorkerRecord } from "../../src/scheduler/worker-record.ts";

const client = { id: "c1" };
const worker = { address: "w1" } as WorkerRecord;

function stage() {
  const state = { nowMs: 0, stimulus: 0 };
  const log = new MoveLog(state as SchedulerState);
  const wait = (ms: number) => {
    state.nowMs += ms;
    log.passTime(state.nowMs);
  };
  const told = (number: number) => {
    const { texts, moves, isPartial } = log.movesOf("c1", number);
    const lines: string[] = [];
    for (let i = 0; i < moves.length; i += MOVE_FIELDS) {
      const [from = 0, to = 0, on = -1, stimulus, atMs] = moves.slice(i, i + MOVE_FIELDS);
      lines.push(`${texts[from]} -> ${texts[to]} on ${texts[on]}, ${stimulus} at ${atMs}`);
    }
    return { lines, isPartial };
  };
  /** Each begins and ends within one stimulus. */
  const run = (from: number, to: number) => {
    for (let clientTask = from; clientTask < to; clientTask++) {
      const task = { client, clientTask, name: undefined } as TaskRecord;
      state.stimulus += 1;
      log.note(task, "released", "processing", worker);
      log.note(task, "processing", "memory", worker);
    }
  };
  const whole = (number: number, atMs: number) => ({
    lines: [
      `released -> processing on w1, ${number + 1} at ${atMs}`,
      `processing -> memory on w1, ${number + 1} at ${atMs}`,
    ],
    isPartial: false,
  });
  return { state, log, wait, told, run, whole };
}

describe("moves", () => {
  it("are all noted while there are few, and told as they were", () => {
    const { wait, told, run, whole } = stage();
    run(0, 500);
    wait(60);
    run(500, 900);
    assert.deepEqual(told(7), whole(7, 0));
    assert.deepEqual(told(899), whole(899, 60));
    assert.deepEqual(told(900), { lines: [], isPartial: false });
  });

  it("of fewer tasks are noted where there are many: of those all, and of the others it is said that some may be missing", () => {
    const { wait, told, run, whole } = stage();
    // A million moves within a second.
    for (let i = 0; i < 100; i++) {
      run(i * 5000, (i + 1) * 5000);
      wait(10);
    }
    const number = 256 * 1900;
    assert.deepEqual(told(number), whole(number, Math.floor(number / 5000) * 10));
    assert.deepEqual(told(number + 1), { lines: [], isPartial: true });
    // The share of the last, which are kept.
    const noted = Array.from({ length: 1000 }, (_, i) => told(480_000 + i)).filter(({ lines }) => lines.length > 0);
    assert.ok(noted.length > 3 && noted.length < 250, `${noted.length} of 1000`);
  });

  it("are all noted again a while after there were many", () => {
    const { log, wait, told, run, whole } = stage();
    run(0, 100_000);
    assert.notEqual(log.mask, 0);
    wait(3_000);
    assert.equal(log.mask, 0);
    run(100_000, 100_010);
    assert.deepEqual(told(100_001), whole(100_001, 3_000));
    assert.equal(told(99_999).isPartial, true);
  });

  it("of tasks that move together are noted for all of them, where one of those is among them that are", () => {
    const { state, log, wait, told, run } = stage();
    run(0, 100_000);
    const span = { group: { client }, firstClientTask: 200_001, kin: undefined } as unknown as Span;
    state.stimulus = 1;
    log.noteMany(span, 0, 3, "queued");
    log.noteMany(span, 3, 1000, "queued");
    assert.deepEqual(told(200_002), { lines: [], isPartial: true });
    assert.deepEqual(told(200_500), { lines: ["released -> queued on undefined, 1 at 0"], isPartial: true });
    wait(3_000);
    log.noteMany(span, 3, 1, "processing", worker);
    assert.equal(told(200_004).lines.at(-1), "queued -> processing on w1, 1 at 3000");
  });
});
