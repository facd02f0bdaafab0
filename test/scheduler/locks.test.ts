/** Locks, several at once, and semaphores: who holds them, and who is next. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a lock", () => {
  it("has one holder at a time, and goes to who has waited longest; tokens rise", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 lock a acquire
        c1 <- 1: answer 0: {"token":1,"names":["a"]}
      > c2: ask 0 lock a acquire
      > c1: ask 1 lock a acquire
      > c1: ask 2 lock a count-holders
        c1 <- 2: answer 2: 1
      > c1: ask 3 lock a release {"token":1}
        c1 <- 3: answer 3: done
        c2 <- 1: answer 0: {"token":2,"names":["a"]}
      > c2: ask 1 lock a release {"token":2}
        c2 <- 2: answer 1: done
        c1 <- 4: answer 1: {"token":3,"names":["a"]}
      > c1: ask 4 lock a release {"token":3}
        c1 <- 5: answer 4: done
      > c1: ask 5 lock a count-holders
        c1 <- 6: answer 5: 0
    `);
  });

  it("is not released by who does not hold it", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 lock a release {"token":1}
        c1 <- 1: answer 0 failed: lock a is not held: nothing to release
      > c1: ask 1 lock a acquire
        c1 <- 2: answer 1: {"token":1,"names":["a"]}
      > c2: ask 0 lock a release {"token":1}
        c2 <- 1: answer 0 failed: lock a is not held: nothing to release
      > c1: ask 2 lock a release {"token":1}
        c1 <- 3: answer 2: done
      > c1: ask 3 lock a release {"token":1}
        c1 <- 4: answer 3 failed: lock a is not held: nothing to release
    `);
  });

  it("passes over whoever has given up", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 lock a acquire
        c1 <- 1: answer 0: {"token":1,"names":["a"]}
      > c1: ask 1 lock a acquire
      > c2: ask 0 lock a acquire
      > c1: withdraw 1
        c1 <- 2: answer 1 failed: it was withdrawn
      > c1: withdraw 0
      > c1: ask 2 lock a release {"token":1}
        c1 <- 3: answer 2: done
        c2 <- 1: answer 0: {"token":2,"names":["a"]}
    `);
  });

  it("comes back when its holder is gone, and what the holder waited for goes to others", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 lock a acquire
        c1 <- 1: answer 0: {"token":1,"names":["a"]}
      > c1: ask 1 lock a acquire
      > c2: ask 0 lock a acquire
      > c1: ask 2 lock a acquire
      > remove client c1
        c2 <- 1: answer 0: {"token":2,"names":["a"]}
      > c2: ask 1 lock a release {"token":2}
        c2 <- 2: answer 1: done
      > c2: ask 2 lock a count-holders
        c2 <- 3: answer 2: 0
    `);
  });
});

describe("several locks at once", () => {
  it("are taken together or not at all, and nobody overtakes", () => {
    follow(`
      > add client c1
      > c1: ask 0 lock b acquire
        c1 <- 1: answer 0: {"token":1,"names":["b"]}
      > c1: ask 1 lock a acquire {"names":["a","b"],"count":2}
      > c1: ask 2 lock a acquire
      > c1: ask 3 lock b acquire {"names":["b","a"],"count":2}
      > c1: ask 4 lock b release {"token":1}
        c1 <- 2: answer 4: done
        c1 <- 2: answer 1: {"token":2,"names":["a","b"]}
      > c1: ask 5 lock a release {"token":2}
        c1 <- 3: answer 5: done
        c1 <- 3: answer 2: {"token":3,"names":["a"]}
      > c1: ask 6 lock a release {"token":3}
        c1 <- 4: answer 6: done
        c1 <- 4: answer 3: {"token":4,"names":["b","a"]}
    `);
  });

  it("may be some of many", () => {
    follow(`
      > add client c1
      > c1: ask 0 lock b acquire
        c1 <- 1: answer 0: {"token":1,"names":["b"]}
      > c1: ask 1 lock a acquire {"names":["a","b","c"],"count":2}
        c1 <- 2: answer 1: {"token":2,"names":["a","c"]}
      > c1: ask 2 lock a acquire {"names":["c","b","d"],"count":2}
      > c1: ask 3 lock d acquire
      > c1: ask 4 lock b acquire
      > c1: ask 5 lock a release {"token":2}
        c1 <- 3: answer 5: done
        c1 <- 3: answer 2: {"token":3,"names":["c","d"]}
    `);
  });

  it("free the lines of those they did not need, and of those who give up", () => {
    follow(`
      > add client c1
      > c1: ask 0 lock a acquire
        c1 <- 1: answer 0: {"token":1,"names":["a"]}
      > c1: ask 1 lock c acquire
        c1 <- 2: answer 1: {"token":2,"names":["c"]}
      > c1: ask 2 lock a acquire {"names":["a","b","c","d"],"count":2}
        c1 <- 3: answer 2: {"token":3,"names":["b","d"]}
      > c1: ask 3 lock a acquire {"names":["a","b"],"count":2}
      > c1: ask 4 lock b acquire
      > c1: ask 5 lock b acquire
      > c1: ask 6 lock a release {"token":3}
        c1 <- 4: answer 6: done
      # The first in line wants both.
      > c1: withdraw 3
        c1 <- 5: answer 3 failed: it was withdrawn
        c1 <- 5: answer 4: {"token":4,"names":["b"]}
    `);
  });

  it("that are not all locks are refused", () => {
    follow(`
      > add client c1
      > c1: ask 0 event b set
        c1 <- 1: answer 0: done
      > c1: ask 1 lock a acquire {"names":["a","b"],"count":2}
        c1 <- 2: answer 1 failed: "b" names an event already: a lock needs another name
      > c1: ask 2 lock a count-holders
        c1 <- 3: answer 2: 0
    `);
  });
});

describe("a semaphore", () => {
  it("has so many holders at a time; the leases of a client that is gone come back", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 semaphore s/2 acquire
        c1 <- 1: answer 0: {"token":1,"names":["s"]}
      > c1: ask 1 semaphore s acquire
        c1 <- 2: answer 1: {"token":2,"names":["s"]}
      > c2: ask 0 semaphore s/2 acquire
      > c2: ask 1 semaphore s acquire
      > c2: ask 2 semaphore s acquire
      > c2: withdraw 1
        c2 <- 1: answer 1 failed: it was withdrawn
      > c2: ask 3 semaphore s count-holders
        c2 <- 2: answer 3: 2
      > remove client c1
        c2 <- 3: answer 0: {"token":3,"names":["s"]}
        c2 <- 3: answer 2: {"token":4,"names":["s"]}
    `);
  });

  it("has the number of leases that the first to name one named", () => {
    follow(`
      > add client c1
      > c1: ask 0 semaphore s acquire
        c1 <- 1: answer 0: {"token":1,"names":["s"]}
      > c1: ask 1 semaphore s acquire
      > c1: ask 2 semaphore s acquire
      > c1: ask 3 semaphore s/2 count-holders
        c1 <- 2: answer 1: {"token":2,"names":["s"]}
        c1 <- 2: answer 3: 2
      > c1: ask 4 semaphore s/3 acquire
        c1 <- 3: answer 4 failed: semaphore s was made with 2, not 3: whoever says how many must say the same
      > c1: ask 5 semaphore s release {"token":1}
        c1 <- 4: answer 5: done
        c1 <- 4: answer 2: {"token":3,"names":["s"]}
    `);
  });
});
