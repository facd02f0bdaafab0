/** What becomes of attempts that take too long, and when a task is tried again. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a task that is tried again", () => {
  it("waits before it, longer each time, and leaves its worker to others", () => {
    follow(`
      > add client c1
      > add worker w1
      > at 1000 ms
      > c1: submit x = f(1) retries 3 after 100 ms times 2 at most 300 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: submit y = f(2)
      > w1: erred x "first"
        wake at 1100
        w1 <- compute y = f(2)
        c1 <- 1: x pending
      > w1: finish y = 1
        c1 <- 2: y = 1
      > at 1099 ms
        wake at 1100
      > at 1100 ms
        w1 <- compute x@2 = f(1)
      > w1: erred x "second"
        wake at 1300
        c1 <- 3: x pending
      > at 1300 ms
        w1 <- compute x@3 = f(1)
      > w1: erred x "third"
        wake at 1600
        c1 <- 4: x pending
      > at 1600 ms
        w1 <- compute x@4 = f(1)
      > w1: erred x "fourth"
        c1 <- 5: x failed: fourth
    `);
  });

  it("is tried at once where nothing is said of a delay, and goes before those that are younger", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2) retries 1
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "first"
        w1 <- compute x@2 = f(1)
        c1 <- 1: x pending
      > w1: erred x "second"
        w1 <- compute y = f(2)
        c1 <- 2: x failed: second
    `);
  });

  it("is forgotten if it is released meanwhile", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) retries 3 after 100 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "first"
        wake at 100
        c1 <- 1: x pending
      > c1: release x
      > show tasks
        no tasks
      > at 100 ms
    `);
  });

  it("waits for inputs that are lost meanwhile, too", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit y = g(x) retries 3 after 100 ms
        w1 <- learn g
        w1 <- compute y = g(x)
      > w1: erred y "first"
        wake at 100
        c1 <- 2: y pending
      > remove worker w1 asked
        c1 <- 3: x pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > at 100 ms
      > w2: store x 20000
        w2 <- learn g
        w2 <- compute y@2 = g(x)
        c1 <- 4: x is stored, 20000 bytes
    `);
  });

  it("does not wait any longer once its inputs have failed", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit y = g(x) retries 3 after 100 ms
        w1 <- learn g
        w1 <- compute y = g(x)
      > w1: erred y "first"
        wake at 100
        c1 <- 2: y pending
      > remove worker w1 asked
        c1 <- 3: x pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > w2: erred x "gone for good"
        c1 <- 4: x failed: gone for good
        c1 <- 4: y failed: gone for good
      > at 100 ms
    `);
  });
});

describe("an attempt that takes too long", () => {
  it("ends from when it began, and its worker has to stop it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) within 50 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > at 500 ms
      > w1: start x
        wake at 550
        c1 <- 1: x started
      > at 549 ms
        wake at 550
      > at 550 ms
        wake at 1550
        w1 <- cancel x@1
        c1 <- 2: x failed: f-c1-0 took longer than the 50 ms it was given
      > c1: submit y = f(2)
      > w1: drop x@1
        w1 <- compute y = f(2)
      > at 1550 ms
    `);
  });

  it("counts as one of those that are allowed, and what it still says is not heard", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1) retries 1 within 50 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        wake at 50
        c1 <- 1: x started
      > at 50 ms
        wake at 1050
        w1 <- cancel x@1
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        c1 <- 2: x pending
      > w2: start x
        wake at 100
        c1 <- 3: x started
      > w1: finish x@1 = 5
      > at 100 ms
        wake at 1050
        w2 <- cancel x@2
        c1 <- 4: x failed: f-c1-0 took longer than the 50 ms it was given
      > w2: drop x@2
    `);
  });

  it("has its thread ended if that does not stop, and its neighbours run elsewhere unharmed", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit x = f(1) within 50 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        wake at 50
        c1 <- 1: x started
      > c1: submit y = g(2)
        w1 <- learn g
        w1 <- compute y = g(2)
      > w1: start y
        c1 <- 2: y started
      > at 50 ms
        wake at 1050
        w1 <- cancel x@1
        c1 <- 3: x failed: f-c1-0 took longer than the 50 ms it was given
      > at 1050 ms
        end w1: f-c1-0 took longer than the 50 ms it was given, and did not stop
      > remove worker w1 asked
        c1 <- 4: y pending
      > add worker w2
        w2 <- learn g
        w2 <- compute y@2 = g(2)
      > show tasks
        x erred
        y processing
    `);
  });

  it("is not found where it has ended in time", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2) within 50 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        wake at 50
        c1 <- 1: x started
      > w1: finish x = 5
        w1 <- compute y = f(2)
        c1 <- 2: x = 5
      > at 40 ms
      > w1: start y
        wake at 90
        c1 <- 3: y started
      > at 50 ms
        wake at 90
      > w1: erred y "no"
        c1 <- 4: y failed: no
      > at 90 ms
    `);
  });

  it("is nobody's concern once it was cancelled: no thread is ended for it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) within 50 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        wake at 50
        c1 <- 1: x started
      > c1: cancel x
        w1 <- cancel x@1
        c1 <- 2: x cancelled: it was cancelled
      > at 50 ms
      > at 5000 ms
    `);
  });

  it("may have used resources, which come back with its end", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2 with gpu 1
      > c1: submit x = f(1), y = f(2) needs gpu 1 within 50 ms
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        wake at 50
        c1 <- 1: x started
      > at 50 ms
        wake at 1050
        w1 <- cancel x@1
        c1 <- 2: x failed: f-c1-0 took longer than the 50 ms it was given
      > w1: drop x@1
        w1 <- compute y = f(2)
    `);
  });
});
