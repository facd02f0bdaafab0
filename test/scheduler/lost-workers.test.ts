/** What becomes of tasks and values when a thread is gone. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("tasks in the hands of a worker that is lost", () => {
  it("run again elsewhere, and those that may have killed it alone", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = f(2), z = f(3)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute y = f(2)
      > w1: start x
        c1 <- 1: x started
      > remove worker w1
        c1 <- 2: x pending
      > w2: finish y = 2
        w2 <- compute x@2 = f(1), alone
        c1 <- 3: y = 2
      > w2: finish x = 1
        w2 <- compute z = f(3)
        c1 <- 4: x = 1
      > w2: finish z = 3
        c1 <- 5: z = 3
    `);
  });

  it("are not charged when another had announced itself", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w1 <- compute y = f(2)
      > w1: start x
        c1 <- 1: x started
      > remove worker w1
        c1 <- 2: x pending
        c1 <- 2: y pending
      > add worker w2 slots 2
        w2 <- learn f
        w2 <- compute x@2 = f(1), alone
      > show tasks
        x processing
        y queued
    `);
  });

  it("do not wait for ever for a worker that is idle: one is given nothing more until it is", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > add worker w2
      > c1: submit a = f(1), x = f(2), b = f(3), c = f(4), d = f(5)
        w1 <- learn f
        w1 <- compute a = f(1)
        w1 <- compute b = f(3)
        w2 <- learn f
        w2 <- compute x = f(2)
      > w2: start x
        c1 <- 1: x started
      > remove worker w2
        c1 <- 2: x pending
      > w1: finish a = 1
        c1 <- 3: a = 1
      > w1: finish b = 1
        w1 <- compute x@2 = f(2), alone
        c1 <- 4: b = 1
      > w1: finish x = 1
        w1 <- compute c = f(4)
        w1 <- compute d = f(5)
        c1 <- 5: x = 1
    `);
  });

  it("are all suspected when none had announced itself", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w1 <- compute y = f(2)
      > remove worker w1
        c1 <- 1: x pending
        c1 <- 1: y pending
      > add worker w2 slots 2
        w2 <- learn f
        w2 <- compute x@2 = f(1), alone
      > w2: finish x = 1
        w2 <- compute y@2 = f(2), alone
        c1 <- 2: x = 1
    `);
  });

  it("are not charged when it was asked to end", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > remove worker w1 asked
        c1 <- 2: x pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
    `);
  });

  it("are given up at the third death, with the error that says so, and so are those that depend on them", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > remove worker w1
        c1 <- 2: x pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1), alone
      > w2: start x
        c1 <- 3: x started
      > remove worker w2
        c1 <- 4: x pending
      > add worker w3
        w3 <- learn f
        w3 <- compute x@3 = f(1), alone
      > w3: start x
        c1 <- 5: x started
      > remove worker w3
        c1 <- 6: x failed: f-c1-0 was running each of the 3 times that a worker died (the last: it is gone)
        c1 <- 6: y failed: f-c1-0 was running each of the 3 times that a worker died (the last: it is gone)
      > add worker w4
      > c1: retry y
        w4 <- learn f
        w4 <- compute x@4 = f(1)
        c1 <- 7: y pending
        c1 <- 7: x pending
    `);
  });

  it("are innocent again once they have run", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > remove worker w1
        c1 <- 2: x pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1), alone
      > w2: store x 20000
        c1 <- 3: x is stored, 20000 bytes
      > remove worker w2
        c1 <- 4: x pending
      > add worker w3
        w3 <- learn f
        w3 <- compute x@3 = f(1)
    `);
  });

  it("run alone too when threads end again and again while others are blamed", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit bomb = quick(1), a = slow(1)
        w1 <- learn quick
        w1 <- compute bomb = quick(1)
        w1 <- learn slow
        w1 <- compute a = slow(1)
      > w1: start a
        c1 <- 1: a started
      > remove worker w1
        c1 <- 2: bomb pending
        c1 <- 2: a pending
      > add worker w2 slots 2
        w2 <- learn slow
        w2 <- compute a@2 = slow(1), alone
      > w2: finish a = 1
        w2 <- learn quick
        w2 <- compute bomb@2 = quick(1)
        c1 <- 3: a = 1
      > c1: submit b = slow(2)
        w2 <- compute b = slow(2)
      > w2: start b
        c1 <- 4: b started
      > remove worker w2
        c1 <- 5: bomb pending
        c1 <- 5: b pending
      > add worker w3 slots 2
        w3 <- learn slow
        w3 <- compute b@2 = slow(2), alone
      > w3: finish b = 1
        w3 <- learn quick
        w3 <- compute bomb@3 = quick(1)
        c1 <- 6: b = 1
      > c1: submit c = slow(3)
        w3 <- compute c = slow(3)
      > w3: start c
        c1 <- 7: c started
      > remove worker w3
        c1 <- 8: bomb pending
        c1 <- 8: c pending
      > add worker w4 slots 2
        w4 <- learn quick
        w4 <- compute bomb@4 = quick(1), alone
    `);
  });

  it("keep the thread to themselves until their cancelled run is over", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > remove worker w1
        c1 <- 2: x pending
      > add worker w2 slots 2
        w2 <- learn f
        w2 <- compute x@2 = f(1), alone
      > c1: cancel x
        w2 <- cancel x@2
        c1 <- 3: x cancelled: it was cancelled
      > c1: submit y = f(2)
      > w2: drop x@2
        w2 <- compute y = f(2)
    `);
  });
});

describe("a worker that is lost", () => {
  it("is forgotten by those it was linked with, and its replacement is linked anew", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(x), z = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        link w2 and w1
        w1 <- learn g
        w1 <- compute y = g(x)
        w2 <- learn g
        w2 <- compute z = g(x)
        w2 <- with x on w1
        c1 <- 1: x is stored, 20000 bytes
      > w2: add x
      > w2: finish z = 1
        c1 <- 2: z = 1
      > remove worker w1
        w2 <- forget w1
        w2 <- compute y@2 = g(x), alone
        c1 <- 3: y pending
      > add worker w3
      > w2: finish y = 1
        c1 <- 4: y = 1
    `);
  });
});
