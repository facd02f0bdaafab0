/** Whose results are whose: which worker's was accepted. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("whose result it is", () => {
  it("is known from the first question on, once there is one, and while somebody records, too", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "who-made", "tasks": []}
        c1 <- 1: answer 0: {}
      > c1: request 1 {"type": "trace-open"}
        w1 <- errand 0: trace Infinity a second, each 250 ms
        c1 <- 2: answer 1: {"traces":[],"count":0,"missed":0}
      > c1: submit x = f(1) as "X"
        w1 <- learn f
        w1 <- compute x = f(1) as "X"
      > c1: request 2 {"type": "who-made", "tasks": [0]}
        c1 <- 3: answer 2: {}
      > w1: store x 20000
        c1 <- 4: x is stored, 20000 bytes
      > c1: request 3 {"type": "who-made", "tasks": [0]}
        c1 <- 5: answer 3: {"X":"w1"}
    `);
  });

  it("is whoever came to it first, if there were two", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > c1: request 0 {"type": "who-made", "tasks": []}
        c1 <- 1: answer 0: {}
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 2: p = 1
      > c1: submit x = f(1) as "X"
        a/0 <- compute x = f(1) as "X"
      > a/0: start x
        wake at 100
        c1 <- 3: x started
      > at 100 ms
        b/0 <- learn f
        b/0 <- compute x@2 = f(1) as "X"
      > a/0: store x@1 20000
        b/0 <- cancel x@2
        c1 <- 4: x is stored, 20000 bytes
      > c1: request 1 {"type": "who-made", "tasks": [1]}
        c1 <- 5: answer 1: {"X":"a/0"}
    `);
  });
});
