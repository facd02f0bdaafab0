/** What workers are asked to do outside the queue of tasks: running functions, plugins, modules. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a function that is run on every worker", () => {
  it("is answered with what it returned, by address, once all have answered", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "run", "fn": {"name": "f", "hash": "f"}, "args": []}
        wake at 10001
        w1 <- errand 0: run f
        w2 <- errand 0: run f
      > w2: done 0 = 2
      > w1: done 0 = 1
        c1 <- 1: answer 0: {"w1":1,"w2":2}
    `);
  });

  it("goes to busy workers too, and to those that are being started", () => {
    follow(`
      > add client c1
      > add worker w1
      > expect 1 workers
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: request 0 {"type": "run", "fn": {"name": "g", "hash": "g"}, "args": []}
      > add worker w2
      > expect 0 workers
        wake at 10001
        w1 <- errand 0: run g
        w2 <- errand 0: run g
    `);
  });

  it("ends with the error that came first, after all have answered", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "run", "fn": {"name": "f", "hash": "f"}, "args": []}
        wake at 10001
        w1 <- errand 0: run f
        w2 <- errand 0: run f
      > w2: undone 0 "second"
      > w1: undone 0 "first"
        c1 <- 1: answer 0 failed: second
    `);
  });

  it("ends with an error when a worker dies before it has answered", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "run", "fn": {"name": "f", "hash": "f"}, "args": []}
        wake at 10001
        w1 <- errand 0: run f
        w2 <- errand 0: run f
      > w2: done 0 = 2
      > remove worker w1
        c1 <- 1: answer 0 failed: w1 ended before it answered: it is gone
    `);
  });

  it("can be restricted to some, who have to be there", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "run", "fn": {"name": "f", "hash": "f"}, "args": [], "workers": ["w2"]}
        wake at 10001
        w2 <- errand 0: run f
      > w2: done 0 = 2
        c1 <- 1: answer 0: {"w2":2}
      > c1: request 1 {"type": "run", "fn": {"name": "f", "hash": "f"}, "args": [], "workers": ["w3"]}
        c1 <- 2: answer 1 failed: there is no worker w3; there are w1, w2
    `);
  });

  it("is not answered to a client that has left", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "run", "fn": {"name": "f", "hash": "f"}, "args": []}
        wake at 10001
        w1 <- errand 0: run f
      > remove client c1
      > w1: done 0 = 2
    `);
  });
});

describe("a plugin", () => {
  it("is set up by all workers, and by later ones before their first task", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
      > w1: done 0 = null
        c1 <- 1: answer 0: done
      > add worker w2
        w2 <- errand 1: register-plugin p
        w2 <- learn f
        w2 <- compute y = f(2)
      > w2: done 1 = null
    `);
  });

  it("that cannot be set up somewhere is taken off again, and later workers are spared", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
        w2 <- errand 0: register-plugin p
      > w1: done 0 = null
      > w2: undone 0 "no room"
        w1 <- errand 1: unregister-plugin p
        w2 <- errand 1: unregister-plugin p
        c1 <- 1: answer 0 failed: plugin p could not be set up on w2: Error: no room
      > add worker w3
    `);
  });

  it("that a later worker cannot set up is warned of, and it works on", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
      > w1: done 0 = null
        c1 <- 1: answer 0: done
      > add worker w2
        w2 <- errand 1: register-plugin p
      > w2: undone 1 "no room"
        c1 <- 2: warning: plugin p could not be set up on w2: Error: no room; it works on without
      > add worker w3
        w3 <- errand 2: register-plugin p
    `);
  });

  it("that failed is not taken off if another of its name was registered meanwhile", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
      > c1: request 1 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 1: register-plugin p
      > w1: undone 0 "no room"
        c1 <- 1: answer 0 failed: plugin p could not be set up on w1: Error: no room
      > w1: done 1 = null
        c1 <- 2: answer 1: done
    `);
  });

  it("has failed when its setup ends the worker, but not when the worker was asked to end", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
        w2 <- errand 0: register-plugin p
      > remove worker w1 asked
      > w2: done 0 = null
        c1 <- 1: answer 0: done
      > c1: request 1 {"type": "register-plugin", "name": "q", "plugin": {}}
        w2 <- errand 1: register-plugin q
      > remove worker w2
        c1 <- 2: answer 1 failed: plugin q could not be set up on w2: CommClosedError: w2 ended before it answered: it is gone
      > add worker w3
        w3 <- errand 3: register-plugin p
    `);
  });

  it("is unregistered everywhere, and later workers are not given it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
      > w1: done 0 = null
        c1 <- 1: answer 0: done
      > c1: request 1 {"type": "unregister-plugin", "name": "p"}
        w1 <- errand 1: unregister-plugin p
      > w1: done 1 = null
        c1 <- 2: answer 1: done
      > add worker w2
    `);
  });

  it("and modules are set up on a later worker in the order in which they were registered", () => {
    follow(`
      > add client c1
      > c1: request 0 {"type": "register-module", "url": "file:///m"}
        c1 <- 1: answer 0: done
      > c1: request 1 {"type": "register-plugin", "name": "p", "plugin": {}}
        c1 <- 2: answer 1: done
      > c1: request 2 {"type": "register-module", "url": "file:///n"}
        c1 <- 3: answer 2: done
      > add worker w1
        w1 <- errand 3: register-module file:///m
        w1 <- errand 4: register-plugin p
        w1 <- errand 5: register-module file:///n
    `);
  });
});
