/** Which values a worker writes out and when it has them read back, event by event. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Spilling } from "../../src/worker/spilling.ts";
import { follow as followOn } from "../support/transcript.ts";
import { WorkerStage } from "../support/worker-stage.ts";

/** Copies have 20,000 bytes each here: beyond three of them, it writes. */
const LIMIT = 100_000;

function follow(transcript: string, { obstacle, nThreads = 1 }: { obstacle?: string; nThreads?: number } = {}) {
  const stage = new WorkerStage(nThreads);
  stage.machine.limit((state, push) => new Spilling(state, LIMIT, push, () => 20_000, obstacle));
  followOn(transcript, stage);
}

/** Four copies, the first of which is written out as 1; the next is written ahead. */
const FOUR = `
      > put a = "A"
      > put b = "B"
      > put c = "C"
      > put d = "D"
        write "A" as 1
      > store wrote 1
        write "B" as 2`;

describe("a worker with a limit", () => {
  it("writes out what was used least lately, and lets go of it when it is written", () => {
    follow(`
      > put a = "A"
      > put b = "B"
      > put c = "C"
      > put d = "D"
        write "A" as 1
      > show values
        values: a b c d
      > store wrote 1
        write "B" as 2
      > show values
        values: b c d
      > get c
        -> c = "C"
      > put e = "E"
      > store wrote 2
        write "D" as 3
      > show values
        values: c d e
    `);
  });

  it("writes ahead as much as has had to go, so that the next can go at once", () => {
    follow(`${FOUR}
      > store wrote 2
      > show values
        values: b c d
      > put e = "E"
        write "C" as 3
      > show values
        values: c d e
      > store wrote 3
      > free c d e
        remove 3
      > put f = "F"
      > put g = "G"
      > put h = "H"
      > show values
        values: f g h
    `);
  });

  it("begins nothing near its limit that uses nothing of what is there, until something has been written", () => {
    follow(`
      > put a = "A"
      > put b = "B"
      > put c = "C"
      > put d = "D"
        write "A" as 1
      > put e = "E"
        write "B" as 2
      > compute x = f(1), y = f(2), z = f(c)
      > next
        run z with "C"
      > succeed z = 3
        -> z = 3
        -> 1 in 100 us
      > next
        run nothing
      > cancel y@1
        -> dropped y
      > store wrote 1
      > next
        run x with 1
      > succeed x = 1
        -> x = 1
        -> 1 in 100 us
      > next
        run nothing
    `);
  });

  it("runs those that have waited near its limit in the order in which they came, however many they are", () => {
    const stage = new WorkerStage(1);
    stage.machine.limit((state, push) => new Spilling(state, LIMIT, push, () => 20_000));
    for (let id = 1; id <= 5; id++) stage.machine.handle({ type: "put-data", id, value: id, nbytes: 20_000 });
    const ids = Array.from({ length: 200 }, (_, i) => 10 + i);
    const [one, others] = [ids.slice(0, 100), ids.slice(100)];
    const rows = one.flatMap((id) => [id, 1, id, 0, 1, 0, id]);
    stage.machine.handle({ type: "compute-task", client: "c1", rows });
    const blocks = [0, 1, 0, others[0] as number, 1, others[0] as number, others.length];
    stage.machine.handle({ type: "compute-blocks", client: "c1", blocks, args: others });
    stage.machine.handle({ type: "compute-task", client: "c1", rows: [300, 1, 300, 0, 1, 0, 300] });
    ids.push(300);
    assert.equal(stage.machine.next(), undefined);
    stage.machine.state.keeping?.written(1);
    const run: number[] = [];
    for (let task = stage.machine.next(); task !== undefined; task = stage.machine.next()) {
      run.push(task.id);
      stage.machine.fail(task, { error: { type: "value", value: 1 } }, 1);
    }
    assert.deepEqual(run, ids);
  });

  it("has a value read that a task needs, and runs the task when it is there", () => {
    follow(`${FOUR}
      > compute x = f(a, b)
      > next
        run nothing
        read 1
      > next
        run nothing
      > store wrote 2
        write "C" as 3
      > store gave 1 = "A"
      > next
        run x with "A" "B"
    `);
  });

  it("does not write a second time what has been read, and removes it when it is freed", () => {
    follow(`${FOUR}
      > get a
        read 1
      > store gave 1 = "A"
        -> a = "A"
      > store wrote 2
        write "C" as 3
      > put e = "E"
      > store wrote 3
        write "D" as 4
      > put g = "G"
      > store wrote 4
        write "E" as 5
      > put h = "H"
      > store wrote 5
        write "G" as 6
      > show values
        values: a g h
      > store wrote 6
      > put i = "I"
        write "H" as 7
      > show values
        values: g h i
      > free a
        remove 1
      > free b c
        remove 2
        remove 3
    `);
  });

  it("moves a value to the scheduler that it has read, and keeps nothing of it", () => {
    follow(`${FOUR}
      > get a move
        read 1
      > store gave 1 = "A"
        remove 1
        -> a = "A", moved
        (1 transferred)
      > show values
        values: b c d
    `);
  });

  it("lets tasks pass that have all they need, while two others wait for theirs", () => {
    follow(`${FOUR}
      > put e = "E"
      > store wrote 2
        write "C" as 3
      > compute x = f(a), y = f(b), z = f(c), u = f(a)
      > next
        run z with "C"
        read 1
      > store gave 1 = "A"
        read 2
        write "D" as 4
      > store gave 2 = "B"
      > succeed z = 1
        -> z = 1
        -> 1 in 100 us
      > next
        run y with "B"
      > succeed y = 1
        -> y = 1
        -> 1 in 100 us
      > next
        run x with "A"
      > succeed x = 1
        -> x = 1
        -> 1 in 100 us
      > next
        run u with "A"
    `);
  });

  it("gives peers what is there, and says what comes later; what was read for them stays until they have it", () => {
    follow(`${FOUR}
      > peer asks a b
        answer b = "B", a later
      > peer waits for a
        read 1
      > store gave 1 = "A"
        a can be given to peers
      > peer asks a
        answer a = "A"
    `);
  });

  it("keeps the inputs of a task that has been begun until that has looked at them, whatever else happens before", () => {
    const stage = new WorkerStage(1);
    stage.machine.limit((state, push) => new Spilling(state, LIMIT, push, () => 20_000));
    followOn(
      `${FOUR}
      > compute x = f(a, b)
      > next
        run nothing
        read 1
      > store gave 1 = "A"
      > store wrote 2
        write "C" as 3
    `,
      stage,
    );
    const task = stage.machine.next() ?? assert.fail("it is not ready");
    // Others come, and what has been written already could go at once.
    for (let id = 100; id < 110; id++) stage.machine.handle({ type: "put-data", id, value: id, nbytes: 20_000 });
    assert.deepEqual(
      task.slots.map((id) => stage.machine.input(task, id as number)),
      ["A", "B"],
    );
  });

  it("leaves no file of what is freed while it is written, or read", () => {
    follow(`
      > put a = "A"
      > put b = "B"
      > put c = "C"
      > put d = "D"
        write "A" as 1
      > free a
      > store wrote 1
        remove 1
      > put e = "E"
        write "B" as 2
      > store wrote 2
        write "C" as 3
      > compute x = f(b)
      > next
        run nothing
        read 2
      > free b
      > store gave 2 = "B"
        remove 2
        -> b is missing for x, asked nobody
    `);
  });

  it("tells the scheduler of what cannot be read back, which is not here any more", () => {
    follow(`${FOUR}
      > compute x = f(a)
      > get a
        read 1
      > next
        run nothing
      > store lost 1
        remove 1
        -> a is missing for x, asked nobody
        -> a is not here
    `);
  });

  it("keeps what would not be the same when it is read, and writes something else", () => {
    follow(`
      > put a = "A"
      > put b = "B"
      > put c = "C"
      > put d = "D"
        write "A" as 1
      > store refused 1
        write "B" as 2
      > store wrote 2
        write "C" as 3
      > show values
        values: a c d
    `);
  });

  it("refuses results beyond the limit while nothing can be written, and none before that", () => {
    follow(`
      > put a = "A"
      > put b = "B"
      > put c = "C"
      > put d = "D"
        write "A" as 1
      > store refused 1 "the disk is full"
      > compute x = f(1), y = f(2)
      > next
        run x with 1
      > succeed x 20000
        -> 1 in 100 us
        -> x is here, 20000 bytes
      > next
        run y with 2
      > succeed y 20000
        -> 1 in 100 us
        -> y failed: there is no room for the result, of 20000 bytes: the worker holds 100000 bytes of the 100000 that it may, and the disk is full; release futures, or give workers a larger memoryLimit
      > show values
        values: a b c d x
    `);
  });

  it("lets a result pass that leaves at once, whatever there is room for", () => {
    follow(
      `
      > put a = "A"
      > put b = "B"
      > put c = "C"
      > put d = "D"
      > put e = "E"
      > compute x = f(1) awaited
      > next
        run x with 1
      > succeed x 20000 movable
        -> 1 in 100 us
        -> x is here, 20000 bytes, moved along
        (1 transferred)
    `,
      { obstacle: "nothing is to be written out" },
    );
  });

  it("forgets a task that was called off while its input was being read, and goes on", () => {
    follow(`${FOUR}
      > compute x = f(a), y = f(b)
      > next
        run y with "B"
        read 1
      > cancel x@1
        -> dropped x
      > store gave 1 = "A"
      > succeed y = 2
        -> y = 2
        -> 1 in 100 us
      > next
        run nothing
    `);
  });
});
