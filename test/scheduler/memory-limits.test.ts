/** Workers that may not hold as much as they like, what follows from what they say of it, and copies that nobody needs. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a worker with a memoryLimit", () => {
  it("is given nothing while it is full, gives back what it has not begun, and goes on when it says so", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit a = f(1), b = f(2), c = f(3)
        w1 <- learn f
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
      > w1: start a
        c1 <- 1: a started
      > w1: memory 900 of 1000 full
        w1 <- recall b@1
      > w1: drop b@1
      > w1: finish a = 1
        c1 <- 2: a = 1
      > w1: memory 500 of 1000
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
    `);
  });

  it("is replaced when its thread takes up too much, and what it was at is to blame", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: start a
        c1 <- 1: a started
      > w1: memory 10 of 1000 full gives up "it takes up 990 bytes"
        end w1: it takes up 990 bytes
        c1 <- 2: a pending
      > show deaths
        a 1
    `);
  });

  it("is not replaced when it holds all there is of what a task has scattered", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1)
        w1 <- learn f
        w1 <- compute a = f(1)
      > tasks of w1: scatter d = 5 20000 bytes locally
        w1 <- keep d, scattered there
      > w1: memory 10 of 1000 full gives up "it takes up 990 bytes"
    `);
  });

  it("is not sent a task that needs more than any may hold: that fails, and with it what depends on it", () => {
    follow(`
      > add client c1
      > add worker w1
      > w1: memory 0 of 50000
      > c1: submit a = f(1), b = f(2), c = g(a, b), d = h(c)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: store a 30000
        w1 <- compute b = f(2)
        c1 <- 1: a is stored, 30000 bytes
      > w1: store b 30000
        c1 <- 2: b is stored, 30000 bytes
        c1 <- 2: c failed: g-c1-2 was not sent to any worker: what it needs has 60000 bytes together, and no worker may hold more than 50000; give workers a larger memoryLimit, or have fewer values go into one task
        c1 <- 2: d failed: g-c1-2 was not sent to any worker: what it needs has 60000 bytes together, and no worker may hold more than 50000; give workers a larger memoryLimit, or have fewer values go into one task
    `);
  });
});

describe("copies", () => {
  /** Tasks needed `a` on both workers; nothing needs it any more. */
  const copied = `
      > learn hosts
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit a = f(1)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: store a 20000
        c1 <- 1: a is stored, 20000 bytes
      > c1: submit x = h(a), y = h(a)
        link w2 and w1
        w1 <- learn h
        w1 <- compute x = h(a)
        w2 <- learn h
        w2 <- compute y = h(a)
        w2 <- with a on w1
      > w2: add a
      > w1: finish x = 1
        c1 <- 2: x = 1`;

  it("that a task is using stay; when none has a use for them any more, one is enough", () => {
    follow(`${copied}
      > w2: memory 20000
      > w2: finish y = 2
        c1 <- 3: y = 2
      > at 100 ms
      > w1: memory 20000
      > at 600 ms
      > w1: memory 20000
        w1 <- free a
      > at 1200 ms
      > w2: memory 20000
    `);
  });

  it("that were asked for stay", () => {
    follow(`${copied}
      > w2: finish y = 2
        c1 <- 3: y = 2
      > c1: replicate 2 of a
        c1 <- 4: answer 0: done
      > at 600 ms
      > w1: memory 20000
    `);
  });

  it("of what a task has scattered are on two hosts, where there are two", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker a/1
      > add worker b/0
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > tasks of a/0: scatter d = 5 20000 bytes locally
        a/0 <- keep d, scattered there
      > a/0: memory 20000
        link b/0 and a/0
        b/0 <- acquire d from a/0
      > b/0: add d
      > at 600 ms
      > a/0: memory 20000
    `);
  });
});
