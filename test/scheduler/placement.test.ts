/** Which task goes first, and to which worker. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("tasks that wait for a worker", () => {
  it("run by priority, then dependents before roots, then in order", () => {
    follow(`
      > add client c1
      > c1: submit a = f(1)
      > c1: submit b = f(2) priority -1
      > c1: submit c = f(3) priority 5
      > c1: submit d = f(4)
      > c1: submit e = g(c)
      > add worker w1
        w1 <- learn f
        w1 <- compute c = f(3)
      > w1: finish c = 1
        w1 <- learn g
        w1 <- compute e = g(1)
        c1 <- 1: c = 1
      > w1: finish e = 1
        w1 <- compute a = f(1)
        c1 <- 2: e = 1
      > w1: finish a = 1
        w1 <- compute d = f(4)
        c1 <- 3: a = 1
      > w1: finish d = 1
        w1 <- compute b = f(2)
        c1 <- 4: d = 1
    `);
  });

  it("run by age, whatever befell them before", () => {
    follow(`
      > add client c1
      > add worker w1 slots 3
      > c1: submit a = f(1), b = f(2), c = f(3), d = f(4) retries 1
        w1 <- learn f
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
      > remove worker w1 asked
        c1 <- 1: a pending
        c1 <- 1: b pending
        c1 <- 1: c pending
      > add worker w2
        w2 <- learn f
        w2 <- compute a@2 = f(1)
      > w2: erred a "no"
        w2 <- compute a@3 = f(1)
        c1 <- 2: a pending
      > w2: finish a = 1
        w2 <- compute b@2 = f(2)
        c1 <- 3: a = 1
      > w2: finish b = 1
        w2 <- compute c@2 = f(3)
        c1 <- 4: b = 1
      > w2: finish c = 1
        w2 <- compute d = f(4)
        c1 <- 5: c = 1
    `);
  });

  it("run by age once their inputs are there, whichever came first", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit a = f(1), b = f(2), x = g(a), y = g(b), z = h(1)
        w1 <- learn f
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
      > c1: submit busy = f(3) priority 1
      > w1: finish b = 1
        w1 <- compute busy = f(3)
        c1 <- 1: b = 1
      > w1: finish a = 1
        w1 <- learn g
        w1 <- compute x = g(1)
        c1 <- 2: a = 1
      > w1: finish x = 1
        w1 <- compute y = g(1)
        c1 <- 3: x = 1
      > w1: finish busy = 1
        w1 <- learn h
        w1 <- compute z = h(1)
        c1 <- 4: busy = 1
    `);
  });

  it("go one to a slot while it is unknown how long they take", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > add worker w2
      > c1: submit a = f(1), b = f(2), c = f(3), d = f(4), e = f(5)
        w1 <- learn f
        w1 <- compute a = f(1)
        w1 <- compute c = f(3)
        w2 <- learn f
        w2 <- compute b = f(2)
      > w1: start a
        c1 <- 1: a started
      > w1: finish a = 1
        w1 <- compute d = f(4)
        c1 <- 2: a = 1
    `);
  });

  it("go to each worker as far as it has slots", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2 slots 3
      > c1: submit a = f(1), b = f(2), c = f(3), d = f(4), e = f(5)
        w1 <- learn f
        w1 <- compute a = f(1)
        w2 <- learn f
        w2 <- compute b = f(2)
        w2 <- compute c = f(3)
        w2 <- compute d = f(4)
    `);
  });

  it("go many at a time once they are known to be short, and spread over the workers", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit a = f(1)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: finish a = 1 in 100 us
        c1 <- 1: a = 1
      > c1: submit b = f(2), c = f(3), d = f(4), e = f(5), g = f(6), h = f(7)
        w1 <- compute b = f(2)
        w1 <- compute e = f(5)
        w1 <- compute g = f(6)
        w2 <- learn f
        w2 <- compute c = f(3)
        w2 <- compute d = f(4)
        w2 <- compute h = f(7)
    `);
  });

  it("go one at a time when they are known to be long", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit a = f(1)
        w1 <- learn f
        w1 <- compute a = f(1)
      > w1: finish a = 1 in 50000 us
        c1 <- 1: a = 1
      > c1: submit b = f(2), c = f(3)
        w1 <- compute b = f(2)
      > w1: finish b = 1
        w1 <- compute c = f(3)
        c1 <- 2: b = 1
    `);
  });
});

describe("a task with large inputs", () => {
  it("goes where most of them are", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute y = f(2)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > w2: store y 9000000
        c1 <- 2: y is stored, 9000000 bytes
      > c1: submit z = g(x, y)
        link w2 and w1
        w2 <- learn g
        w2 <- compute z = g(x, y)
        w2 <- with x on w1
    `);
  });

  it("does not wait for a busy holder", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit y = g(x), z = g(x)
        link w2 and w1
        w1 <- learn g
        w1 <- compute y = g(x)
        w2 <- learn g
        w2 <- compute z = g(x)
        w2 <- with x on w1
    `);
  });

  it("leaves its slot to others while they are fetched, for their holder may be busy for long", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute y = f(2)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > w2: store y 20000
        c1 <- 2: y is stored, 20000 bytes
      > c1: submit busy = f(3), sum = g(x, y), other = f(4), another = f(5)
        link w2 and w1
        w2 <- learn g
        w2 <- compute sum = g(x, y)
        w2 <- compute other = f(4)
        w2 <- with x on w1
        w1 <- compute busy = f(3)
    `);
  });

  it("has them fetched once where two tasks need them", () => {
    follow(`
      > add client c1
      > add worker w1 slots 1
      > add worker w2 slots 2
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
      > c1: submit a = g(x), b = g(x), c = g(x), d = g(x)
        link w2 and w1
        w1 <- learn g
        w1 <- compute a = g(x)
        w2 <- learn g
        w2 <- compute b = g(x)
        w2 <- compute c = g(x)
        w2 <- compute d = g(x)
        w2 <- with x on w1
        w2 <- with x on w1
        w2 <- with x on w1
      > w2: add x
      > w2: finish b = 1
        c1 <- 2: b = 1
    `);
  });
});
