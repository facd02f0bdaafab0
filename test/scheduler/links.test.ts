/** Where tasks run and from where values are fetched, when bytes are dear between some workers and cheap between others. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a task with large inputs", () => {
  it("goes to another thread of the host that has them, rather than to a host far away that is idler", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker a/1
      > add worker b/0
      > link a and b: 5 ms, 1000 bytes a ms
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > a/0: store x 1000000
        c1 <- 1: x is stored, 1000000 bytes
      > c1: submit p = g(1)
        a/0 <- learn g
        a/0 <- compute p = g(1)
      > c1: submit y = h(x)
        link a/1 and a/0
        a/1 <- learn h
        a/1 <- compute y = h(x)
        a/1 <- with x on a/0
    `);
  });

  it("goes far away if the link is fast", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > link a and b: 0.1 ms, 1000000 bytes a ms
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > a/0: store x 1000000
        c1 <- 1: x is stored, 1000000 bytes
      > c1: submit p = g(1)
        a/0 <- learn g
        a/0 <- compute p = g(1)
      > c1: submit y = h(x)
        link b/0 and a/0
        b/0 <- learn h
        b/0 <- compute y = h(x)
        b/0 <- with x on a/0
    `);
  });

  it("is told first of the holder that is nearest, whoever made them", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > link a and b: 5 ms, 1000 bytes a ms
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > a/0: store x 1000000
        c1 <- 1: x is stored, 1000000 bytes
      > c1: replicate 2 of x
        link b/0 and a/0
        b/0 <- acquire x from a/0
      > b/0: add x
        c1 <- 2: answer 0: done
      > c1: submit p = g(1), q = g(2)
        a/0 <- learn g
        a/0 <- compute p = g(1)
        b/0 <- learn g
        b/0 <- compute q = g(2)
      > add worker b/1
      > c1: submit y = h(x)
        link b/1 and b/0
        link b/1 and a/0
        b/1 <- learn h
        b/1 <- compute y = h(x)
        b/1 <- with x on b/0 a/0
    `);
  });
});
