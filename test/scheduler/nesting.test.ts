/** Tasks that submit tasks: their client, their slots, their place in the queue, and who is to blame when a thread dies. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a task that submits tasks", () => {
  it("gives its slot back while it waits for them, and hears of them on its worker's channel", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit parent = f(1)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > w1: start parent
        c1 <- 1: parent started
      > tasks of w1: submit child = g(2) in parent
      > w1: secede parent
        w1 <- learn g
        w1 <- compute child = g(2)
      > w1: finish child = 5
        w1 <- tell tasks 1: child = 5
      > w1: rejoin parent
      > w1: finish parent = 6
        c1 <- 2: parent = 6
    `);
  });

  it("counts again when it goes on, beyond the slots if need be", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit parent = f(1)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > w1: secede parent
        c1 <- 1: parent started
      > c1: submit other = h(2), last = h(3)
        w1 <- learn h
        w1 <- compute other = h(2)
      > w1: rejoin parent
      > w1: finish other = 5
        c1 <- 2: other = 5
      > w1: finish parent = 6
        w1 <- compute last = h(3)
        c1 <- 3: parent = 6
    `);
  });

  it("may be called off while it waits, and keeps no slot from others", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit parent = f(1)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > w1: secede parent
        c1 <- 1: parent started
      > c1: cancel parent
        w1 <- cancel parent@1
        c1 <- 2: parent cancelled: it was cancelled
      > c1: submit other = g(2)
        w1 <- learn g
        w1 <- compute other = g(2)
      > w1: rejoin parent
      > w1: drop parent@1
      > w1: finish other = 3
        c1 <- 3: other = 3
    `);
  });

  it("has its tasks run before others of the same priority, the deepest first, and after those of a higher one", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit parent = f(1), root = f(2)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > c1: submit urgent = f(3) priority 1
      > tasks of w1: submit child = g(2), sibling = g(3) in parent
      > w1: secede parent
        w1 <- compute urgent = f(3)
        c1 <- 1: parent started
      > w1: finish urgent = 1
        w1 <- learn g
        w1 <- compute child = g(2)
        c1 <- 2: urgent = 1
      > tasks of w1: submit grandchild = g(4) in child
      > w1: secede child
        w1 <- compute grandchild = g(4)
        w1 <- tell tasks 1: child started
      > w1: finish grandchild = 1
        w1 <- compute sibling = g(3)
        w1 <- tell tasks 2: grandchild = 1
      > w1: finish sibling = 1
        w1 <- compute root = f(2)
        w1 <- tell tasks 3: sibling = 1
    `);
  });

  it("runs again when its worker dies, and what it alone wanted is let go", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit parent = f(1)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > w1: secede parent
        c1 <- 1: parent started
      > add worker w2
      > tasks of w1: submit child = g(2), other = g(3) in parent
        w1 <- learn g
        w1 <- compute child = g(2)
        w2 <- learn g
        w2 <- compute other = g(3)
      > remove worker w1 asked
        w2 <- cancel other@1
        c1 <- 2: parent pending
      > w2: drop other@1
        w2 <- learn f
        w2 <- compute parent@2 = f(1)
      > show tasks
        parent processing
    `);
  });

  it("is not blamed for a death while it waits, unless by a task that it submitted", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit parent = f(1), stranger = h(1)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > w1: secede parent
        w1 <- learn h
        w1 <- compute stranger = h(1)
        c1 <- 1: parent started
      > w1: start stranger
        c1 <- 2: stranger started
      > remove worker w1
        c1 <- 3: parent pending
        c1 <- 3: stranger pending
      > show deaths
        stranger 1
      > c1: cancel stranger
        c1 <- 4: stranger cancelled: it was cancelled
      > add worker w2
        w2 <- learn f
        w2 <- compute parent@2 = f(1)
      > w2: secede parent
        c1 <- 5: parent started
      > tasks of w2: submit child = g(1) in parent
        w2 <- learn g
        w2 <- compute child = g(1)
      > w2: start child
        w2 <- tell tasks 1: child started
      > remove worker w2
        c1 <- 6: parent pending
      > show deaths
        parent 1
    `);
  });

  it("lets a task that has to run alone have a worker on which others wait", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit victim = f(1)
        w1 <- learn f
        w1 <- compute victim = f(1)
      > remove worker w1
        c1 <- 1: victim pending
      > add worker w2
        w2 <- learn f
        w2 <- compute victim@2 = f(1), alone
      > w2: secede victim
        c1 <- 2: victim started
      > tasks of w2: submit child = g(1) in victim
        w2 <- learn g
        w2 <- compute child = g(1)
      > w2: rejoin victim
      > w2: finish child = 5
        w2 <- tell tasks 1: child = 5
      > w2: finish victim = 6
        c1 <- 3: victim = 6
    `);
  });

  it("leaves its slot to those it waits for, and not to what waits for it", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit warm = f(1)
        w1 <- learn f
        w1 <- compute warm = f(1)
      > w1: finish warm = 5 in 10 us
        c1 <- 1: warm = 5
      > c1: submit parent = f(1), next = f(parent)
        w1 <- compute parent = f(1)
        w1 <- compute next = f(parent)
      > w1: secede parent
        c1 <- 2: parent started
      > w1: drop next@1
      > tasks of w1: submit child = g(2) in parent
        w1 <- learn g
        w1 <- compute child = g(2)
      > w1: finish child = 5
        w1 <- tell tasks 1: child = 5
      > w1: rejoin parent
      > w1: finish parent = 6
        w1 <- compute next = f(6)
        c1 <- 3: parent = 6
    `);
  });

  it("loses what it has scattered with its worker, and whoever needs it hears why", () => {
    follow(`
      > add client c1
      > add worker w1
      > add worker w2
      > c1: submit parent = f(1)
        w1 <- learn f
        w1 <- compute parent = f(1)
      > tasks of w1: scatter d = "there" 20000 bytes
        w1 <- keep d, scattered there
      > tasks of w1: submit child = g(d) as "child" in parent
        link w2 and w1
        w2 <- learn g
        w2 <- compute child = g(d) as "child"
        w2 <- with d on w1
      > c1: claim mine = "child"
      > remove worker w1
        w2 <- forget w1
        c1 <- 1: parent pending
      > w2: missing d for child asked w1
        w2 <- learn f
        w2 <- compute parent@2 = f(1), alone
        c1 <- 2: mine failed: data-w1-0 is lost: it was scattered by a task, and the last worker that held it is gone
    `);
  });

  it("is given room where nobody can tell which of the runs waits", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > c1: submit x = f(1), y = f(2), z = f(3)
        w1 <- learn f
        w1 <- compute x = f(1)
        w1 <- compute y = f(2)
      > w1: lend 1
        w1 <- compute z = f(3)
      > w1: lend 0
      > w1: finish x = 1, y = 2, z = 3
        c1 <- 1: x = 1
        c1 <- 1: y = 2
        c1 <- 1: z = 3
    `);
  });
});
