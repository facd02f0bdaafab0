/** Values with futures in them that the scheduler keeps for clients: how long their tasks live, and what a client gets of them. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a published dataset", () => {
  it("keeps its tasks when whoever published them has let go of them, and has left", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: publish d = [x, y, 5]
        c1 <- 1: answer 0: done
      > c1: release x
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
      > remove client c1
      > w1: finish y = 6
      > show tasks
        x memory, on w1
        y memory
      > add client c2
      > c2: read d as p q
        c2 <- 1: answer 0: {"value":"[x, y, 5]","tasks":[-1,-2],"shared":true}; p is f-c1-0, q is g-c1-1
        c2 <- 1: p is stored, 20000 bytes
        c2 <- 1: q = 6
      > c2: unpublish d
        c2 <- 2: answer 1: true
      > show tasks
        x memory, on w1
        y memory
      > c2: release p q
        w1 <- free x
      > show tasks
        no tasks
    `);
  });

  it("gives each reader claims of its own, and each reading", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: publish d = [x]
        c1 <- 2: answer 0: done
      > c2: read d as p
        c2 <- 1: answer 0: {"value":"[x]","tasks":[-1],"shared":true}; p is f-c1-0
        c2 <- 1: p is stored, 20000 bytes
      > c1: read d as q
        c1 <- 3: answer 1: {"value":"[x]","tasks":[-1],"shared":true}; q is f-c1-0
        c1 <- 3: q is stored, 20000 bytes
      > c1: read d as r
        c1 <- 4: answer 2: {"value":"[x]","tasks":[-2],"shared":true}; r is f-c1-0
        c1 <- 4: r is stored, 20000 bytes
      > c1: release x q
      > c2: unpublish d
        c2 <- 2: answer 1: true
      > c2: release p
      > show tasks
        x memory, on w1
      > remove client c1
        w1 <- free x
      > show tasks
        no tasks
    `);
  });

  it("is not replaced by another unless that is meant, and then keeps what both have", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: scatter x = 1
      > c1: scatter y = 2
      > c1: publish d = [x, y]
        c1 <- 1: answer 0: done
      > c1: publish d = [y]
        c1 <- 2: answer 1 failed: there is a dataset "d" already; unpublish it first, or replace it with { override: true }
      > c1: release x y
      > show tasks
        x memory
        y memory
      > c1: scatter z = 3
      > c1: read d as p q
        c1 <- 3: answer 2: {"value":"[x, y]","tasks":[-1,-2],"shared":true}; p is data-c1-0, q is data-c1-1
        c1 <- 3: p = 1
        c1 <- 3: q = 2
      > c1: publish d = [q] instead
        c1 <- 4: answer 3: done
      > c1: release p q z
      > show tasks
        y memory
      > c1: list datasets
        c1 <- 5: answer 4: ["d"]
      > c1: unpublish d
        c1 <- 6: answer 5: true
      > show tasks
        no tasks
      > c1: unpublish d
        c1 <- 7: answer 6: false
      > c1: read d
        c1 <- 8: answer 7: []
    `);
  });

  it("cannot hold what its client has let go of", () => {
    follow(`
      > add client c1
      > c1: scatter x = 1
      > c1: release x
      > c1: publish d = [x]
        c1 <- 1: answer 0 failed: dataset "d" cannot hold a future that was released or cancelled
      > c1: list datasets
        c1 <- 2: answer 1: []
    `);
  });

  it("hands out what failed as failed, and what was cancelled by force as cancelled", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: publish d = [x, y]
        c1 <- 1: answer 0: done
      > w1: erred x "no good"
        w1 <- compute y = f(2)
        c1 <- 2: x failed: no good
      > c1: cancel y
      > c1: submit z = f(3)
      > c1: publish e = [z]
        c1 <- 3: answer 1: done
      > c1: cancel force z
        c1 <- 4: z cancelled: it was cancelled
      > c2: read d as p q
        c2 <- 1: answer 0: {"value":"[x, y]","tasks":[-1,-2],"shared":true}; p is f-c1-0, q is f-c1-1
        c2 <- 1: p failed: no good
      > c2: read e as r
        c2 <- 2: answer 1: {"value":"[z]","tasks":[-3],"shared":true}; r is f-c1-2
        c2 <- 2: r cancelled: it was cancelled by somebody else
      > c2: release p q r
      > w1: finish y = 2
      > show tasks
        x erred
        y memory
      > c2: unpublish d
        c2 <- 3: answer 2: true
      > c2: unpublish e
        c2 <- 4: answer 3: true
      > c1: release x
      > show tasks
        no tasks
    `);
  });

  it("keeps a large value in the cluster that would have been moved to the client", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        c1 <- 1: x is stored, 100000 bytes
      > c1: publish d = [x]
        c1 <- 2: answer 0: done
      > c1: gather x
        w1 <- get x
      > w1: data x
        c1 <- 3: x = "large"
      > show tasks
        x memory, on w1
    `);
  });

  it("is computed again when the worker that held it dies", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: publish d = [x]
        c1 <- 1: answer 0: done
      > remove client c1
      > w1: store x 20000
      > add worker w2
      > remove worker w1
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > w2: store x 20000
      > show tasks
        x memory, on w2
    `);
  });
});
