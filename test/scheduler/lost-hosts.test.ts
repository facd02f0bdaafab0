/** Hosts that are gone with all their threads at once. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("the threads of a host that is gone", () => {
  it("are one death for what they had in hand, and nothing of it goes to another of them", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker a/1
      > add worker b/0
      > c1: submit x = f(1), y = g(2), z = h(3)
        a/0 <- learn f
        a/0 <- compute x = f(1)
        b/0 <- learn g
        b/0 <- compute y = g(2)
        a/1 <- learn h
        a/1 <- compute z = h(3)
      > a/0: start x
        wake at 100
        c1 <- 1: x started
      > remove host a
        c1 <- 2: x pending
        c1 <- 2: z pending
      > show deaths
        x 1
        z 1
      > b/0: finish z = 3
      > b/0: finish x = 1
      > b/0: finish y = 2
        b/0 <- learn f
        b/0 <- compute x@2 = f(1), alone
        c1 <- 3: y = 2
    `);
  });

  it("are charged to what was running, whatever thread it ran in", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker a/1
      > c1: submit x = f(1), y = g(2)
        a/0 <- learn f
        a/0 <- compute x = f(1)
        a/1 <- learn g
        a/1 <- compute y = g(2)
      > a/0: start x
        wake at 100
        c1 <- 1: x started
      > a/1: start y
        c1 <- 2: y started
      > remove host a
        c1 <- 3: x pending
        c1 <- 3: y pending
      > add worker b/0
        b/0 <- learn f
        b/0 <- compute x@2 = f(1), alone
      > add worker b/1
        b/1 <- learn g
        b/1 <- compute y@2 = g(2), alone
      > b/0: start x
        c1 <- 4: x started
      > c1: submit z = h(3)
      > b/1: start y
        c1 <- 5: y started
      > remove host b
        c1 <- 6: x pending
        c1 <- 6: y pending
      > show deaths
        x 2
        y 2
    `);
  });

  it("are charged to suspects that ran alone, and to nobody else", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker a/1
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > a/0: start x
        wake at 100
        c1 <- 1: x started
      > remove host a
        c1 <- 2: x pending
      > add worker b/0
        b/0 <- learn f
        b/0 <- compute x@2 = f(1), alone
      > add worker b/1
      > b/0: start x
        c1 <- 3: x started
      > c1: submit y = g(2)
        b/1 <- learn g
        b/1 <- compute y = g(2)
      > b/1: start y
        c1 <- 4: y started
      > remove host b
        c1 <- 5: x pending
        c1 <- 5: y pending
      > show deaths
        x 2
    `);
  });
});
