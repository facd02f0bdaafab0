/** Workers that take no tasks for a while, and give back those that they have not begun. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a paused worker", () => {
  it("is sent nothing until it is unpaused, but finishes what it has begun", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1), b = f(2)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: start a
        c1 <- 1: a started
      > c1: request 0 {"type": "pause-workers", "workers": ["w1"]}
        c1 <- 2: answer 0: done
      > w1: finish a = 1
        c1 <- 3: a = 1
      > c1: request 1 {"type": "scheduler-info"}
        c1 <- 4: answer 1: {"address":"local","workers":{"w1":{"name":"w1","host":"","status":"paused","nThreads":1,"processing":0,"occupancyMs":0,"actors":0,"nValues":0,"nbytes":0,"resources":{},"link":""}},"clients":["c1"],"links":[],"queued":1}
      > c1: request 2 {"type": "unpause-workers", "workers": ["w1"]}
        w1 <- compute b = f(2)
        c1 <- 5: answer 2: done
    `);
  });

  it("gives back what it has not begun, which runs elsewhere in the same order, for the first time", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit z = f(0)
        w1 <- learn f
        w1 <- compute z = f(0)
      > w1: finish z = 0 in 100 us
        c1 <- 1: z = 0
      > c1: submit a = f(1), b = f(2), c = f(3), d = f(4)
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
        w1 <- compute d = f(4)
      > c1: request 0 {"type": "pause-workers", "workers": ["w1"]}
        w1 <- recall a@1
        w1 <- recall b@1
        w1 <- recall c@1
        w1 <- recall d@1
        c1 <- 2: answer 0: done
      > c1: submit e = f(5)
      > w1: drop b@1 c@1 d@1
      > add worker w2
        w2 <- learn f
        w2 <- compute b = f(2)
        w2 <- compute c = f(3)
        w2 <- compute d = f(4)
        w2 <- compute e = f(5)
      > w1: finish a = 1
        c1 <- 3: a = 1
    `);
  });

  it("still serves what it holds", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: request 0 {"type": "pause-workers", "workers": ["w1"]}
        c1 <- 2: answer 0: done
      > add worker w2
      > c1: submit y = g(x)
        link w2 and w1
        w2 <- learn g
        w2 <- compute y = g(x)
        w2 <- with x on w1
      > c1: gather x
        w1 <- get x
    `);
  });

  it("is not given scattered values, unless a task there needs them", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "pause-workers", "workers": ["w1"]}
        c1 <- 1: answer 0: done
      > c1: scatter d = 5 20000 bytes everywhere
        w2 <- put d = 5
    `);
  });

  it("has to be there", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "pause-workers", "workers": ["w1", "w9"]}
        c1 <- 1: answer 0 failed: there is no worker w9; there are w1
      > c1: submit a = f(1)
        w1 <- learn f
        w1 <- compute a = f(1)
    `);
  });
});

describe("a run that was asked back", () => {
  it("and cancelled before the answer is gone for good", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: request 0 {"type": "pause-workers", "workers": ["w1"]}
        w1 <- recall x@1
        c1 <- 1: answer 0: done
      > c1: cancel x
        w1 <- cancel x@1
        c1 <- 2: x cancelled: it was cancelled
      > w1: drop x@1
      > show tasks
        no tasks
    `);
  });

  it("whose input was lost meanwhile waits for it", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 1: x is stored, 20000 bytes
      > c1: request 0 {"type": "pause-workers", "workers": ["w1"]}
        w1 <- recall y@1
        c1 <- 2: answer 0: done
      > remove worker w1
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        c1 <- 3: y pending
        c1 <- 3: x pending
    `);
  });
});
