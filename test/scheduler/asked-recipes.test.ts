/** What a client is told of what a task runs, and with what. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a recipe", () => {
  it("of a failed task names its function and its arguments, with claims on its inputs", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x, 2, x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 5
        w1 <- learn g
        w1 <- compute y = g(5, 2, 5)
        c1 <- 1: x = 5
      > w1: erred y "no"
        c1 <- 2: y failed: no
      > c1: release x
      > c1: recipe y as p
        c1 <- 3: answer 0: {"key":"g-c1-1","function":{"name":"g","hash":"g"},"shape":5,"slots":[-1,2,-1]}; p is f-c1-0
        c1 <- 3: p = 5
      > c1: release p
      > show tasks
        y erred
    `);
  });

  it("of packed arguments leaves them packed", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g([x, 2])
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g([x, 2], x)
        c1 <- 1: x is stored, 20000 bytes
      > w1: erred y "no"
        c1 <- 2: y failed: no
      > c1: recipe y as p
        c1 <- 3: answer 0: {"key":"g-c1-1","function":{"name":"g","hash":"g"},"shape":1048576,"slots":["[x, 2]",-1]}; p is f-c1-0
        c1 <- 3: p is stored, 20000 bytes
    `);
  });

  it("has what was let go made again", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 1: x is stored, 20000 bytes
      > c1: release x
      > w1: erred y "no"
        w1 <- free x
        c1 <- 2: y failed: no
      > show tasks
        y erred
      > c1: recipe y as p
        w1 <- compute x@2 = f(1)
        c1 <- 3: answer 0: {"key":"g-c1-1","function":{"name":"g","hash":"g"},"shape":1,"slots":[-1]}; p is f-c1-0
      > w1: store x 20000
        c1 <- 4: p is stored, 20000 bytes
    `);
  });

  it("of a task that failed because of an input is that input's", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x), z = h(y)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: release y
      > w1: erred x "no"
        c1 <- 1: x failed: no
        c1 <- 1: z failed: no
      > c1: recipe z
        c1 <- 2: answer 0: {"key":"f-c1-0","function":{"name":"f","hash":"f"},"shape":0,"slots":[1]}
      > c1: release x
      > c1: recipe z
        c1 <- 3: answer 1: {"key":"f-c1-0","function":{"name":"f","hash":"f"},"shape":0,"slots":[1]}
    `);
  });

  it("is told to others who claim the task, and while it runs", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x", y = g(x) as "y"
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "y"
      > c2: recipe mine as p
        c2 <- 1: answer 0: {"key":"y","function":{"name":"g","hash":"g"},"shape":1,"slots":[-1]}; p is x
      > w1: finish x = 5
        w1 <- learn g
        w1 <- compute y = g(5) as "y"
        c1 <- 1: x = 5
        c2 <- 2: p = 5
    `);
  });

  it("is not to be had of what has ended well, is data, or is not known", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: scatter d = 5
      > c1: recipe d
        c1 <- 1: answer 0 failed: data-c1-0 is data: there is nothing to be run
      > c1: submit x = f(1), y = g(2)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: finish x = 5
        w1 <- learn g
        w1 <- compute y = g(2)
        c1 <- 2: x = 5
      > c1: recipe x
        c1 <- 3: answer 1 failed: f-c1-1 has ended well, and what it was given is kept no longer: only tasks that have failed or not ended, or whose results stay in the cluster because they are large, can be run again
      > c1: cancel y
        w1 <- cancel y@1
        c1 <- 4: y cancelled: it was cancelled
      > c1: recipe y
        c1 <- 5: answer 2 failed: it was released or cancelled, and nobody knows any more what it ran
    `);
  });

  it("of a task with a large result is to be had", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1), y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 1: x is stored, 20000 bytes
      > w1: store y 20000
        c1 <- 2: y is stored, 20000 bytes
      > c1: release x
        w1 <- free x
      > c1: recipe y as p
        w1 <- compute x@2 = f(1)
        c1 <- 3: answer 0: {"key":"g-c1-1","function":{"name":"g","hash":"g"},"shape":1,"slots":[-1]}; p is f-c1-0
      > w1: store x 20000
        c1 <- 4: p is stored, 20000 bytes
    `);
  });
});
