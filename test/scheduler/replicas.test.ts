/** Copies of values that clients ask for: how many there are to be, where, and how they come about. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("where values are", () => {
  it("is told of those that are asked for, or of all that are stored", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute y = f(2)
      > c1: scatter s = 5
      > c1: scatter d = "large" 20000 bytes 1 copies
        w1 <- put d = "large"
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > w2: finish y = 2
        c1 <- 2: y = 2
      > c1: who has x y s d
        c1 <- 3: answer 0: {"f-c1-0":["w1"],"f-c1-1":[],"data-c1-2":[],"data-c1-3":["w1"]}
      > c1: who has
        c1 <- 4: answer 1: {"f-c1-0":["w1"],"data-c1-3":["w1"]}
      > c1: what has
        c1 <- 5: answer 2: {"w1":["data-c1-3","f-c1-0"],"w2":[]}
      > c1: what has w1
        c1 <- 6: answer 3: {"w1":["data-c1-3","f-c1-0"]}
      > c1: what has w3
        c1 <- 7: answer 4 failed: there is no worker w3; there are w1, w2
      > c1: sizes of x y s d
        c1 <- 8: answer 5: {"f-c1-0":20000,"data-c1-2":8,"data-c1-3":20000}
      > c1: sizes
        c1 <- 9: answer 6: {"f-c1-0":20000,"data-c1-2":8,"data-c1-3":20000}
      > c1: info
        c1 <- 10: answer 7: {"address":"local","workers":{"w1":{"name":"w1","host":"","status":"running","nThreads":1,"processing":0,"occupancyMs":0,"actors":0,"nValues":2,"nbytes":40000,"resources":{},"link":""},"w2":{"name":"w2","host":"","status":"running","nThreads":1,"processing":0,"occupancyMs":0,"actors":0,"nValues":0,"nbytes":0,"resources":{},"link":""}},"clients":["c1"],"links":[],"queued":0}
    `);
  });
});

describe("replicas", () => {
  it("are handed on by those that have them, two at a time", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > add worker w4
      > add worker w5
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: replicate x
        link w2 and w1
        link w3 and w1
        w2 <- acquire x from w1
        w3 <- acquire x from w1
      > w2: add x
        link w4 and w1
        link w5 and w2
        w4 <- acquire x from w1
        w5 <- acquire x from w2
      > w3: add x
      > w4: add x
      > w5: add x
        c1 <- 2: answer 0: done
      > c1: who has x
        c1 <- 3: answer 1: {"f-c1-0":["w1","w2","w3","w4","w5"]}
    `);
  });

  it("are as many as asked for, on the emptiest of the workers that are named", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w3 <- learn f
        w3 <- compute y = f(2)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > w3: store y 30000
        c1 <- 2: y is stored, 30000 bytes
      > c1: replicate 2 of x
        link w2 and w1
        w2 <- acquire x from w1
      > w2: add x
        c1 <- 3: answer 0: done
      > c1: replicate 1 of x on w3
        link w3 and w1
        w3 <- acquire x from w1
      > w3: add x
        c1 <- 4: answer 1: done
      > c1: who has x
        c1 <- 5: answer 2: {"f-c1-0":["w1","w2","w3"]}
      > c1: replicate 1 of x
        w3 <- free x
        w1 <- free x
        c1 <- 6: answer 3: done
      > c1: who has x
        c1 <- 7: answer 4: {"f-c1-0":["w2"]}
      > c1: replicate x on w9
        c1 <- 8: answer 5 failed: there is no worker w9; there are w1, w2, w3
      > c1: replicate 9 of y on w1 w2
        link w2 and w3
        w1 <- acquire y from w3
        w2 <- acquire y from w3
      > w1: add y
      > w2: add y
        c1 <- 9: answer 6: done
      > c1: who has y
        c1 <- 10: answer 7: {"f-c1-1":["w3","w1","w2"]}
    `);
  });

  it("of small values are not made; of what the scheduler holds, they are sent from there", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: scatter d = "large" 20000 bytes
      > w1: finish x = 1
        c1 <- 1: x = 1
      > c1: replicate x d
        w1 <- put d = "large"
        w2 <- put d = "large"
        c1 <- 2: answer 0: done
      > c1: who has x d
        c1 <- 3: answer 1: {"f-c1-0":[],"data-c1-1":["w1","w2"]}
    `);
  });

  it("are made once the value is there", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: replicate x
      > w1: store x 20000
        link w2 and w1
        w2 <- acquire x from w1
        c1 <- 1: x is stored, 20000 bytes
      > w2: add x
        c1 <- 2: answer 0: done
    `);
  });

  it("are not moved to the client, and do not go when it asks for the value", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 100000
        c1 <- 1: x is stored, 100000 bytes
      > c1: replicate x
        link w2 and w1
        w2 <- acquire x from w1
      > w2: add x
        c1 <- 2: answer 0: done
      > c1: gather x
        w1 <- get x
      > w1: data x
        c1 <- 3: x = "large"
      > c1: who has x
        c1 <- 4: answer 1: {"f-c1-0":["w1","w2"]}
    `);
  });

  it("are fetched from another when a holder dies, and computed again when there is none", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: replicate 2 of x
        link w2 and w1
        w2 <- acquire x from w1
      > remove worker w2
        link w3 and w1
        w1 <- forget w2
        w3 <- acquire x from w1
      > w3: missing x asked w1
        w3 <- acquire x from w1
      > remove worker w1
        w3 <- forget w1
        w3 <- learn f
        w3 <- compute x@2 = f(1)
        c1 <- 2: x pending
      > w3: store x 20000
        c1 <- 3: x is stored, 20000 bytes
        c1 <- 3: answer 0: done
      > c1: who has x
        c1 <- 4: answer 1: {"f-c1-0":["w3"]}
    `);
  });

  it("of what fails, or is let go of, are refused with the reason", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = f(2), z = f(3)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute y = f(2)
      > c1: replicate x z
      > w1: erred x "no good"
        w1 <- compute z = f(3)
        c1 <- 1: x failed: no good
        c1 <- 1: answer 0 failed: no good
      > c1: replicate y
      > c1: release y
        w2 <- cancel y@1
        c1 <- 2: answer 1 failed: f-c1-1 is not there: it was released or cancelled
      > c1: replicate z
      > c1: cancel z
        w1 <- cancel z@1
        c1 <- 3: z cancelled: it was cancelled
        c1 <- 3: answer 2 failed: f-c1-2 is not there: it was released or cancelled
    `);
  });

  it("are not waited for when nobody is left who was to have them", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: replicate x on w2
        link w2 and w1
        w2 <- acquire x from w1
      > remove worker w2
        w1 <- forget w2
        c1 <- 2: answer 0 failed: none of the workers is there any more that were to hold the copies
      > show tasks
        x memory, on w1
    `);
  });

  it("are not asked for any more when the wait is given up; what is on its way comes", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > add worker w4
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: replicate x
        link w2 and w1
        link w3 and w1
        w2 <- acquire x from w1
        w3 <- acquire x from w1
      > c1: withdraw 0
      > w2: add x
      > w3: add x
      > c1: release x
        w1 <- free x
        w2 <- free x
        w3 <- free x
      > show tasks
        no tasks
    `);
  });

  it("are freed where no task is using them", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit y = g(x)
        w1 <- learn g
        w1 <- compute y = g(x)
      > c1: replicate x
        link w2 and w1
        w2 <- acquire x from w1
      > w2: add x
        c1 <- 2: answer 0: done
      > c1: replicate 1 of x
        w2 <- free x
        c1 <- 3: answer 1: done
      > c1: who has x
        c1 <- 4: answer 2: {"f-c1-0":["w1"]}
    `);
  });
});

describe("rebalancing", () => {
  it("moves what was stored first, and frees it where it was once the copy is there", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1), b = f(2), c = f(3), d = f(4)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: store a 20000
        w1 <- compute b = f(2)
        c1 <- 1: a is stored, 20000 bytes
      > w1: store b 20000
        w1 <- compute c = f(3)
        c1 <- 2: b is stored, 20000 bytes
      > w1: store c 20000
        w1 <- compute d = f(4)
        c1 <- 3: c is stored, 20000 bytes
      > w1: store d 20000
        c1 <- 4: d is stored, 20000 bytes
      > add worker w2
      > c1: rebalance
        link w2 and w1
        w2 <- acquire a from w1
        w2 <- acquire b from w1
      > w2: add a
        w1 <- free a
      > w2: add b
        w1 <- free b
        c1 <- 5: answer 0: done
      > c1: what has
        c1 <- 6: answer 1: {"w1":["f-c1-2","f-c1-3"],"w2":["f-c1-0","f-c1-1"]}
      > c1: rebalance
        c1 <- 7: answer 2: done
    `);
  });

  it("moves only what is meant, to where it is meant to be, and waits for it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1), b = f(2)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: store a 20000
        w1 <- compute b = f(2)
        c1 <- 1: a is stored, 20000 bytes
      > add worker w2
      > add worker w3
      > c1: rebalance b on w1 w3
      > w1: store b 90000
        link w3 and w1
        w3 <- acquire b from w1
        c1 <- 2: b is stored, 90000 bytes
      > w3: add b
        w1 <- free b
        c1 <- 3: answer 0: done
      > c1: gather b
        w3 <- get b, it may move
      > w3: data b moved
        c1 <- 4: b = "large", moved
      > c1: rebalance b
        c1 <- 5: answer 1: done
      > c1: what has
        c1 <- 6: answer 2: {"w1":["f-c1-0"],"w2":[],"w3":[]}
    `);
  });

  it("loses nothing when either worker dies", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1), b = f(2), c = f(3), d = f(4)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: store a 20000
        w1 <- compute b = f(2)
        c1 <- 1: a is stored, 20000 bytes
      > w1: store b 20000
        w1 <- compute c = f(3)
        c1 <- 2: b is stored, 20000 bytes
      > w1: store c 20000
        w1 <- compute d = f(4)
        c1 <- 3: c is stored, 20000 bytes
      > w1: store d 20000
        c1 <- 4: d is stored, 20000 bytes
      > add worker w2
      > add worker w3
      > c1: rebalance
        link w2 and w1
        link w3 and w1
        w2 <- acquire a from w1
        w3 <- acquire b from w1
      > remove worker w3
        w1 <- forget w3
      > w2: add a
        w1 <- free a
        c1 <- 5: answer 0: done
      > c1: what has
        c1 <- 6: answer 1: {"w1":["f-c1-1","f-c1-2","f-c1-3"],"w2":["f-c1-0"]}
      > c1: rebalance
        w2 <- acquire b from w1
      > remove worker w1
        w2 <- forget w1
        w2 <- learn f
        w2 <- compute b@2 = f(2)
        c1 <- 7: b pending
        c1 <- 7: c pending
        c1 <- 7: d pending
        c1 <- 7: answer 2: done
      > show tasks
        a memory, on w2
        b processing
        c queued
        d queued
    `);
  });

  it("leaves alone what was replicated, what is in use, and what would make it worse", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1), b = f(2), c = f(3)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: store a 20000
        w1 <- compute b = f(2)
        c1 <- 1: a is stored, 20000 bytes
      > c1: replicate 1 of a
        c1 <- 2: answer 0: done
      > w1: store b 20000
        w1 <- compute c = f(3)
        c1 <- 3: b is stored, 20000 bytes
      > w1: store c 90000
        c1 <- 4: c is stored, 90000 bytes
      > c1: submit x = g(b)
        w1 <- learn g
        w1 <- compute x = g(b)
      > add worker w2
      > c1: rebalance
        link w2 and w1
        w2 <- acquire c from w1
      > w2: add c
        w1 <- free c
        c1 <- 5: answer 1: done
      > c1: what has
        c1 <- 6: answer 2: {"w1":["f-c1-0","f-c1-1"],"w2":["f-c1-2"]}
    `);
  });
});
