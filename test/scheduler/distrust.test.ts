/** Workers and clients from elsewhere that say what they cannot: they are ended, and nothing of what they said is heard. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a worker that is not believed may not speak of", () => {
  it("a run it was never given, or of a run that others have", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker w1
      > add foreign worker a/0
      > c1: submit x = f(1), y = f(2), z = f(3)
        w1 <- learn f
        w1 <- compute x = f(1)
        a/0 <- learn f
        a/0 <- compute y = f(2)
      > a/0: finish x@1 = 5
        end a/0: ProtocolError: task-finished: run 1 of task 1 is not in its hands
      > w1: finish x = 1
        w1 <- compute z = f(3)
        c1 <- 1: x = 1
    `);
  });

  it("a run with another number, and nothing it says later counts", () => {
    follow(`
      > learn hosts
      > add client c1
      > add foreign worker a/0
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > a/0: finish x@7 = 5
        end a/0: ProtocolError: task-finished: run 7 of task 1 is not in its hands
      > a/0: finish x = 5
      > remove worker a/0 asked
        c1 <- 1: x pending
    `);
  });

  it("a run's end twice", () => {
    follow(`
      > learn hosts
      > add client c1
      > add foreign worker a/0
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > a/0: finish x = 5, x = 6
        end a/0: ProtocolError: task-finished: run 1 of task 1 ends twice
    `);
  });

  it("other things than runs that were called off, whose end is no lie", () => {
    follow(`
      > learn hosts
      > add client c1
      > add foreign worker a/0
      > c1: submit x = f(1)
        a/0 <- learn f
        a/0 <- compute x = f(1)
      > c1: cancel x
        a/0 <- cancel x@1
        c1 <- 1: x cancelled: it was cancelled
      > a/0: finish x@1 = 5
    `);
  });

  it("a copy that it was not told to fetch", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker w1
      > add foreign worker a/0
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > a/0: add x
        end a/0: ProtocolError: add-keys: it was not told to fetch 1, or says so twice
    `);
  });

  it("others being without a value that they hold", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker w1
      > add foreign worker a/0
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > a/0: missing x asked w1
        end a/0: ProtocolError: missing-data: it was not told to fetch 1
    `);
  });

  it("a value that it was not asked for", () => {
    follow(`
      > learn hosts
      > add client c1
      > add worker w1
      > add foreign worker a/0
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > a/0: data x moved
        end a/0: ProtocolError: data: it was not asked for 1
    `);
  });
});

describe("a client that is not believed may not speak of", () => {
  it("news that it was not told", () => {
    follow(`
      > learn hosts
      > add foreign client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: heard 7
        end c1: ProtocolError: news-received: it was not told news 7
      > c1: submit y = f(1)
      > c2: submit z = f(2)
    `);
  });

  it("a question twice", () => {
    follow(`
      > learn hosts
      > add foreign client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: ask 0 lock l acquire
        c1 <- 1: answer 0: {"token":1,"names":["l"]}
      > c1: ask 1 lock l acquire
      > c1: ask 1 lock l acquire
        end c1: ProtocolError: request: question 1 is open
    `);
  });

  it("functions of others: what goes by the same hash is not the same for that", () => {
    follow(`
      > learn hosts
      > add foreign client c1
      > add foreign client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 1
        c1 <- 1: x = 1
      > c2: submit y = f(2)
        w1 <- learn f
        w1 <- compute y = f(2)
    `);
  });
});
