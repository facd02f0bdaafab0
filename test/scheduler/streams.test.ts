/** Tasks whose items go to a client as they come: credit, items, and what becomes of them when something goes wrong. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a stream", () => {
  it("is given credit when it is sent, and hands out items when they are asked for", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > w1: start x
        c1 <- 2: x started
      > w1: items x 1 2
      > c1: items x
        c1 <- 3: answer 1: {"items":[1,2],"ended":false}
      > c1: items x credit 2
        w1 <- credit 2 for x@1
      > w1: items x 3
        c1 <- 4: answer 2: {"items":[3],"ended":false}
      > w1: items x 4
      > w1: finish x = 7
        c1 <- 5: x = 7
      > c1: items x credit 1
        c1 <- 6: answer 3: {"items":[4],"ended":true}
      > c1: items x credit 1
        c1 <- 7: answer 4: {"items":[],"ended":true}
      > c1: heard 9
      > c1: items x
        c1 <- 8: answer 5: {"items":[],"ended":true}
      > show tasks
        no tasks
    `);
  });

  it("that is opened before a worker is there has its credit with the task", () => {
    follow(`
      > add client c1
      > c1: submit x = f(1) streaming
      > c1: credit x 4
        c1 <- 1: answer 0: done
      > c1: credit x 1
        c1 <- 2: answer 1: done
      > add worker w1
        w1 <- learn f
        w1 <- compute x = f(1)
        w1 <- credit 5 for x@1
    `);
  });

  it("that comes back before it began is given its credit where it goes then", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > w1: drop x@1
        w1 <- compute x = f(1)
        w1 <- credit 4 for x@1
    `);
  });

  it("without credit leaves its slot to others", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming, y = g(1), z = h(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 1
        w1 <- credit 1 for x@1
        c1 <- 1: answer 0: done
      > w1: start x
        c1 <- 2: x started
      > w1: items x 1
      > w1: secede x
        w1 <- learn g
        w1 <- compute y = g(1)
      > w1: start y
        c1 <- 3: y started
      > c1: items x
        c1 <- 4: answer 1: {"items":[1],"ended":false}
      > c1: items x credit 1
        w1 <- credit 1 for x@1
      > w1: finish y = 2
        w1 <- learn h
        w1 <- compute z = h(1)
        c1 <- 5: y = 2
      > w1: rejoin x
      > w1: items x 2
        c1 <- 6: answer 2: {"items":[2],"ended":false}
      > w1: finish x = 3
        c1 <- 7: x = 3
    `);
  });

  it("that fails says so after its items", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > c1: items x
      > w1: items x 1
        c1 <- 2: answer 1: {"items":[1],"ended":false}
      > w1: items x 2
      > w1: erred x "no"
        c1 <- 3: x failed: no
      > c1: items x credit 1
        c1 <- 4: answer 2: {"items":[2],"ended":true,"error":"no"}
      > c1: items x
        c1 <- 5: answer 3: {"items":[],"ended":true,"error":"no"}
    `);
  });

  it("that is retried is run for what it returns alone, whoever retries it", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) streaming, y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c2: claim mine = "g-c1-1"
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > c1: items x
      > w1: items x 1
        c1 <- 2: answer 1: {"items":[1],"ended":false}
      > w1: items x 2
      > w1: erred x "no"
        c1 <- 3: x failed: no
        c1 <- 3: y failed: no
        c2 <- 1: mine failed: no
      > c2: retry mine
        w1 <- compute x@2 = f(1)
        w1 <- credit 1099511627776 for x@2
        c1 <- 4: y pending
        c1 <- 4: x pending
        c2 <- 2: mine pending
      > c1: items x credit 1
        w1 <- credit 1 for x@2
        c1 <- 5: answer 2: {"items":[2],"ended":true,"error":"no"}
      > w1: items x 1 2
      > w1: finish x = 3
        w1 <- learn g
        w1 <- compute y = g(3)
        c1 <- 6: x = 3
    `);
  });

  it("starts over when its worker dies, as long as nothing of it has been used", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > w1: start x
        c1 <- 2: x started
      > w1: items x 1 2
      > add worker w2
      > remove worker w1
        w2 <- learn f
        w2 <- compute x@2 = f(1), alone
        w2 <- credit 4 for x@2
        c1 <- 3: x pending
      > w2: items x 1
      > c1: items x
        c1 <- 4: answer 1: {"items":[1],"ended":false}
    `);
  });

  it("that is to start over gives nothing of its first run meanwhile", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > w1: items x 1 2
      > remove worker w1 asked
        c1 <- 2: x pending
      > c1: items x
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        w2 <- credit 4 for x@2
      > w2: items x 1
        c1 <- 3: answer 1: {"items":[1],"ended":false}
    `);
  });

  it("ends with the death of its worker when something of it has been used", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming, y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > w1: start x
        c1 <- 2: x started
      > w1: items x 1 2
      > c1: items x
        c1 <- 3: answer 1: {"items":[1,2],"ended":false}
      > c1: items x credit 2
        w1 <- credit 2 for x@1
      > add worker w2
      > remove worker w1 asked
        c1 <- 4: x failed: f-c1-0 cannot go on: its worker ended (it is gone) after 2 of its items had been used, and a new run would give them again
        c1 <- 4: y failed: f-c1-0 cannot go on: its worker ended (it is gone) after 2 of its items had been used, and a new run would give them again
        c1 <- 4: answer 2: {"items":[],"ended":true,"error":"f-c1-0 cannot go on: its worker ended (it is gone) after 2 of its items had been used, and a new run would give them again"}
      > show tasks
        x erred
        y erred
    `);
  });

  it("is run again after an error of its own only if nothing of it has been used", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming retries 3
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > w1: items x 1
      > w1: erred x "first"
        w1 <- compute x@2 = f(1)
        w1 <- credit 4 for x@2
        c1 <- 2: x pending
      > w1: items x 1
      > c1: items x
        c1 <- 3: answer 1: {"items":[1],"ended":false}
      > w1: erred x "second"
        c1 <- 4: x failed: second
      > c1: items x
        c1 <- 5: answer 2: {"items":[],"ended":true,"error":"second"}
    `);
  });

  it("makes a lost return value again with nobody looking", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > c1: items x
      > w1: items x 1
        c1 <- 2: answer 1: {"items":[1],"ended":false}
      > w1: store x 20000
        c1 <- 3: x is stored, 20000 bytes
      > c1: items x
        c1 <- 4: answer 2: {"items":[],"ended":true}
      > add worker w2
      > remove worker w1
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        w2 <- credit 1099511627776 for x@2
        c1 <- 5: x pending
      > w2: items x 1
      > w2: store x 20000
        c1 <- 6: x is stored, 20000 bytes
    `);
  });

  it("that comes back because a recipe needs it is run with nobody looking", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming, y = g(x)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > c1: items x
      > w1: items x 1
        c1 <- 2: answer 1: {"items":[1],"ended":false}
      > w1: store x 20000
        w1 <- learn g
        w1 <- compute y = g(x)
        c1 <- 3: x is stored, 20000 bytes
      > c1: release x
      > w1: store y 20000
        w1 <- free x
        c1 <- 4: y is stored, 20000 bytes
      > show tasks
        y memory, on w1
      > remove worker w1
        c1 <- 5: y pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
        w2 <- credit 1099511627776 for x@2
      > w2: items x 1
      > w2: store x 20000
        w2 <- learn g
        w2 <- compute y@2 = g(x)
    `);
  });

  it("given up by its client goes on for others who want what it returns", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x" streaming
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > w1: items x 1
      > w1: secede x
        c1 <- 2: x started
        c2 <- 1: mine started
      > c1: cancel x
        w1 <- credit 1099511627776 for x@1
      > c1: close x
        c1 <- 3: answer 1: done
      > w1: rejoin x
      > w1: items x 2
      > w1: finish x = 3
        c2 <- 2: mine = 3
    `);
  });

  it("goes on for others when its client leaves", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x" streaming
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c2: claim mine = "x"
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > c1: items x
      > remove client c1
        w1 <- credit 1099511627776 for x@1
      > w1: items x 2
      > w1: finish x = 3
        c2 <- 1: mine = 3
    `);
  });

  it("that is cancelled ends for whoever waits for items", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) streaming
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > c1: items x
      > c1: cancel x
        w1 <- cancel x@1
        c1 <- 2: x cancelled: it was cancelled
        c1 <- 2: answer 1: {"items":[],"ended":true}
      > w1: items x 1
      > w1: drop x@1
      > c1: items x
        c1 <- 3: answer 2: {"items":[],"ended":true}
      > show tasks
        no tasks
    `);
  });

  it("is not for a second client, nor for one who asks for items of what gives none", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1) as "x" streaming, y = g(1)
        w1 <- learn f
        w1 <- compute x = f(1) as "x"
      > c1: credit x 4
        w1 <- credit 4 for x@1
        c1 <- 1: answer 0: done
      > c2: submit x = f(1) as "x" streaming
      > c2: items x
        c2 <- 1: answer 0 failed: x has no items for this client: its items go to another who gave it that name
      > c1: items y
        c1 <- 2: answer 1 failed: g-c1-1 has no items for this client: it is no stream, but a task of that name
    `);
  });
});
