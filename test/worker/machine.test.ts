/** What a worker fetches, runs and says, event by event. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkerMachine } from "../../src/worker/machine.ts";
import { follow as followOn } from "../support/transcript.ts";
import { WorkerStage } from "../support/worker-stage.ts";

const follow = (transcript: string, nThreads = 1) => followOn(transcript, new WorkerStage(nThreads));

describe("a worker", () => {
  it("runs as many tasks at once as it has slots, in the order they came", () => {
    follow(
      `
      > compute x = f(1), y = f(2), z = f(3)
      > next
        run x with 1
      > next
        run y with 2
      > next
        run nothing
      > succeed x = 5
        -> x = 5
        -> 1 in 100 us
      > next
        run z with 3
    `,
      2,
    );
  });

  it("says small results and what was spent in one message", () => {
    follow(`
      > compute x = f(1), y = f(2)
      > next
        run x with 1
      > succeed x = 5
        -> x = 5
        -> 1 in 100 us
    `);
  });

  it("keeps a large result, and says so", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > succeed x 20000
        -> 1 in 100 us
        -> x is here, 20000 bytes
      > peer asks x
        answer x = "large"
      > compute y = f(x)
      > next
        run y with "large"
      > free x
      > show values
        values: none
    `);
  });

  it("sends a large result along if somebody waits for it; it moves if it can", () => {
    follow(`
      > compute x = f(1) awaited, y = f(2) awaited
      > next
        run x with 1
      > succeed x 20000 movable
        -> 1 in 100 us
        -> x is here, 20000 bytes, moved along
        (1 transferred)
      > next
        run y with 2
      > succeed y 20000
        -> 1 in 100 us
        -> y is here, 20000 bytes, and a copy of it
      > show values
        values: y
    `);
  });

  it("says that a task starts, how far it is, and that it failed, in that order", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > announce x
        -> x starts
      > progress x 0.5
        -> x is 50 % done
      > fail x "no"
        -> 1 in 100 us
        -> x failed: no
    `);
  });

  it("says nothing of a task's progress once that is over", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > succeed x = 1
        -> x = 1
        -> 1 in 100 us
      > progress x 0.5
    `);
  });
});

describe("an input that is elsewhere", () => {
  it("is asked for once, however many tasks need it, and kept as a copy", () => {
    follow(`
      > compute y = f(x, x), z = f(x, 1) with x on w2
        ask w2 for x, request 1
      > next
        run nothing
      > receive 1: x = "v"
        -> copied x
      > next
        run y with "v" "v"
      > succeed y = 1
        -> y = 1
        -> 1 in 100 us
      > next
        run z with "v" 1
    `);
  });

  it("is asked for together with others that are in the same place", () => {
    follow(`
      > compute z = f(x, y) with x on w2 with y on w2
        ask w2 for x y, request 1
      > receive 1: x = "v"
        -> copied x
        -> y is missing for z, asked w2
    `);
  });

  it("is asked of the next holder when the first does not have it", () => {
    follow(`
      > compute y = f(x) with x on w2 w3
        ask w2 for x, request 1
      > receive 1:
        ask w3 for x, request 2
      > receive 2: x = "v"
        -> copied x
      > next
        run y with "v"
    `);
  });

  it("is asked of the next holder when the first is gone", () => {
    follow(`
      > compute y = f(x) with x on w2 w3
        ask w2 for x, request 1
      > forget w2
        ask w3 for x, request 2
      > receive 1: x = "late"
      > receive 2: x = "v"
        -> copied x
    `);
  });

  it("that nobody has sends the task back, and those asked are named", () => {
    follow(`
      > compute y = f(x), z = f(x) with x on w2 w3
        ask w2 for x, request 1
      > receive 1:
        ask w3 for x, request 2
      > receive 2:
        -> x is missing for y, asked w2 w3
        -> x is missing for z, asked w2 w3
      > next
        run nothing
    `);
  });

  it("and of which nobody knows where it is sends the task back at once", () => {
    follow(`
      > compute y = f(x)
        -> x is missing for y, asked nobody
    `);
  });

  it("is not waited for once the scheduler has put it here", () => {
    follow(`
      > compute y = f(x) with x on w2
        ask w2 for x, request 1
      > put x = "v"
      > next
        run y with "v"
      > receive 1: x = "v"
      > show values
        values: x
    `);
  });

  it("that was freed before its task could run sends the task back", () => {
    follow(`
      > put x = "v"
      > compute y = f(x)
      > free x
      > next
        run nothing
        -> x is missing for y, asked nobody
    `);
  });

  it("is not forgotten when further holders become known", () => {
    follow(`
      > compute y = f(x) with x on w2
        ask w2 for x, request 1
      > compute z = f(x) with x on w2 w3
      > receive 1:
        ask w3 for x, request 2
      > receive 2: x = "v"
        -> copied x
      > next
        run y with "v"
    `);
  });
});

describe("a run that is asked back", () => {
  it("is given up unless it has begun, and can come again under the same number", () => {
    follow(`
      > compute x = f(1), y = f(2), z = f(d) with d on w2
        ask w2 for d, request 1
      > next
        run x with 1
      > recall x@1 y@1 z@1
        -> dropped y
        -> dropped z
      > succeed x = 1
        -> x = 1
        -> 1 in 100 us
      > next
        run nothing
      > compute y = f(2)
      > next
        run y with 2
    `);
  });

  it("is kept with half of what else is surplus, if one of them can begin now", () => {
    follow(`
      > compute x = f(1), y = f(2), z = f(3)
      > recall surplus x@1 y@1 z@1
        -> dropped z
      > next
        run x with 1
      > recall surplus y@1
        -> dropped y
    `);
  });
});

describe("a value that is to be kept here", () => {
  it("is fetched, and said to be here", () => {
    follow(`
      > acquire x y from w2
        ask w2 for x y, request 1
      > receive 1: x = "v"
        -> copied x
        -> y is missing, asked w2
      > show values
        values: x
      > acquire x x from w3
        -> copied x
    `);
  });

  it("is not said to be here if it is freed before that could be said", () => {
    const machine = new WorkerMachine(1);
    machine.handle({ type: "acquire-replicas", whoHas: [1, 20_000, 1, 0, 2, 20_000, 1, 0], peers: ["w2"] });
    machine.take();
    machine.receive(1, [1, 2], ["x", "y"]);
    machine.handle({ type: "free-keys", ids: [1] });
    assert.deepEqual(machine.take(), [{ type: "send", messages: [{ type: "add-keys", ids: [2] }], transfer: [] }]);
  });

  it("is fetched once, whoever needs it", () => {
    follow(`
      > compute z = f(x) with x on w2
        ask w2 for x, request 1
      > acquire x from w3
      > receive 1:
        ask w3 for x, request 2
      > receive 2:
        -> x is missing, asked w2 w3
        -> x is missing for z, asked w2 w3
    `);
  });

  it("is fetched if what a run has made here is not counted, and stays when that is called off", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > succeed x 20000
        -> 1 in 100 us
        -> x is here, 20000 bytes
      > acquire x from w2
        ask w2 for x, request 1
      > show values
        values: none
      > receive 1: x = "theirs"
        -> copied x
      > cancel x@1
      > peer asks x
        answer x = "theirs"
    `);
  });

  it("is not waited for when its holder is gone", () => {
    follow(`
      > acquire x from w2
        ask w2 for x, request 1
      > forget w2
        -> x is missing, asked w2
    `);
  });
});

describe("a run that is called off", () => {
  it("is not begun, and its place is given up", () => {
    follow(`
      > compute x = f(1), y = f(2)
      > cancel x@1
        -> dropped x
      > next
        run y with 2
    `);
  });

  it("is not begun while its input is fetched, and the copy is said to be here all the same", () => {
    follow(`
      > compute y = f(x) with x on w2
        ask w2 for x, request 1
      > cancel y@1
        -> dropped y
      > receive 1: x = "v"
        -> copied x
      > next
        run nothing
    `);
  });

  it("is aborted if it runs, and keeps its slot until it is over", () => {
    follow(`
      > compute x = f(1), y = f(2)
      > next
        run x with 1
      > cancel x@1
        abort x: not wanted
      > next
        run nothing
      > succeed x 20000
        -> dropped x
        -> 1 in 100 us
      > show values
        values: none
      > next
        run y with 2
    `);
  });

  it("reports its failure as its end", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > cancel x@1
        abort x: not wanted
      > fail x "aborted"
        -> dropped x
        -> 1 in 100 us
    `);
  });

  it("is told apart from a later run of the same task", () => {
    follow(
      `
      > compute x = f(1)
      > next
        run x with 1
      > cancel x@1
        abort x: not wanted
      > compute x@2 = f(1)
      > next
        run x@2 with 1
      > cancel x@1
        abort x: not wanted
      > succeed x = 1
        -> dropped x
        -> 1 in 100 us
      > succeed x@2 = 2
        -> x@2 = 2
        -> 1 in 100 us
      > next
        run nothing
    `,
      2,
    );
  });

  it("leaves no value behind if it has just ended", () => {
    follow(`
      > compute x = f(1), x@2 = f(1)
      > next
        run x with 1
      > succeed x 20000
        -> 1 in 100 us
        -> x is here, 20000 bytes
      > next
        run x@2 with 1
      > cancel x@1
      > show values
        values: none
      > succeed x@2 20000
        -> 1 in 100 us
        -> x@2 is here, 20000 bytes
      > cancel x@1
      > show values
        values: x
    `);
  });

  it("leaves a value behind that another run here has come to as well", () => {
    follow(`
      > compute x = f(1), x@3 = f(1)
      > next
        run x with 1
      > succeed x 20000
        -> 1 in 100 us
        -> x is here, 20000 bytes
      > next
        run x@3 with 1
      > succeed x@3 20000
        -> 1 in 100 us
        -> x@3 is here, 20000 bytes
      > cancel x@3
      > cancel x@3
      > show values
        values: x
      > cancel x@1
      > show values
        values: none
    `);
  });

  it("is unknown once it is over", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > succeed x = 1
        -> x = 1
        -> 1 in 100 us
      > cancel x@1
    `);
  });
});

describe("a value that is asked for", () => {
  it("is sent as a copy and stays", () => {
    follow(`
      > put x = "v"
      > get x
        -> x = "v"
      > show values
        values: x
    `);
  });

  it("moves if it may and can", () => {
    follow(`
      > compute x = f(1), y = f(2)
      > next
        run x with 1
      > succeed x 20000 movable
        -> 1 in 100 us
        -> x is here, 20000 bytes
      > next
        run y with 2
      > succeed y 20000
        -> 1 in 100 us
        -> y is here, 20000 bytes
      > get x move
        -> x = "large", moved
        (1 transferred)
      > get y move
        -> y = "large"
      > show values
        values: y
    `);
  });

  it("does not move once a task here has looked at it", () => {
    follow(`
      > compute x = f(1), y = f(x)
      > next
        run x with 1
      > succeed x 20000 movable
        -> 1 in 100 us
        -> x is here, 20000 bytes
      > next
        run y with "large"
      > get x move
        -> x = "large"
    `);
  });

  it("may not be here any more", () => {
    follow(`
      > get x
        -> x is not here
      > peer asks x
        answer nothing
    `);
  });
});
