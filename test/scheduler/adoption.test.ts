/** Values that somebody holds who comes back, and what becomes of them. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("values that outlived their scheduler", () => {
  it("are taken for a task's own when it is submitted", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > a/0: holds f c1 0 20000
        wake at 60000
      > c1: submit x = f(1), y = g(x)
        a/0 <- x is wanted
        a/0 <- learn g
        a/0 <- compute y = g(x)
        c1 <- 1: x is stored, 20000 bytes
    `);
  });

  it("are taken for a task's own that is being run meanwhile", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > add worker a/0
        a/0 <- learn f
        a/0 <- compute y = f(2)
      > a/0: holds f c1 0 20000
        wake at 60000
        w1 <- cancel x@1
        a/0 <- x is wanted
        c1 <- 1: x is stored, 20000 bytes
      > w1: drop x@1
    `);
  });

  it("are let go where another function has the number", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > a/0: holds f c1 0 20000
        wake at 60000
      > c1: submit x = g(1)
        a/0 <- let go of x
        a/0 <- learn g
        a/0 <- compute x = g(1)
      > at 59999 ms
        wake at 60000
    `);
  });

  it("are let go when nobody has asked for it for a while", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > a/0: holds f c1 5 20000
        wake at 60000
      > at 60000 ms
        a/0 <- let go of c1/5
    `);
  });
});
