/** What becomes of tasks that fail, and of those that are given up. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a task that fails", () => {
  it("takes with it all that depend on it, with the same error", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x, 2), z = h([y]), other = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > w1: erred x "no such file"
        w1 <- compute other = f(2)
        c1 <- 2: x failed: no such file
        c1 <- 2: y failed: no such file
        c1 <- 2: z failed: no such file
      > show tasks
        x erred
        y erred
        z erred
        other processing
    `);
  });

  it("is told to everybody who wants it", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > w1: erred x "no"
        c1 <- 1: x failed: no
        c2 <- 1: mine failed: no
    `);
  });

  it("is run again as often as its options allow", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) retries 2
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "first"
        w1 <- compute x@2 = f(1)
        c1 <- 1: x pending
      > w1: erred x "second"
        w1 <- compute x@3 = f(1)
        c1 <- 2: x pending
      > w1: erred x "third"
        c1 <- 3: x failed: third
    `);
  });

  it("fails those that are submitted on it later", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "no"
        c1 <- 1: x failed: no
      > c1: submit y = g(x)
        c1 <- 2: y failed: no
      > c1: release x y
      > show tasks
        no tasks
    `);
  });

  it("frees what its inputs kept", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
      > w1: erred y "no"
        w1 <- free x
        c1 <- 1: y failed: no
      > show tasks
        y erred
    `);
  });
});

describe("retry", () => {
  it("runs a failed task again", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "no"
        c1 <- 1: x failed: no
      > c1: retry x
        w1 <- compute x@2 = f(1)
        c1 <- 2: x pending
      > w1: finish x = 5
        c1 <- 3: x = 5
    `);
  });

  it("runs the failed ancestors first", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x), z = h(y)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "no"
        c1 <- 1: x failed: no
        c1 <- 1: y failed: no
        c1 <- 1: z failed: no
      > c1: retry z
        w1 <- compute x@2 = f(1)
        c1 <- 2: z pending
        c1 <- 2: y pending
        c1 <- 2: x pending
      > w1: finish x = 5
        w1 <- learn g
        w1 <- compute y = g(5)
        c1 <- 3: x = 5
      > w1: finish y = 6
        w1 <- learn h
        w1 <- compute z = h(6)
        c1 <- 4: y = 6
      > w1: finish z = 7
        c1 <- 5: z = 7
    `);
  });

  it("runs an ancestor that its user has released since", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "no"
        c1 <- 1: x failed: no
        c1 <- 1: y failed: no
      > c1: release x
      > show tasks
        y erred
      > c1: retry y
        w1 <- compute x@2 = f(1)
        c1 <- 2: y pending
      > w1: finish x = 5
        w1 <- learn g
        w1 <- compute y = g(5)
    `);
  });

  it("gives new tries to a task that has used up its own", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) retries 1
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "first"
        w1 <- compute x@2 = f(1)
        c1 <- 1: x pending
      > w1: erred x "second"
        c1 <- 2: x failed: second
      > c1: retry x
        w1 <- compute x@3 = f(1)
        c1 <- 3: x pending
      > w1: erred x "third"
        w1 <- compute x@4 = f(1)
        c1 <- 4: x pending
      > w1: erred x "fourth"
        c1 <- 5: x failed: fourth
    `);
  });

  it("of a task that is gone says so", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > w1: erred x "no"
        c1 <- 1: x failed: no
        c2 <- 1: mine failed: no
      > c2: cancel force mine
        c1 <- 2: x cancelled: it was cancelled
        c2 <- 2: mine cancelled: it was cancelled
      > c1: retry x
        c1 <- 3: x cancelled: it is gone
    `);
  });

  it("of a task that has succeeded meanwhile tells its value", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > w1: erred x "no"
        c1 <- 1: x failed: no
        c2 <- 1: mine failed: no
      > c2: retry mine
        w1 <- compute x@2 = f(1) as "x"
        c1 <- 2: x pending
        c2 <- 2: mine pending
      > w1: finish x = 5
        c1 <- 3: x = 5
        c2 <- 3: mine = 5
      > c1: retry x
        c1 <- 4: x = 5
    `);
  });
});
