/** What becomes of tasks that are given up, and of what is said of their runs. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("cancelling", () => {
  it("takes out the task and all that depends on it, and nothing else", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x), z = h(y), other = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: cancel x
        w1 <- cancel x@1
        c1 <- 1: x cancelled: it was cancelled
        c1 <- 1: y cancelled: it was cancelled
        c1 <- 1: z cancelled: it was cancelled
      > w1: drop x@1
        w1 <- compute other = f(2)
      > show tasks
        other processing
    `);
  });

  it("of a waiting task leaves its inputs to others", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x), z = h(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: cancel y
        c1 <- 1: y cancelled: it was cancelled
      > w1: finish x = 5
        w1 <- learn h
        w1 <- compute z = h(5)
        c1 <- 2: x = 5
    `);
  });

  it("ignores what comes of the run afterwards", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: cancel x
        w1 <- cancel x@1
        c1 <- 1: x cancelled: it was cancelled
      > w1: start x
      > w1: progress x 0.5
      > w1: erred x "no"
      > show tasks
        no tasks
    `);
  });

  it("gives up one claim where others have theirs", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > c2: cancel mine
      > w1: finish x = 5
        c1 <- 1: x = 5
    `);
  });

  it("by force takes it from everybody, and ends the thread that runs it", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > c2: cancel force mine
        end w1: its task was cancelled by force
        w1 <- cancel x@1
        c1 <- 1: x cancelled: it was cancelled
        c2 <- 1: mine cancelled: it was cancelled
    `);
  });

  it("by force sends nothing more to that thread, and its neighbours run again uncharged", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > add worker w2
      > c1: submit x = f(1), y = f(2), z = f(3), late = f(4)
        w1 <- learn f
        w1 <- compute x = f(1)
        w1 <- compute z = f(3)
        w2 <- learn f
        w2 <- compute y = f(2)
      > w1: start x
        c1 <- 1: x started
      > w1: start z
        c1 <- 2: z started
      > c1: cancel force x
        end w1: its task was cancelled by force
        w1 <- cancel x@1
        c1 <- 3: x cancelled: it was cancelled
      > c1: submit more = f(5)
      > remove worker w1 asked
        c1 <- 4: z pending
      > w2: finish y = 2
        w2 <- compute z@2 = f(3)
        c1 <- 5: y = 2
    `);
  });

  it("makes tasks impossible that are submitted on it later", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: cancel x
        w1 <- cancel x@1
        c1 <- 1: x cancelled: it was cancelled
      > c1: submit y = g(x)
        c1 <- 2: y cancelled: it depends on a future that was released or cancelled before
      > show tasks
        no tasks
    `);
  });
});

describe("what a worker says of a run", () => {
  it("is told to all who want the task", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > w1: start x
        c1 <- 1: x started
        c2 <- 1: mine started
      > w1: progress x 0.25
        c1 <- 2: x is 25 % done
        c2 <- 2: mine is 25 % done
    `);
  });

  it("is ignored if it is about an older run", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) retries 1
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: erred x "no"
        w1 <- compute x@2 = f(1)
        c1 <- 1: x pending
      > w1: finish x@1 = 5
      > w1: erred x@1 "no"
      > w1: finish x = 6
        c1 <- 2: x = 6
    `);
  });
});
