/** Slots that runs give back while they wait for other tasks, and values that tasks scatter where they run. */
import { describe, it } from "node:test";
import { follow as followOn } from "../support/transcript.ts";
import { WorkerStage } from "../support/worker-stage.ts";

const follow = (transcript: string, nThreads = 1) => followOn(transcript, new WorkerStage(nThreads));

describe("a worker", () => {
  it("begins another task when one gives its slot back", () => {
    follow(`
      > compute x = f(1), y = f(2)
      > next
        run x with 1
      > next
        run nothing
      > secede x
        -> x gives its slot back
      > next
        run y with 2
      > next
        run nothing
    `);
  });

  it("begins nothing while one that goes on counts beyond its slots", () => {
    follow(`
      > compute x = f(1), y = f(2), z = f(3)
      > next
        run x with 1
      > secede x
        -> x gives its slot back
      > next
        run y with 2
      > rejoin x
        -> x counts again
      > succeed y = 5
        -> y = 5
        -> 1 in 100 us
      > next
        run nothing
      > succeed x = 6
        -> x = 6
        -> 1 in 100 us
      > next
        run z with 3
    `);
  });

  it("reports the end of a run that has no slot", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > secede x
        -> x gives its slot back
      > progress x 0.5
        -> x is 50 % done
      > fail x "no"
        -> 1 in 100 us
        -> x failed: no
    `);
  });

  it("aborts a run that has no slot", () => {
    follow(`
      > compute x = f(1)
      > next
        run x with 1
      > secede x
        -> x gives its slot back
      > cancel x@1
        abort x: not wanted
      > succeed x = 5
        -> dropped x
        -> 1 in 100 us
    `);
  });

  it("lends slots where nobody can tell who waits", () => {
    follow(`
      > compute x = f(1), y = f(2), z = f(3)
      > next
        run x with 1
      > lend 1
        -> 1 slots are lent
      > next
        run y with 2
      > next
        run nothing
      > lend 0
        -> 0 slots are lent
      > succeed x = 1
        -> x = 1
        -> 1 in 100 us
      > next
        run nothing
    `);
  });

  it("gives back what waits for a task that waits for others, and does not wait for one", () => {
    follow(`
      > compute x = f(1), y = f(x), z = f(y)
      > next
        run x with 1
      > secede x
        -> x gives its slot back
        -> dropped y
        -> dropped z
      > compute y@2 = f(x)
        -> x is missing for y@2, asked nobody
    `);
  });

  it("gives back what waits for a task that waits for others, and does not wait for one", () => {
    follow(`
      > compute x = f(1), y = f(x), z = f(y)
      > next
        run x with 1
      > secede x
        -> x gives its slot back
        -> dropped y
        -> dropped z
      > compute y@2 = f(x)
        -> x is missing for y@2, asked nobody
    `);
  });

  it("keeps what a task scatters under the number that the scheduler gives it, unless it is not wanted", () => {
    follow(`
      > scatter 0 = "large"
      > scatter 1 = "unwanted"
      > adopt 0 as x
      > adopt 1
      > show values
        values: x
      > compute y = f(x)
      > next
        run y with "large"
    `);
  });
});
