/** Workers that leave in good order, and what becomes of the values that only they hold. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a worker that is retired", () => {
  it("ends at once if it has nothing", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
        end w1: it was retired
      > remove worker w1 asked
        c1 <- 1: answer 0: ["w1"]
    `);
  });

  it("finishes what it has begun, and gives back the rest", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit z = f(0)
        w1 <- learn f
        w1 <- compute z = f(0)
      > w1: finish z = 0 in 100 us
        c1 <- 1: z = 0
      > c1: submit a = f(1), b = f(2)
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
      > add worker w2
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
        w1 <- recall a@1
        w1 <- recall b@1
      > w1: drop b@1
        w2 <- learn f
        w2 <- compute b = f(2)
      > w1: finish a = 1
        end w1: it was retired
        c1 <- 2: a = 1
      > remove worker w1 asked
        c1 <- 3: answer 0: ["w1"]
    `);
  });

  it("has what only it holds fetched by those that stay, who hold least first", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2), z = f(3)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        w1 <- compute y = f(2)
        c1 <- 1: x is stored, 20000 bytes
      > w1: store y 30000
        w1 <- compute z = f(3)
        c1 <- 2: y is stored, 30000 bytes
      > w1: finish z = 3
        c1 <- 3: z = 3
      > add worker w2
      > add worker w3
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
        link w2 and w1
        link w3 and w1
        w2 <- acquire x from w1
        w3 <- acquire y from w1
      > w3: add y
      > w2: add x
        end w1: it was retired
      > remove worker w1 asked
        w2 <- forget w1
        w3 <- forget w1
        c1 <- 4: answer 0: ["w1"]
      > show tasks
        x memory, on w2
        y memory, on w3
        z memory
    `);
  });

  it("has values moved that it makes while it is leaving", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > add worker w2
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
      > w1: store x 20000
        link w2 and w1
        w2 <- acquire x from w1
        c1 <- 2: x is stored, 20000 bytes
      > w2: add x
        end w1: it was retired
    `);
  });

  it("gives the scheduler what only it holds when no other worker stays", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
        w1 <- get x
      > w1: data x
        end w1: it was retired
      > remove worker w1 asked
        c1 <- 2: answer 0: ["w1"]
      > c1: gather x
        c1 <- 3: x = "large", shared
      > add worker w2
      > c1: submit y = g(x)
        w2 <- learn g
        w2 <- put x = "large"
        w2 <- compute y = g(x)
    `);
  });

  it("waits for another when the one that fetches is lost, or leaves too", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > add worker w2
      > add worker w3
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
        link w2 and w1
        w2 <- acquire x from w1
      > remove worker w2
        link w3 and w1
        w1 <- forget w2
        w3 <- acquire x from w1
      > add worker w4
      > c1: request 1 {"type": "retire-workers", "workers": ["w3"]}
        link w4 and w1
        end w3: it was retired
        w4 <- acquire x from w1
      > w4: add x
        end w1: it was retired
    `);
  });

  it("does not wait for values that nobody needs any more, nor for runs that were called off", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w1 <- compute y = f(2)
      > w1: start y
        c1 <- 1: y started
      > w1: store x 20000
        c1 <- 2: x is stored, 20000 bytes
      > add worker w2
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
        link w2 and w1
        w2 <- acquire x from w1
      > c1: release x
        w1 <- free x
      > c1: cancel y
        end w1: it was retired
        w1 <- cancel y@1
        c1 <- 3: y cancelled: it was cancelled
    `);
  });

  it("gives the scheduler what could not be fetched, and what it does not have is computed again", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > add worker w2
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
        link w2 and w1
        w2 <- acquire x from w1
      > w2: missing x asked w1
        w1 <- get x
      > w1: data x missing
        end w1: it was retired
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        c1 <- 2: x pending
    `);
  });

  it("that dies before is not among those that left, and what it had in hand is blamed as ever", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > add worker w2
      > c1: request 0 {"type": "retire-workers", "workers": ["w1", "w7"]}
      > remove worker w1
        w2 <- learn f
        w2 <- compute x@2 = f(1), alone
        c1 <- 2: x pending
        c1 <- 2: answer 0: []
    `);
  });

  it("stays if that is taken back in time, as it was before", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > c1: request 0 {"type": "retire-workers", "workers": ["w1"]}
      > c1: withdraw 0
      > w1: finish x = 1
        w1 <- compute y = f(2)
        c1 <- 2: x = 1
    `);
  });

  it("takes its plugins down before it ends", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
      > w1: done 0 = null
        c1 <- 1: answer 0: done
      > c1: request 1 {"type": "retire-workers", "workers": ["w1"]}
        w1 <- errand 1: leave
      > w1: done 1 = null
        end w1: it was retired
    `);
  });

  it("answers what it is asked to run before it ends", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "run", "fn": {"name": "f", "hash": "f"}, "args": []}
        wake at 10001
        w1 <- errand 0: run f
      > c1: request 1 {"type": "retire-workers", "workers": ["w1"]}
      > w1: done 0 = 1
        end w1: it was retired
        c1 <- 1: answer 0: {"w1":1}
    `);
  });
});

describe("workers that are to leave, whichever", () => {
  it("are those with least to do, and not one in the middle of something long if another can go", () => {
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
      > w1: start x
        c1 <- 1: x started
      > c1: request 0 {"type": "retire-some", "count": 2}
        end w2: it was retired
        w3 <- recall y@1
      > c1: request 1 {"type": "scheduler-info"}
        c1 <- 2: answer 1: {"address":"local","workers":{"w1":{"name":"w1","host":"","status":"running","nThreads":1,"processing":1,"occupancyMs":10,"actors":0,"nValues":0,"nbytes":0,"resources":{},"link":""},"w2":{"name":"w2","host":"","status":"retiring","nThreads":1,"processing":0,"occupancyMs":0,"actors":0,"nValues":0,"nbytes":0,"resources":{},"link":""},"w3":{"name":"w3","host":"","status":"retiring","nThreads":1,"processing":1,"occupancyMs":10,"actors":0,"nValues":0,"nbytes":0,"resources":{},"link":""}},"clients":["c1"],"links":[],"queued":0}
    `);
  });

  it("are those with least to move", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > add worker w2
      > c1: request 0 {"type": "retire-some", "count": 1}
        end w2: it was retired
    `);
  });
});

describe("the load", () => {
  it("counts what is queued and in hand, and tasks of unknown duration for half a second", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "load"}
        c1 <- 1: answer 0: {"workUs":0,"tasks":0,"busy":0}
      > c1: submit a = f(1), b = f(2)
        w1 <- learn f
        w1 <- compute a = f(1)
      > c1: request 1 {"type": "load"}
        c1 <- 2: answer 1: {"workUs":1000000,"tasks":2,"busy":0}
      > w1: start a
        c1 <- 3: a started
      > c1: request 2 {"type": "load"}
        c1 <- 4: answer 2: {"workUs":1000000,"tasks":2,"busy":1}
      > w1: finish a = 1 in 20000 us
        w1 <- compute b = f(2)
        c1 <- 5: a = 1
      > c1: request 3 {"type": "load"}
        c1 <- 6: answer 3: {"workUs":20000,"tasks":1,"busy":0}
    `);
  });
});
