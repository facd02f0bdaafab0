/** What is kept of tasks that nobody wants any more, so that what was made of their results can be made again. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("the recipe of a value", () => {
  it("has small inputs in it, which are not computed again, though everybody has forgotten them", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 5
        c1 <- 1: x = 5
      > c1: submit y = g(x)
        w1 <- learn g
        w1 <- compute y = g(5)
      > c1: heard 1
      > c1: release x
      > w1: store y 20000
        c1 <- 2: y is stored, 20000 bytes
      > show tasks
        y memory, on w1
      > remove worker w1
        c1 <- 3: y pending
      > add worker w2
        w2 <- learn g
        w2 <- compute y@2 = g(5)
      > w2: store y 20000
        c1 <- 4: y is stored, 20000 bytes
      > show tasks
        y memory, on w2
    `);
  });

  it("has scattered data in it that were let go of, and sends them again", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: scatter d = "data" 20000 bytes
      > c1: submit y = g(d)
        w1 <- learn g
        w1 <- put d = "data"
        w1 <- compute y = g(d)
      > c1: release d
      > w1: store y 20000
        w1 <- free d
        c1 <- 1: y is stored, 20000 bytes
      > show tasks
        y memory, on w1
      > remove worker w1
        c1 <- 2: y pending
      > add worker w2
        w2 <- learn g
        w2 <- put d = "data"
        w2 <- compute y@2 = g(d)
      > w2: store y 20000
        w2 <- free d
        c1 <- 3: y is stored, 20000 bytes
      > c1: release y
        w2 <- free y
      > show tasks
        no tasks
    `);
  });

  it("is not needed while there is a copy of the value", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
      > w1: store y 20000
        w1 <- free x
        c1 <- 1: y is stored, 20000 bytes
      > c1: replicate y
        link w2 and w1
        w2 <- acquire y from w1
      > w2: add y
        c1 <- 2: answer 0: done
      > remove worker w1
        w2 <- forget w1
      > show tasks
        y memory, on w2
      > remove worker w2
        c1 <- 3: y pending
      > show tasks
        x queued
        y waiting
    `);
  });

  it("outlives the client that submitted the task, if the value is kept", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: publish d = [y]
        c1 <- 1: answer 0: done
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 2: x is stored, 20000 bytes
      > w1: store y 20000
        c1 <- 3: y is stored, 20000 bytes
      > remove client c1
        w1 <- free x
      > show tasks
        y memory, on w1
      > remove worker w1
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > w2: store x 20000
        w2 <- learn g
        w2 <- compute y@2 = g(x)
      > w2: store y 20000
        w2 <- free x
      > add client c2
      > c2: read d as z
        c2 <- 1: answer 0: {"value":"[y]","tasks":[-1],"shared":true}; z is g-c1-1
        c2 <- 1: z is stored, 20000 bytes
      > c2: unpublish d
        c2 <- 2: answer 1: true
      > c2: release z
        w2 <- free y
      > show tasks
        no tasks
    `);
  });

  it("is followed once, however many tasks that need it were lost", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), a = g(x, 1), b = g(x, 2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute a = g(x, 1)
      > w1: store a 20000
        w1 <- compute b = g(x, 2)
        c1 <- 1: a is stored, 20000 bytes
      > w1: store b 20000
        w1 <- free x
        c1 <- 2: b is stored, 20000 bytes
      > show tasks
        a memory, on w1
        b memory, on w1
      > remove worker w1
        c1 <- 3: a pending
        c1 <- 3: b pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > w2: store x 20000
        w2 <- learn g
        w2 <- compute a@2 = g(x, 1)
      > w2: store a 20000
        w2 <- compute b@2 = g(x, 2)
        c1 <- 4: a is stored, 20000 bytes
      > w2: store b 20000
        w2 <- free x
        c1 <- 5: b is stored, 20000 bytes
      > show tasks
        a memory, on w2
        b memory, on w2
    `);
  });
});

describe("a result that comes when its input is lost", () => {
  it("counts, and the input need not be computed again for it", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit long = h(1)
        w1 <- learn h
        w1 <- compute long = h(1)
      > c1: submit y = g(x)
        link w2 and w1
        w2 <- learn g
        w2 <- compute y = g(x)
        w2 <- with x on w1
      > c1: release x
      > remove worker w1
        w2 <- forget w1
        c1 <- 2: long pending
      > show tasks
        x queued
        long queued
        y processing
      > w2: add x
        w2 <- free x
      > w2: finish y = 1
        w2 <- learn h
        w2 <- compute long@2 = h(1), alone
        c1 <- 3: y = 1
      > show tasks
        long processing
        y memory
    `);
  });

  it("does not count if its run was called off because of that, and leaves nothing behind", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), other = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute other = f(2)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit y = g(x)
        w1 <- learn g
        w1 <- compute y = g(x)
      > c1: release x
      > remove worker w1
        c1 <- 2: y pending
      > w2: finish other = 1
        w2 <- compute x@2 = f(1)
        c1 <- 3: other = 1
      > w2: store x 20000
        w2 <- learn g
        w2 <- compute y@2 = g(x), alone
      > w1: store y 20000
      > w2: store y 20000
        w2 <- free x
        c1 <- 4: y is stored, 20000 bytes
      > show tasks
        other memory
        y memory, on w2
      > c1: release y
        w2 <- free y
      > show tasks
        other memory
    `);
  });
});
