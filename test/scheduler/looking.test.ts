/** What the scheduler tells of workers that may not answer: their logs, and where they are in their code. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("logs", () => {
  it("are given without those of workers that compute, after a while", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "logs"}
        wake at 3000
        w1 <- errand 0: log
        w2 <- errand 1: log
      > w1: done 0 = {"lines":[],"missed":0}
      > at 3000 ms
        c1 <- 1: answer 0: {"w1":{"lines":[],"missed":0}}
      > w2: done 1 = {"lines":[],"missed":7}
    `);
  });

  it("are given at once when all have answered, and are asked of none but those that are named", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: request 0 {"type": "logs", "workers": ["w2"]}
        wake at 3000
        w2 <- errand 0: log
      > w2: done 0 = {"lines":[],"missed":7}
        c1 <- 1: answer 0: {"w2":{"lines":[],"missed":7}}
      > c1: request 1 {"type": "logs", "workers": ["w3"]}
        c1 <- 2: answer 1 failed: there is no worker w3; there are w1, w2
    `);
  });

  it("are followed on workers that are there and on those that come, until nobody follows any more", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: request 0 {"type": "log-follow"}
        w1 <- errand 0: log on
      > c2: request 0 {"type": "log-follow"}
      > add worker w2
        w2 <- errand 1: log on
      > c1: withdraw 0
      > remove client c2
        w1 <- errand 2: log off
        w2 <- errand 2: log off
    `);
  });
});

describe("call stacks", () => {
  it("are asked of those who own workers that have something in hand; whoever does not tell is not waited for", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > at 40 ms
      > w1: start x
        c1 <- 1: x started
      > c1: request 0 {"type": "call-stack"}
        look into w1
        wake at 3040
      > at 3040 ms
        c1 <- 2: answer 0: {"workers":{"w1":{"running":[{"key":"f-c1-0","name":"f","sinceMs":40}],"inHand":[],"stack":{"reason":"whoever owns it has not told within 3000 ms"}},"w2":{"running":[],"inHand":[],"stack":{"reason":"it has no task in hand"}}},"nowMs":3040}
    `);
  });
});
