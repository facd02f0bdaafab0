/** Inputs that a worker cannot get, though those who hold them are there. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

/** One host with a value that a task has scattered, which cannot be made again; another where two tasks wait for it. */
function hostsThatDoNotReachEachOther(): SchedulerStage {
  const stage = new SchedulerStage();
  const commands = [
    "learn hosts",
    "add client c1",
    "add worker a/0",
    "add worker b/0",
    "c1: submit parent = f(1), other = f(2)",
    'tasks of a/0: scatter d = "large" 20000 bytes locally',
    "tasks of a/0: publish d = [d]",
    "c1: read d as e",
    "b/0: finish other = 1",
    "c1: submit x = g(e), y = h(x)",
  ];
  for (const command of commands) stage.play(command);
  return stage;
}

describe("an input that does not come from where it is", () => {
  it("is asked for again and again, until its task fails and says who does not reach whom", () => {
    const stage = hostsThatDoNotReachEachOther();
    for (let run = 2; run <= 10; run++) {
      const expected = [`b/0 <- compute x@${run} = g(d)`, "b/0 <- with d on a/0"];
      assert.deepEqual(stage.play("b/0: missing d for x asked a/0"), expected);
    }
    const why =
      "g-c1-2 could not be run: 10 times an input did not come from where it is, the last time data-a/0-0, which b/0 did not get from a/0";
    followOn(
      `
      > b/0: missing d for x asked a/0
        c1 <- 3: x failed: ${why}
        c1 <- 3: y failed: ${why}
      # Whoever wants it tried again is given as many tries.
      > c1: retry x
        b/0 <- compute x@11 = g(d)
        b/0 <- with d on a/0
        c1 <- 4: x pending
      > b/0: missing d for x asked a/0
        b/0 <- compute x@12 = g(d)
        b/0 <- with d on a/0
    `,
      stage,
    );
  });

  it("may be missed now and then, however often", () => {
    const stage = hostsThatDoNotReachEachOther();
    for (let run = 2; run <= 30; run++) {
      stage.play(`at ${run * 61_000} ms`);
      const expected = [`b/0 <- compute x@${run} = g(d)`, "b/0 <- with d on a/0"];
      assert.deepEqual(stage.play("b/0: missing d for x asked a/0"), expected);
    }
  });

  it("may be missed as often as its holders die", () => {
    const stage = hostsThatDoNotReachEachOther();
    for (let run = 2; run <= 30; run++) {
      const expected = [`b/0 <- compute x@${run} = g(d)`, "b/0 <- with d on a/0"];
      assert.deepEqual(stage.play("b/0: missing d for x asked a/99"), expected);
    }
  });
});

describe("a copy that does not come from where the value is", () => {
  it("is asked for again and again, until replicate() is told who does not reach whom", () => {
    const stage = new SchedulerStage();
    for (const command of [
      "learn hosts",
      "add client c1",
      "add worker a/0",
      "add worker b/0",
      "c1: submit x = f(1)",
      "a/0: store x 20000",
    ]) {
      stage.play(command);
    }
    assert.deepEqual(stage.play("c1: replicate x"), ["link b/0 and a/0", "b/0 <- acquire x from a/0"]);
    for (let times = 1; times < 10; times++)
      assert.deepEqual(stage.play("b/0: missing x asked a/0"), ["b/0 <- acquire x from a/0"]);
    const why = "b/0 did not get f-c1-0 from a/0, though it tried again and again: see whether these reach each other";
    followOn(
      `
      > b/0: missing x asked a/0
        c1 <- 2: answer 0 failed: ${why}
      # Asked once more, it tries once more.
      > c1: replicate x
        b/0 <- acquire x from a/0
      > b/0: add x
        c1 <- 3: answer 1: done
    `,
      stage,
    );
  });
});
