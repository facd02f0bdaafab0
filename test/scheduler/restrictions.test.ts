/** Tasks that may not run everywhere: where they go, and what becomes of those that can go nowhere. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a task that asks for resources", () => {
  it("runs where they are, one at a time if there are no more", () => {
    follow(`
      > add client c1
      > add worker w0
      > add worker w1 slots 4 with a 2 and b 1
      > c1: submit x = f(1), y = f(2), z = f(3) needs a 1 and b 1
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 1
        w1 <- compute y = f(2)
        c1 <- 1: x = 1
      > w1: erred y "no"
        w1 <- compute z = f(3)
        c1 <- 2: y failed: no
      > w1: store z 20000
        c1 <- 3: z is stored, 20000 bytes
    `);
  });

  it("is not sent ahead of its time, however short it is", () => {
    follow(`
      > add client c1
      > add worker w1 with gpu 1
      > c1: submit a = f(1)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: finish a = 1 in 10 us
        c1 <- 1: a = 1
      > c1: submit b = f(2), c = f(3), d = f(4) needs gpu 1
        w1 <- compute b = f(2)
      > w1: finish b = 1
        w1 <- compute c = f(3)
        c1 <- 2: b = 1
    `);
  });

  it("may share them with others as long as there is enough", () => {
    follow(`
      > add client c1
      > add worker w1 slots 4 with gpu 1
      > c1: submit a = f(1), b = f(2), c = f(3) needs gpu 0.5
        w1 <- learn f
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
      > w1: finish b = 1
        w1 <- compute c = f(3)
        c1 <- 1: b = 1
    `);
  });

  it("has them until the worker is rid of it, cancelled or not", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2 with gpu 1
      > c1: submit x = f(1), y = f(2) needs gpu 1
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > c1: cancel x
        w1 <- cancel x@1
        c1 <- 2: x cancelled: it was cancelled
      > w1: drop x@1
        w1 <- compute y = f(2)
    `);
  });

  it("gives them back when its worker dies, and runs where there are others", () => {
    follow(`
      > add client c1
      > add worker w1 with gpu 1
      > add worker w2 with gpu 1
      > c1: submit x = f(1), y = f(2), z = f(3) needs gpu 1
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute y = f(2)
      > remove worker w1 asked
        c1 <- 1: x pending
      > w2: finish y = 1
        w2 <- compute x@2 = f(1)
        c1 <- 2: y = 1
      > w2: finish x = 1
        w2 <- compute z = f(3)
        c1 <- 3: x = 1
    `);
  });

  it("does not lose them to younger ones that ask for less", () => {
    follow(`
      > add client c1
      > add worker w1 slots 4 with gpu 2
      > c1: submit a = f(1) needs gpu 1
        w1 <- learn f
        w1 <- compute a = f(1)
      > c1: submit b = f(2) needs gpu 2
      > c1: submit c = f(3) needs gpu 1
      > c1: submit d = f(4)
        w1 <- compute d = f(4)
      > w1: finish a = 1
        w1 <- compute b = f(2)
        c1 <- 1: a = 1
      > w1: finish b = 1
        w1 <- compute c = f(3)
        c1 <- 2: b = 1
    `);
  });

  it("lets others by that run elsewhere", () => {
    follow(`
      > add client c1
      > add worker w1 with gpu 1
      > add worker w2
      > c1: submit a = f(1), b = f(2) needs gpu 1
        w1 <- learn f
        w1 <- compute a = f(1)
      > c1: submit c = f(3)
        w2 <- learn f
        w2 <- compute c = f(3)
    `);
  });

  it("goes where its large inputs are, if it may", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2 with gpu 1
      > add worker w2 slots 2 with gpu 1
      > c1: submit x = f(1) on w2
        w2 <- learn f
        w2 <- compute x = f(1)
      > w2: store x 9000000
        c1 <- 1: x is stored, 9000000 bytes
      > c1: submit y = g(x) needs gpu 1
        w2 <- learn g
        w2 <- compute y = g(x)
      > c1: submit z = g(x) on w1
        link w1 and w2
        w1 <- learn g
        w1 <- compute z = g(x)
        w1 <- with x on w2
    `);
  });
});

describe("what a worker has", () => {
  it("can change while tasks use it: they keep what they have", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > set w1 gpu 1
      > c1: submit c = f(1), d = f(2) needs gpu 1
        w1 <- learn f
        w1 <- compute c = f(1)
      > set w1 gpu 0
        wake at 5000
        c1 <- 1: warning: no worker can run f-c1-1: it asks for any worker with 1 gpu, and there is w1 with 0 gpu. It waits 5000 ms for one that can
      > show tasks
        c processing
        d no-worker
      > w1: finish c = 1
        c1 <- 2: c = 1
      > w1: has gpu 2
        w1 <- compute d = f(2)
      > c1: submit e = f(3) needs gpu 2
      > w1: finish d = 1
        w1 <- compute e = f(3)
        c1 <- 3: d = 1
    `);
  });
});

describe("a task that names workers", () => {
  it("runs on those, and waits for them", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit a = f(1), b = f(2) on w2
        w2 <- learn f
        w2 <- compute a = f(1)
      > c1: submit c = f(3)
        w1 <- learn f
        w1 <- compute c = f(3)
      > w2: finish a = 1
        w2 <- compute b = f(2)
        c1 <- 1: a = 1
    `);
  });

  it("prefers them where others are allowed", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit c = f(3), d = f(4), e = f(5) on w2 or others
        w2 <- learn f
        w2 <- compute c = f(3)
        w1 <- learn f
        w1 <- compute d = f(4)
      > w2: finish c = 1
        w2 <- compute e = f(5)
        c1 <- 1: c = 1
    `);
  });

  it("can as well wait for others, if they are not there", () => {
    follow(`
      > add client c1
      > c1: submit c = f(3), d = f(4) on w2 or others
      > add worker w1
        w1 <- learn f
        w1 <- compute c = f(3)
      > w1: finish c = 1
        w1 <- compute d = f(4)
        c1 <- 1: c = 1
    `);
  });

  it("runs alone where it may when it is suspected of a worker's death, and others make room for it", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3 slots 2
      > c1: submit busy = g(1) on w3
        w3 <- learn g
        w3 <- compute busy = g(1)
      > c1: submit x = f(1) on w1 w3
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > remove worker w1
        c1 <- 2: x pending
      > c1: submit y = g(2) on w3
      > w3: finish busy = 1
        w3 <- learn f
        w3 <- compute x@2 = f(1), alone
        c1 <- 3: busy = 1
      > w3: finish x = 1
        w3 <- compute y = g(2)
        c1 <- 4: x = 1
    `);
  });

  it("is not kept from its worker by a long queue of others", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1), b = f(2), c = f(3)
        w1 <- learn f
        w1 <- compute a = f(1)
      > c1: submit x = g(1) on w1
      > c1: submit y = g(2) priority -1 on w1
      > c1: submit z = f(4) priority 1
      > w1: finish a = 1
        w1 <- compute z = f(4)
        c1 <- 1: a = 1
      > w1: finish z = 1
        w1 <- learn g
        w1 <- compute x = g(1)
        c1 <- 2: z = 1
      > w1: finish x = 1
        w1 <- compute b = f(2)
        c1 <- 3: x = 1
      > w1: finish b = 1
        w1 <- compute c = f(3)
        c1 <- 4: b = 1
      > w1: finish c = 1
        w1 <- compute y = g(2)
        c1 <- 5: c = 1
    `);
  });
});

describe("what nobody can run", () => {
  it("waits for one who can, with a warning for each kind, and fails when that takes too long", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit a = f(1) on w2
        wake at 5000
        c1 <- 1: warning: no worker can run f-c1-0: it asks for w2, and there is w1. It waits 5000 ms for one that can
      > c1: submit b = f(2) on w2
      > c1: submit c = f(3) needs gpu 1
        c1 <- 2: warning: no worker can run f-c1-2: it asks for any worker with 1 gpu, and there is w1. It waits 5000 ms for one that can
      > c2: submit d = f(4) needs gpu 1
        c2 <- 1: warning: no worker can run f-c2-0: it asks for any worker with 1 gpu, and there is w1. It waits 5000 ms for one that can
      > show tasks
        a no-worker
        b no-worker
        c no-worker
        d no-worker
      > at 4000 ms
        wake at 5000
      > add worker w2
        w2 <- learn f
        w2 <- compute a = f(1)
      > at 5000 ms
        c1 <- 3: c failed: no worker can run f-c1-2: it asks for any worker with 1 gpu, and there is w1; w2
        c2 <- 2: d failed: no worker can run f-c2-0: it asks for any worker with 1 gpu, and there is w1; w2
      > show tasks
        a processing
        b queued
        c erred
        d erred
    `);
  });

  it("takes with it what depends on it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1) on w2
        wake at 5000
        c1 <- 1: warning: no worker can run f-c1-0: it asks for w2, and there is w1. It waits 5000 ms for one that can
      > c1: submit b = g(a)
      > at 5000 ms
        c1 <- 2: a failed: no worker can run f-c1-0: it asks for w2, and there is w1
        c1 <- 2: b failed: no worker can run f-c1-0: it asks for w2, and there is w1
    `);
  });

  it("is judged only when all are there that are being started", () => {
    follow(`
      > add client c1
      > starting 2 workers
      > c1: submit c = f(2) needs gpu 1
      > add worker w1
      > starting 1 worker
      > at 10000 ms
      > starting 0 workers
        wake at 15000
        c1 <- 1: warning: no worker can run f-c1-0: it asks for any worker with 1 gpu, and there is w1. It waits 5000 ms for one that can
      > at 14999 ms
        wake at 15000
      > at 15000 ms
        c1 <- 2: c failed: no worker can run f-c1-0: it asks for any worker with 1 gpu, and there is w1
    `);
  });

  it("can be cancelled, and forgotten", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1), b = f(2) needs gpu 1
        wake at 5000
        c1 <- 1: warning: no worker can run f-c1-0: it asks for any worker with 1 gpu, and there is w1. It waits 5000 ms for one that can
      > c1: cancel a
        c1 <- 2: a cancelled: it was cancelled
      > c1: release b
      > show tasks
        no tasks
      > set w1 gpu 1
      > at 5000 ms
    `);
  });

  it("waits for its inputs again when they are lost", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit y = g(x) needs gpu 1
        wake at 5000
        c1 <- 2: warning: no worker can run g-c1-1: it asks for any worker with 1 gpu, and there is w1; w2. It waits 5000 ms for one that can
      > remove worker w1 asked
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        c1 <- 3: x pending
      > show tasks
        x processing
        y waiting
      > w2: store x 20000
        c1 <- 4: x is stored, 20000 bytes
      > set w2 gpu 1
        w2 <- learn g
        w2 <- compute y = g(x)
    `);
  });

  it("is what can be run nowhere any more, too", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2 with gpu 1
      > c1: submit x = f(1), y = f(2) needs gpu 1
        w2 <- learn f
        w2 <- compute x = f(1)
      > remove worker w2 asked
        wake at 5000
        c1 <- 1: x pending
        c1 <- 1: warning: no worker can run f-c1-1: it asks for any worker with 1 gpu, and there is w1. It waits 5000 ms for one that can
      > show tasks
        x no-worker
        y no-worker
      > add worker w3 with gpu 1
        w3 <- learn f
        w3 <- compute x@2 = f(1)
    `);
  });

  it("may wait for ever where there is nobody at all", () => {
    follow(`
      > add client c1
      > c1: submit a = f(1) on w1
      > at 100000 ms
      > add worker w1
        w1 <- learn f
        w1 <- compute a = f(1)
    `);
  });
});

describe("a scattered value", () => {
  it("goes to one of the workers that are named for it, the one that holds least", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: scatter d = 5 to w2
        w2 <- put d = 5
      > c1: scatter e = 5 to w2 w3
        w3 <- put e = 5
      > c1: scatter g = 5 to w2 w3 everywhere
        w2 <- put g = 5
        w3 <- put g = 5
    `);
  });

  it("waits for workers that are being started, and for no others", () => {
    follow(`
      > add client c1
      > starting 1 worker
      > c1: scatter d = 5 to w1
      > c1: scatter e = 5 to w2
      > add worker w1
        w1 <- put d = 5
      > starting 0 workers
        c1 <- 1: warning: there is no worker w2 to send data-c1-1 to
      > c1: submit x = f(e)
        w1 <- learn f
        w1 <- compute x = f(5)
    `);
  });
});
