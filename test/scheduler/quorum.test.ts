/** Tasks whose result is believed when enough workers have come to the same. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a task with a quorum", () => {
  it("runs on one worker after the other until enough agree, and no more often", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: submit x = f(1) quorum 2 of 3
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > w1: finish x = 5
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 1: x pending
      > w2: finish x = 5
        c1 <- 2: x = 5
      > c1: heard 2
      > show tasks
        no tasks
    `);
  });

  it("outvotes who has come to something else", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: submit x = f(1), y = g(x) quorum 2 of 3
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > w1: finish x = 666
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 1: x pending
      > w2: finish x = 5
        w3 <- learn f
        w3 <- compute x@3 = f(1), awaited
        c1 <- 2: x pending
      > w3: finish x = 5
        w3 <- learn g
        w3 <- compute y = g(5), awaited
        c1 <- 3: x = 5
    `);
  });

  it("fails as soon as so many cannot agree any more", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: submit x = f(1) quorum 3 of 3
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > w1: finish x = 1
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 1: x pending
      > w2: finish x = 2
        c1 <- 2: x failed: f-c1-0 was to have 3 equal results: 2 copies came to 2 different ones (w1; w2)
      > c1: retry x
        w2 <- compute x@3 = f(1), awaited
        c1 <- 3: x pending
    `);
  });

  it("takes errors for results, too, once there are no retries left", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: submit x = f(1) retries 1 quorum 2 of 3
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > w1: erred x "it may pass"
        w1 <- compute x@2 = f(1), awaited
        c1 <- 1: x pending
      > w1: erred x "no"
        w2 <- learn f
        w2 <- compute x@3 = f(1), awaited
        c1 <- 2: x pending
      > w2: finish x = 5
        w3 <- learn f
        w3 <- compute x@4 = f(1), awaited
        c1 <- 3: x pending
      > w3: erred x "no"
        c1 <- 4: x failed: no
    `);
  });

  it("does not count a copy whose worker dies, and does not ask the others again", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1) quorum 2 of 2
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > w1: finish x = 5
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 1: x pending
      > remove worker w2
        wake at 5000
        c1 <- 2: x pending
        c1 <- 2: warning: no worker can run f-c1-0: it asks for any worker, for one more copy beside those of w1, and there is w1. It waits 5000 ms for one that can
      > add worker w3
        w3 <- learn f
        w3 <- compute x@3 = f(1), awaited, alone
      > w3: finish x = 5
        c1 <- 3: x = 5
    `);
  });

  it("has large values brought along, compares these, and keeps the one that is believed with the scheduler", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1) quorum 2 of 2
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > w1: store x 20000 pushed
        w1 <- free x
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 1: x pending
      > c1: gather x
      > w2: store x 20000 moved
        c1 <- 2: x is stored, 20000 bytes
        c1 <- 2: x = "large", shared
      > c1: submit y = g(x)
        w2 <- learn g
        w2 <- put x = "large"
        w2 <- compute y = g(x)
    `);
  });

  it("does not believe a worker that keeps its large value to itself", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1) quorum 2 of 2
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > w1: store x 20000
        w1 <- free x
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 1: x pending
      > w2: finish x = 5
        c1 <- 2: x failed: f-c1-0 was to have 2 equal results: 2 copies came to 2 different ones (w1; w2)
    `);
  });

  it("gives one copy to each host, where there are several", () => {
    const stage = new SchedulerStage();
    const add = (address: string) =>
      stage.machine.handle({ type: "add-worker", worker: address, name: address.slice(-3), nThreads: 1 });
    for (const address of ["thread://a/0", "thread://a/1", "thread://b/0"]) add(address);
    stage.play("add client c1");
    stage.play("c1: submit x = f(1) quorum 2 of 2");
    const sent: string[] = [];
    const id = stage.id("x");
    for (let run = 1; run <= 2; run++) {
      for (const [address, worker] of stage.machine.state.workers) if (worker.processing > 0) sent.push(address);
      stage.machine.handle({
        type: "worker-message",
        worker: sent.at(-1) as string,
        message: { type: "task-finished", ranges: [id, run, 1], values: [5], spent: [] },
      });
      stage.machine.take();
    }
    assert.deepEqual(sent, ["thread://a/0", "thread://b/0"]);
  });

  it("does not ask who has taken the place of a worker that has come to a result", () => {
    const stage = new SchedulerStage();
    const { machine } = stage;
    const add = (number: number, name: string) =>
      machine.handle({ type: "add-worker", worker: `thread://a/${number}`, name, nThreads: 1 });
    add(0, "a-0");
    stage.play("add client c1");
    stage.play("c1: submit x = f(1) quorum 2 of 2");
    const id = stage.id("x");
    const message = { type: "task-finished", ranges: [id, 1, 1], values: [5], spent: [] } as const;
    machine.handle({
      type: "worker-message",
      worker: "thread://a/0",
      message: { ...message, ranges: [...message.ranges], values: [...message.values], spent: [] },
    });
    machine.handle({ type: "remove-worker", worker: "thread://a/0", reason: "it died", expected: false });
    add(1, "a-0");
    assert.equal(machine.state.tasks.get(id)?.processingOn, undefined, "the same once more");
    add(2, "a-1");
    assert.equal(machine.state.tasks.get(id)?.processingOn?.name, "a-1", "another");
  });

  it("is not followed by its dependents before it is decided", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit a = g(1)
        w1 <- learn g
        w1 <- compute a = g(1)
      > w1: finish a = 1 in 20 us
        c1 <- 1: a = 1
      > c1: submit x = f(1) quorum 2 of 2
        w1 <- learn f
        w1 <- compute x = f(1), awaited
      > c1: submit y = g(x)
      > w1: finish x = 5
        w2 <- learn f
        w2 <- compute x@2 = f(1), awaited
        c1 <- 2: x pending
      > w2: finish x = 5
        w2 <- learn g
        w2 <- compute y = g(5)
        c1 <- 3: x = 5
    `);
  });
});
