/** What clients are told when everybody waits for somebody. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a standstill", () => {
  it("is told of when it has lasted, and all clients wait: who waits for what", () => {
    follow(`
      > add client c1
      > add worker w1
      > at 1000 ms
      > c1: submit x = f(1), y = g(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x y
      > tasks of w1: ask 0 lock a acquire {"by":"x"}
        w1 <- tell tasks 1: answer 0: {"token":1,"names":["a"]}
      > tasks of w1: ask 1 event e wait {"by":"x"}
      > w1: secede x
        w1 <- learn g
        w1 <- compute y = g(2), awaited
        c1 <- 1: x started
      > at 2000 ms
      > tasks of w1: ask 2 lock a acquire {"by":"y"}
      > w1: secede y
        wake at 7000
        c1 <- 2: y started
      > at 6000 ms
        wake at 7000
      > at 7000 ms
        c1 <- 3: warning: nothing has run for 5 s: every task that is left waits, and so does every client. Waiting are f-c1-0 for event e, g-c1-1 for lock a
      # Only once.
      > at 20000 ms
    `);
  });

  it("is none while something runs, or a client waits for nothing", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn g
        w2 <- compute y = g(2)
      > c1: gather x
      > tasks of w1: ask 0 event e wait {"by":"x"}
      > w1: secede x
        c1 <- 1: x started
      > at 6000 ms
      > w2: finish y = 1
        wake at 11000
        c1 <- 2: y = 1
      > at 11000 ms
      > c2: claim z = "f-c1-0"
        c2 <- 1: z started
      > c2: gather z
      > at 12000 ms
    `);
  });

  it("that is over before it has lasted is forgotten", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > tasks of w1: ask 0 event e wait {"by":"x"}
      > w1: secede x
        wake at 5000
        c1 <- 1: x started
      > at 3000 ms
        wake at 5000
      > tasks of w1: ask 1 event e set
        w1 <- tell tasks 1: answer 1: done
        w1 <- tell tasks 1: answer 0: done
      > w1: rejoin x
      > at 5000 ms
      > tasks of w1: ask 2 queue q get {"by":"x"}
      > w1: secede x
        wake at 10000
      > at 7000 ms
        wake at 10000
      > at 10000 ms
        c1 <- 2: warning: nothing has run for 5 s: every task that is left waits, and so does every client. Waiting are f-c1-0 for queue q
    `);
  });
});
