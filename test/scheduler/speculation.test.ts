/** Second copies of tasks that take much longer than others of their function. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a second copy", () => {
  it("runs on another host, and what is ready first counts", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 1: p = 1
      > c1: submit x = f(1)
        a/0 <- compute x = f(1)
      > a/0: start x
        wake at 100
        c1 <- 2: x started
      > at 99 ms
        wake at 100
      > at 100 ms
        b/0 <- learn f
        b/0 <- compute x@2 = f(1)
      > b/0: start x
        wake at 200
        c1 <- 3: x started
      > b/0: finish x = 2
        a/0 <- cancel x@1
        c1 <- 4: x = 2
      > a/0: drop x@1
    `);
  });

  it("is called off when the first ends first", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 1: p = 1
      > c1: submit x = f(1)
        a/0 <- compute x = f(1)
      > a/0: start x
        wake at 100
        c1 <- 2: x started
      > at 100 ms
        b/0 <- learn f
        b/0 <- compute x@2 = f(1)
      > a/0: store x@1 20000
        b/0 <- cancel x@2
        c1 <- 3: x is stored, 20000 bytes
      > b/0: drop x@2
    `);
  });

  it("that comes to a value too late leaves none behind, though it may have been told to fetch the other meanwhile", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 1: p = 1
      > c1: submit x = f(1)
        a/0 <- compute x = f(1)
      > a/0: start x
        wake at 100
        c1 <- 2: x started
      > at 100 ms
        b/0 <- learn f
        b/0 <- compute x@2 = f(1)
      > b/0: store x@2 20000
        a/0 <- cancel x@1
        c1 <- 3: x is stored, 20000 bytes
      > c1: replicate x
        link a/0 and b/0
        a/0 <- acquire x from b/0
      > a/0: store x@1 20000
        a/0 <- cancel x@1
      > a/0: add x
        c1 <- 4: answer 0: done
      > show tasks
        p memory
        x memory, on b/0 a/0
    `);
  });

  it("is not made where its user does not want it", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 1: p = 1
      > c1: submit x = f(1) once
        a/0 <- compute x = f(1)
      > a/0: start x
        c1 <- 2: x started
      > at 100 ms
      > at 500 ms
    `);
  });

  it("is not made on the same host", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker a/1
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 1: p = 1
      > c1: submit x = f(1)
        a/0 <- compute x = f(1)
      > a/0: start x
        wake at 100
        c1 <- 2: x started
      > at 100 ms
      > at 500 ms
    `);
  });

  it("takes the place of the first when that fails, and counts when its worker dies", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 1: p = 1
      > c1: submit x = f(1)
        a/0 <- compute x = f(1)
      > a/0: start x
        wake at 100
        c1 <- 2: x started
      > at 100 ms
        b/0 <- learn f
        b/0 <- compute x@2 = f(1)
      > b/0: start x
        wake at 200
        c1 <- 3: x started
      > a/0: erred x@1 "no"
      > remove worker b/0
        a/0 <- compute x@3 = f(1), alone
        c1 <- 4: x pending
      > show deaths
        x 1
    `);
  });

  it("is charged together with the first when both workers die", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker a/0
      > add worker b/0
      > c1: submit p = f(0)
        a/0 <- learn f
        a/0 <- compute p = f(0)
      > a/0: finish p = 1 in 20000 us
        c1 <- 1: p = 1
      > c1: submit x = f(1)
        a/0 <- compute x = f(1)
      > a/0: start x
        wake at 100
        c1 <- 2: x started
      > at 100 ms
        b/0 <- learn f
        b/0 <- compute x@2 = f(1)
      > b/0: start x
        wake at 200
        c1 <- 3: x started
      > remove worker a/0
      > remove worker b/0
        c1 <- 4: x pending
      > show deaths
        x 2
    `);
  });
});
