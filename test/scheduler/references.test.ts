/** How long the scheduler keeps what: tasks, their values, and what it knows of both. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a result", () => {
  it("is forgotten once the client has acknowledged the news that brought it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 5
        c1 <- 1: x = 5
      > show tasks
        x memory
      > c1: heard 1
      > show tasks
        no tasks
    `);
  });

  it("stays while a task needs it, acknowledged or not", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x), z = h(y)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 5
        w1 <- learn g
        w1 <- compute y = g(5)
        c1 <- 1: x = 5
      > c1: heard 1
      > show tasks
        x memory
        y processing
        z waiting
      > w1: finish y = 6
        w1 <- learn h
        w1 <- compute z = h(6)
        c1 <- 2: y = 6
      > show tasks
        y memory
        z processing
    `);
  });

  it("that is large stays on its worker until its last future is released", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim other = "x"
      > w1: store x 20000
        c1 <- 1: x is stored, 20000 bytes
        c2 <- 1: other is stored, 20000 bytes
      > c1: release x
      > show tasks
        x memory, on w1
      > c2: release other
        w1 <- free x
      > show tasks
        no tasks
    `);
  });

  it("that its user has released is kept until the tasks that need it have run", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
      > w1: finish y = 7
        w1 <- free x
        c1 <- 1: y = 7
      > show tasks
        y memory
    `);
  });

  it("that is small is copied for a user when a task or somebody else needs it too", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = {"n":1}
        w1 <- learn g
        w1 <- compute y = g({"n":1})
        c1 <- 1: x = {"n":1}, shared
      > c1: submit z = f(2) as "z"
      > c2: claim z2 = "z"
      > w1: finish y = 1
        w1 <- compute z = f(2) as "z"
        c1 <- 2: y = 1
      > w1: finish z = {"n":2}
        c1 <- 3: z = {"n":2}, shared
        c2 <- 1: z2 = {"n":2}, shared
    `);
  });

  it("of intermediate tasks is not kept when only the last future is held", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x), z = h(y)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x y
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
      > w1: store y 20000
        w1 <- free x
        w1 <- learn h
        w1 <- compute z = h(y)
      > w1: store z 20000
        w1 <- free y
        c1 <- 1: z is stored, 20000 bytes
      > show tasks
        z memory, on w1
    `);
  });
});

describe("a task that nobody needs", () => {
  it("is not run", () => {
    follow(`
      > add client c1
      > c1: submit x = f(1), y = g(x)
      > c1: release x y
      > show tasks
        no tasks
      > add worker w1
    `);
  });

  it("is called off if it runs, and its slot is free when the worker says so", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > c1: release x
        w1 <- cancel x@1
      > w1: finish x = 5
        w1 <- compute y = f(2)
      > show tasks
        y processing
    `);
  });

  it("keeps its slot when it is called off before its worker has said that it begins", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x
        w1 <- cancel x@1
      > w1: start x
      > w1: drop x@1
        w1 <- compute y = f(2)
    `);
  });

  it("leaves no value behind, however late that comes", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release x
        w1 <- cancel x@1
      > w1: store x 20000
        w1 <- cancel x@1
    `);
  });

  it("runs to its end if it was fired and forgotten, and is forgotten then", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: fire-and-forget y
      > c1: release x y
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
      > show tasks
        x memory, on w1
        y processing
      > w1: finish y = 1
        w1 <- free x
      > show tasks
        no tasks
    `);
  });

  it("is cleared when it fails though it was fired and forgotten", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: fire-and-forget x
      > c1: release x
      > w1: erred x "no"
      > show tasks
        no tasks
    `);
  });
});

describe("a client that leaves", () => {
  it("takes along what only it wanted", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1), y = f(2), z = f(3) as "z"
        w1 <- learn f
        w1 <- compute x = f(1)
      > c2: claim z2 = "z"
      > w1: store x 20000
        w1 <- compute y = f(2)
        c1 <- 1: x is stored, 20000 bytes
      > remove client c1
        w1 <- free x
        w1 <- cancel y@1
      > show tasks
        z queued
    `);
  });

  it("leaves running what was fired and forgotten", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: fire-and-forget x
      > remove client c1
      > show tasks
        x processing
      > w1: finish x = 1
      > show tasks
        no tasks
    `);
  });

  it("with a value that others need has it computed again", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: gather x
      > w1: store x 100000 moved
        c1 <- 1: x = "large", moved
      > c1: submit y = g(x)
      > c1: fire-and-forget y
      > remove client c1
        w1 <- compute x@2 = f(1)
      > show tasks
        x processing
        y waiting
    `);
  });
});
