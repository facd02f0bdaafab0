/** What becomes of values when the thread that held them is gone. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("values that only a lost worker held", () => {
  it("are computed again if somebody wants them, with all that takes", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x), z = h(y)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x y
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
      > w1: store y 20000
        w1 <- free x
        w1 <- learn h
        w1 <- compute z = h(y)
      > w1: store z 20000
        w1 <- free y
        c1 <- 1: z is stored, 20000 bytes
      > show tasks
        z memory, on w1
      > remove worker w1
        c1 <- 2: z pending
      > show tasks
        x queued
        y waiting
        z waiting
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > w2: store x 20000
        w2 <- learn g
        w2 <- compute y@2 = g(x)
      > w2: store y 20000
        w2 <- free x
        w2 <- learn h
        w2 <- compute z@2 = h(y)
      > w2: store z 20000
        w2 <- free y
        c1 <- 3: z is stored, 20000 bytes
    `);
  });

  it("are computed again for the tasks that wait for them", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = f(2), z = g(x, y)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute y = f(2)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > remove worker w1
        c1 <- 2: x pending
      > w2: store y 20000
        w2 <- compute x@2 = f(1)
        c1 <- 3: y is stored, 20000 bytes
      > w2: store x 20000
        w2 <- learn g
        w2 <- compute z = g(x, y)
        c1 <- 4: x is stored, 20000 bytes
    `);
  });

  it("are sent to whoever had been waiting for them", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: gather x
        w1 <- get x
      > remove worker w1
        c1 <- 2: x pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
      > w2: store x 20000 pushed
        c1 <- 3: x = "large"
        c1 <- 3: x is stored, 20000 bytes
    `);
  });

  it("are not missed where there is another copy", () => {
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
      > remove worker w1
        w2 <- forget w1
        c1 <- 2: y pending
      > w2: finish z = 1
        w2 <- compute y@2 = g(x), alone
        c1 <- 3: z = 1
      > w2: finish y = 1
        c1 <- 4: y = 1
    `);
  });

  it("are asked for where there is another copy", () => {
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
      > w1: finish y = 1
        c1 <- 2: y = 1
      > c1: gather x
        w1 <- get x
      > remove worker w1
        w2 <- forget w1
        w2 <- get x
      > w2: data x
        c1 <- 3: x = "large"
    `);
  });

  it("do not matter if they were small: the scheduler has them", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 5
        w1 <- learn g
        w1 <- compute y = g(5)
        c1 <- 1: x = 5
      > remove worker w1
        w2 <- learn g
        w2 <- compute y@2 = g(5), alone
        c1 <- 2: y pending
    `);
  });
});

describe("inputs that cannot be fetched", () => {
  it("are computed again, and then the task that needs them", () => {
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
      > w2: missing x for z asked w1
        w1 <- free x
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        c1 <- 2: x pending
      > show tasks
        x processing
        y processing
        z waiting
      > w1: missing x for y
      > w1: store x 20000
        w1 <- cancel x@1
    `);
  });

  it("are nobody's fault if there is another copy", () => {
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
      > w1: missing x for y
        w1 <- free x
        w1 <- compute y@2 = g(x)
        w1 <- with x on w2
      > show tasks
        x memory, on w2
        y processing
        z processing
    `);
  });
});

describe("a value that a task scattered, and that stayed on its worker", () => {
  it("cannot be computed again: when the worker dies, what needs it fails and says why", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit parent = f(1)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > tasks of w1: scatter d = "large" 20000 bytes locally
        w1 <- keep d, scattered there
      > tasks of w1: publish d = [d]
        w1 <- tell tasks 1: answer 0: done
      > c1: read d as e
        c1 <- 1: answer 0: {"value":"[d]","tasks":[-1],"shared":true}; e is data-w1-0
        c1 <- 1: e is stored, 20000 bytes
      > c1: submit x = g(e)
        link w2 and w1
        w2 <- learn g
        w2 <- compute x = g(d)
        w2 <- with d on w1
      > remove worker w1
        w2 <- forget w1
        c1 <- 2: parent pending
        c1 <- 2: e pending
        c1 <- 2: e failed: data-w1-0 is lost: it was scattered by a task, and the last worker that held it is gone
      > show tasks
        parent queued
        d erred
        x processing
      > c1: submit y = g(e)
        c1 <- 3: y failed: data-w1-0 is lost: it was scattered by a task, and the last worker that held it is gone
      > c1: retry e
        c1 <- 4: e pending
        c1 <- 4: e failed: data-w1-0 is lost: it was scattered by a task, and the last worker that held it is gone
      > c1: release e x y parent
        w2 <- cancel x@1
    `);
  });

  it("is looked for again where it must be, whatever a worker says that was too quick", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit parent = f(1), other = f(2)
        w1 <- learn f
        w1 <- compute parent = f(1)
        w2 <- learn f
        w2 <- compute other = f(2)
      > tasks of w1: scatter d = "large" 20000 bytes locally
        w1 <- keep d, scattered there
      > tasks of w1: publish d = [d]
        w1 <- tell tasks 1: answer 0: done
      > c1: read d as e
        c1 <- 1: answer 0: {"value":"[d]","tasks":[-1],"shared":true}; e is data-w1-0
        c1 <- 1: e is stored, 20000 bytes
      > w2: finish other = 1
        c1 <- 2: other = 1
      > c1: submit x = g(e)
        link w2 and w1
        w2 <- learn g
        w2 <- compute x = g(d)
        w2 <- with d on w1
      > w2: missing d for x asked w1
        w2 <- compute x@2 = g(d)
        w2 <- with d on w1
      > show tasks
        parent processing
        other memory
        d memory, on w1
        x processing
    `);
  });
});

describe("a value that the scheduler has come to hold itself", () => {
  it("is not taken for missing on a worker that it was sent to meanwhile", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2 slots 2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000
        w1 <- get x, it may move
        c1 <- 1: x is stored, 100000 bytes
      > c1: submit y = g(x, 1), z = g(x, 2)
        link w2 and w1
        w1 <- learn g
        w1 <- compute y = g(x, 1)
        w2 <- learn g
        w2 <- compute z = g(x, 2)
        w2 <- with x on w1
      > c1: submit u = h(x)
        w2 <- learn h
        w2 <- compute u = h(x)
        w2 <- with x on w1
      # It was moved before its worker knew that it is needed.
      > w1: data x moved
        c1 <- 2: x = "large", shared
      > w2: missing x for z asked w1
        w2 <- put x = "large"
        w2 <- compute z@2 = g(x, 2)
      > w2: missing x for u asked w1
        w2 <- compute u@2 = h(x)
      > show tasks
        x memory, on w2
        y processing
        z processing
        u processing
    `);
  });
});

describe("a copy that turns up late", () => {
  it("is freed when nobody needs it any more", () => {
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
      > c1: release x y z
        w1 <- cancel y@1
        w1 <- free x
        w2 <- cancel z@1
      > w2: add x
        w2 <- free x
    `);
  });

  it("is left alone while the same worker computes the value again", () => {
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
      > w2: start z
        c1 <- 2: z started
      > w2: finish z = 1
        c1 <- 3: z = 1
      > remove worker w1
        w2 <- forget w1
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        c1 <- 4: y pending
        c1 <- 4: x pending
      > w2: add x
      > w2: erred x "no"
        w2 <- free x
        c1 <- 5: x failed: no
        c1 <- 5: y failed: no
    `);
  });
});
