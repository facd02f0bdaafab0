/** Tasks that are known by a name, and data that clients hand in. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a name", () => {
  it("means the same task for all who submit it, which runs once", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "shared"
        w1 <- learn f
        w1 <- compute x = f(1) as "shared"
      > c2: submit y = f(1) as "shared"
      > w1: start x
        c1 <- 1: x started
        c2 <- 1: y started
      > w1: finish x = 5
        c1 <- 2: x = 5
        c2 <- 2: y = 5
      > c1: release x
      > c2: submit z = g(y)
        w1 <- learn g
        w1 <- compute z = g(5)
      > c2: release y z
        w1 <- cancel z@1
      > show tasks
        no tasks
    `);
  });

  it("tells who claims it how far the task is", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x", y = f(2) as "y"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > w1: start x
        c1 <- 1: x started
      > c2: claim a = "x"
        c2 <- 1: a started
      > w1: erred x "no"
        w1 <- compute y = f(2) as "y"
        c1 <- 2: x failed: no
        c2 <- 2: a failed: no
      > c2: claim b = "x"
        c2 <- 3: b failed: no
      > w1: store y 20000
        c1 <- 3: y is stored, 20000 bytes
      > c2: claim c = "y"
        c2 <- 4: c is stored, 20000 bytes
    `);
  });

  it("that was never given is found all the same: it is made of function, client and number", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c2: claim a = "f-c1-0"
      > w1: finish x = 5
        c1 <- 1: x = 5
        c2 <- 1: a = 5
      > c1: heard 1
      > show tasks
        x memory
    `);
  });

  it("of nothing cancels the claim, and says what may be the reason", () => {
    follow(`
      > add client c1
      > c1: claim x = "nothing"
        c1 <- 1: x cancelled: there is no task nothing, or not any more: once a small result has come to the client that submitted the task, it is that client's alone, unless it named the task: with({ key })
    `);
  });

  it("is good for claims after its own client has let go of the task, and has left", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c2: claim y = "f-c1-0"
        c2 <- 1: y is stored, 20000 bytes
      > c1: release x
      > c2: claim z = "f-c1-0"
        c2 <- 2: z is stored, 20000 bytes
      > remove client c1
      > c2: release y
      > add client c3
      > c3: claim u = "f-c1-0"
        c3 <- 1: u is stored, 20000 bytes
      > c2: release z
      > c3: release u
        w1 <- free x
      > show tasks
        no tasks
    `);
  });

  it("stays with a value that its client gives back", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 5
        c1 <- 1: x = 5
      > c1: heard 1
      > c2: claim y = "f-c1-0"
        c2 <- 1: y cancelled: there is no task f-c1-0, or not any more: once a small result has come to the client that submitted the task, it is that client's alone, unless it named the task: with({ key })
      > c1: scatter x = 5 of f
      > c2: claim z = "f-c1-0"
        c2 <- 2: z = 5
    `);
  });
});

describe("scattered data", () => {
  it("that is small travels with the tasks that need it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: scatter d = 5
      > c1: submit x = f(d), y = g([d])
        w1 <- learn f
        w1 <- compute x = f(5)
      > w1: finish x = 1
        w1 <- learn g
        w1 <- compute y = g([d], d)
        w1 <- with d = 5
        c1 <- 1: x = 1
    `);
  });

  it("that is large is sent to each worker once, and the scheduler keeps it", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: scatter d = "data" 20000 bytes
      > c1: submit a = f(d), b = f(d)
        w1 <- learn f
        w1 <- put d = "data"
        w1 <- compute a = f(d)
        w2 <- learn f
        w2 <- put d = "data"
        w2 <- compute b = f(d)
      > w1: finish a = 1
        c1 <- 1: a = 1
      > c1: submit c = f(d)
        w1 <- compute c = f(d)
      > remove worker w1
        c1 <- 2: c pending
      > w2: finish b = 1
        w2 <- compute c@2 = f(d), alone
        c1 <- 3: b = 1
      > c1: release d
    `);
  });

  it("goes to workers at once if that is asked for; to those that come later, when a task needs it", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > add worker w3
      > c1: scatter all = "data" 20000 bytes everywhere
        w1 <- put all = "data"
        w2 <- put all = "data"
        w3 <- put all = "data"
      > c1: scatter two = "data" 20000 bytes 2 copies
        w1 <- put two = "data"
        w2 <- put two = "data"
      > c1: scatter there = "data" 20000 bytes to w2 w3 w9 everywhere
        w3 <- put there = "data"
        w2 <- put there = "data"
      > c1: scatter one = "data" 20000 bytes to w2 w3
        w3 <- put one = "data"
      > add worker w4
      > c1: who has all two there one
        c1 <- 1: answer 0: {"data-c1-0":["w1","w2","w3"],"data-c1-1":["w1","w2"],"data-c1-2":["w3","w2"],"data-c1-3":["w3"]}
      > c1: submit x = f(all, 1), y = f(all, 2), z = f(all, 3), u = f(all, 4)
        w1 <- learn f
        w1 <- compute x = f(all, 1)
        w2 <- learn f
        w2 <- compute y = f(all, 2)
        w3 <- learn f
        w3 <- compute z = f(all, 3)
        w4 <- learn f
        w4 <- put all = "data"
        w4 <- compute u = f(all, 4)
      > c1: release all
    `);
  });

  it("that goes by one name is one, however often it is scattered and let go of", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: scatter d = "data" 20000 bytes as "data-1"
      > c1: submit x = f(d)
        w1 <- learn f
        w1 <- put d = "data"
        w1 <- compute x = f(d)
      > c1: release d
      > c1: scatter e = "data" 20000 bytes as "data-1"
        c1 <- 1: e is stored, 20000 bytes
      > c2: scatter o = "data" 20000 bytes as "data-1" everywhere
        c2 <- 1: o is stored, 20000 bytes
      > w1: finish x = 1
        c1 <- 2: x = 1
      > c1: submit y = f(e)
        w1 <- compute y = f(d)
      > w1: finish y = 1
        c1 <- 3: y = 1
      > c1: release e
      > show tasks
        d memory, on w1
        x memory
        y memory
      > c2: release o
        w1 <- free d
      > c1: scatter n = "data" 20000 bytes as "data-1"
      > c1: submit z = f(n)
        w1 <- put n = "data"
        w1 <- compute z = f(n)
    `);
  });

  it("is given to a client that asks for it, as a copy", () => {
    follow(`
      > add client c1
      > c1: scatter d = {"n":1} 120 bytes
      > c1: gather d
        c1 <- 1: d = {"n":1}, shared
    `);
  });
});
