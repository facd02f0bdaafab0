/** Large values that are moved to the one who asks for them, and what happens when others turn out to need them. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a large value", () => {
  it("that somebody waits for is pushed as soon as it is there, and moved if nobody else needs it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000 moved
        c1 <- 1: x = "large", moved
      > show tasks
        x memory, at the client
      > c1: release x
      > show tasks
        no tasks
    `);
  });

  it("is fetched from its worker when it is asked for later", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        c1 <- 1: x is stored, 100000 bytes
      > c1: gather x
        w1 <- get x, it may move
      > c1: gather x
      > w1: data x moved
        c1 <- 2: x = "large", moved
    `);
  });

  it("stays where it is, and is copied, when tasks need it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000 pushed
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 1: x = "large"
        c1 <- 1: x is stored, 100000 bytes
      > show tasks
        x memory, on w1
        y processing
    `);
  });

  it("stays with the scheduler if tasks have come to need it while it was on its way", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > c1: submit y = g(x)
      > w1: store x 100000 moved
        w1 <- learn g
        w1 <- put x = "large"
        w1 <- compute y = g(x)
        c1 <- 1: x = "large", shared
        c1 <- 1: x is stored, 100000 bytes
      > show tasks
        x memory, on w1
        y processing
      > w1: finish y = 1
        c1 <- 2: y = 1
      > c1: release x
        w1 <- free x
    `);
  });

  it("does not leave for good if there is a copy elsewhere", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(x), z = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        link w2 and w1
        w1 <- learn g
        w1 <- compute y = g(x)
        w2 <- learn g
        w2 <- compute z = g(x)
        w2 <- with x on w1
        c1 <- 1: x is stored, 100000 bytes
      > w2: add x
      > w1: finish y = 1
        c1 <- 2: y = 1
      > w2: finish z = 1
        c1 <- 3: z = 1
      > c1: gather x
        w1 <- get x, it may move
      > w1: data x moved
        c1 <- 4: x = "large"
      > show tasks
        x memory, on w2
        y memory
        z memory
    `);
  });

  it("is asked of another holder if the first does not have it", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(x), z = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        link w2 and w1
        w1 <- learn g
        w1 <- compute y = g(x)
        w2 <- learn g
        w2 <- compute z = g(x)
        w2 <- with x on w1
        c1 <- 1: x is stored, 100000 bytes
      > w2: add x
      > c1: gather x
        w1 <- get x
      > w1: data x missing
        w2 <- get x
      > w2: data x
        c1 <- 2: x = "large"
    `);
  });

  it("is computed again if no holder has it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        c1 <- 1: x is stored, 100000 bytes
      > c1: gather x
        w1 <- get x, it may move
      > w1: data x missing
        w1 <- compute x@2 = f(1), awaited
        c1 <- 2: x pending
      > w1: store x 100000 moved
        c1 <- 3: x = "large", moved
    `);
  });

  it("goes as a copy to each of several clients", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > c1: gather x
      > c2: gather mine
      > w1: store x 100000 pushed
        c1 <- 1: x = "large", shared
        c1 <- 1: x is stored, 100000 bytes
        c2 <- 1: mine = "large", shared
        c2 <- 1: mine is stored, 100000 bytes
    `);
  });
});

describe("a value that was moved to its client", () => {
  it("is waited for by new tasks until the client gives it back", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000 moved
        c1 <- 1: x = "large", moved
      > c1: submit y = g(x)
      > show tasks
        x memory, at the client
        y waiting
      > c1: scatter x = "back" 100000 bytes
        w1 <- learn g
        w1 <- put x = "back"
        w1 <- compute y = g(x)
      > w1: finish y = 1
        c1 <- 2: y = 1
      > show tasks
        x memory, on w1
        y memory
    `);
  });

  it("is computed again if the client has lost it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000 moved
        c1 <- 1: x = "large", moved
      > c1: lost x
        w1 <- compute x@2 = f(1)
        c1 <- 2: x pending
      > c1: submit y = g(x)
      > w1: store x 100000
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 3: x is stored, 100000 bytes
    `);
  });

  it("is computed again for tasks that wait for it when the client lets go of it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000 moved
        c1 <- 1: x = "large", moved
      > c1: submit y = g(x)
      > c1: release x
        w1 <- compute x@2 = f(1)
      > w1: store x 100000
        w1 <- learn g
        w1 <- compute y = g(x)
    `);
  });

  it("is computed again when another client claims it", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000 moved
        c1 <- 1: x = "large", moved
      > c2: claim mine = "f-c1-0"
        w1 <- compute x@2 = f(1)
      > c2: gather mine
      > w1: store x 100000 pushed
        c2 <- 1: mine = "large", shared
        c2 <- 1: mine is stored, 100000 bytes
        c1 <- 2: x is stored, 100000 bytes
    `);
  });

  it("is computed again for an old task that has to run again", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 1: x is stored, 100000 bytes
      > w1: store y 20000
        c1 <- 2: y is stored, 20000 bytes
      > c1: gather x
        w1 <- get x, it may move
      > w1: data x moved
        c1 <- 3: x = "large", moved
      > show tasks
        x memory, at the client
        y memory, on w1
      > remove worker w1
        c1 <- 4: y pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > w2: store x 100000
        w2 <- learn g
        w2 <- compute y@2 = g(x)
        c1 <- 5: x is stored, 100000 bytes
      > w2: store y 20000
        c1 <- 6: y is stored, 20000 bytes
    `);
  });

  it("that came after it was given up as lost is not moved once more to a client that has it", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        c1 <- 1: x is stored, 100000 bytes
      > c1: submit long = h(1)
        w1 <- learn h
        w1 <- compute long = h(1)
      > c1: gather x
        w1 <- get x, it may move
      > c1: submit y = g(x)
        link w2 and w1
        w2 <- learn g
        w2 <- compute y = g(x)
        w2 <- with x on w1
      > c1: submit other = h(2)
        w2 <- learn h
        w2 <- compute other = h(2)
      > w2: missing x for y asked w1
        w1 <- free x
        c1 <- 2: x pending
      > c1: cancel y
        c1 <- 3: y cancelled: it was cancelled
      > w2: finish other = 1
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 4: other = 1
      > w1: data x moved
        c1 <- 5: x = "large"
      > w2: store x 100000 moved
        c1 <- 6: x is stored, 100000 bytes
      > show tasks
        x memory
        long processing
        other memory
    `);
  });

  it("that was moved from a worker to which it has been sent again is not left there unknown", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        c1 <- 1: x is stored, 100000 bytes
      > c1: submit long = h(1)
        w1 <- learn h
        w1 <- compute long = h(1)
      > c1: gather x
        w1 <- get x, it may move
      > c1: submit y = g(x)
        link w2 and w1
        w2 <- learn g
        w2 <- compute y = g(x)
        w2 <- with x on w1
      > c1: submit other = h(2)
        w2 <- learn h
        w2 <- compute other = h(2)
      > w2: missing x for y asked w1
        w1 <- free x
        c1 <- 2: x pending
      > c1: cancel y
        c1 <- 3: y cancelled: it was cancelled
      > w2: finish other = 1
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 4: other = 1
      > w2: store x 100000 moved
        c1 <- 5: x = "large", moved
      > w1: finish long = 1
        c1 <- 6: long = 1
      > c1: scatter x = "back" 100000 bytes
      > c1: submit z = g(x), u = g(x)
        w2 <- put x = "back"
        w2 <- compute z = g(x)
        w1 <- learn g
        w1 <- put x = "back"
        w1 <- compute u = g(x)
      > w1: data x moved
        w1 <- free x
      > show tasks
        x memory, on w2
        long memory
        other memory
        z processing
        u processing
    `);
  });
});
