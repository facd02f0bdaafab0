/** Values that hold futures on each other. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("values that hold futures on each other", () => {
  it("are let go of when nobody can come to them from elsewhere any more", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1) as "a", b = f(2) as "b", c = f(3) as "c"
        w1 <- learn f
        w1 <- compute a = f(1) as "a"
      > tasks of w1: claim b1 = "b"
      > w1: carries a b1
      > tasks of w1: release b1
      > w1: finish a = {}
        w1 <- compute b = f(2) as "b"
        c1 <- 1: a = {}, shared
      > tasks of w1: claim a1 = "a"
        w1 <- tell tasks 1: a1 = {}, shared
      > w1: carries b a1
      > tasks of w1: release a1
      > w1: finish b = {}
        w1 <- compute c = f(3) as "c"
        c1 <- 2: b = {}, shared
      > tasks of w1: claim a2 = "a"
        w1 <- tell tasks 2: a2 = {}, shared
      > w1: carries c a2
      > tasks of w1: release a2
      > w1: finish c = {}
        c1 <- 3: c = {}, shared
      > c1: release a b
      > at 1000 ms
      > w1: memory 100
      > show tasks
        a memory
        b memory
        c memory
      > c1: release c
      > show tasks
        a memory
        b memory
      > at 2000 ms
      > w1: memory 100
      > show tasks
        no tasks
    `);
  });

  it("are not kept by a future on themselves", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1) as "a"
        w1 <- learn f
        w1 <- compute a = f(1) as "a"
      > tasks of w1: claim a1 = "a"
      > w1: carries a a1
      > tasks of w1: release a1
      > w1: finish a = {}
        c1 <- 1: a = {}, shared
      > c1: release a
      > show tasks
        no tasks
    `);
  });
});
