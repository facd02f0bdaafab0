/** The objects that clients meet at, but for locks: who is served when, and how long they are there. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("a queue", () => {
  it("gives items in the order of putting to those who ask in the order of asking", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 queue q get
      > c2: ask 0 queue q get
      > c1: ask 1 queue q put {"value":"a"}
        c1 <- 1: answer 1: done
        c1 <- 1: answer 0: {"values":[{"value":"a","tasks":[],"shared":false}],"hasEnded":false}
      > c1: ask 2 queue q put {"value":"b"}
        c1 <- 2: answer 2: done
        c2 <- 1: answer 0: {"values":[{"value":"b","tasks":[],"shared":false}],"hasEnded":false}
      > c1: ask 3 queue q put {"value":"c"}
        c1 <- 3: answer 3: done
      > c1: ask 4 queue q put {"value":"d"}
        c1 <- 4: answer 4: done
      > c1: ask 5 queue q size
        c1 <- 5: answer 5: 2
      > c2: ask 1 queue q get
        c2 <- 2: answer 1: {"values":[{"value":"c","tasks":[],"shared":false}],"hasEnded":false}
      > c2: ask 2 queue q get {"count":0}
        c2 <- 3: answer 2: {"values":[{"value":"d","tasks":[],"shared":false}],"hasEnded":false}
      > c2: ask 3 queue q get {"count":0}
        c2 <- 4: answer 3: {"values":[],"hasEnded":false}
    `);
  });

  it("that is full has those wait who put something, in their order", () => {
    follow(`
      > add client c1
      > c1: scatter h = null as "queue://q"
      > c1: ask 0 queue q/1 put {"value":"a"}
        c1 <- 1: answer 0: done
      > c1: ask 1 queue q put {"value":"b"}
      > c1: ask 2 queue q put {"value":"c"}
      > c1: withdraw 1
        c1 <- 2: answer 1 failed: it was withdrawn
      > c1: ask 3 queue q get
        c1 <- 3: answer 3: {"values":[{"value":"a","tasks":[],"shared":false}],"hasEnded":false}
        c1 <- 3: answer 2: done
      > c1: ask 4 queue q put {"value":"d"}
      > c1: ask 5 queue q get {"count":0}
        c1 <- 4: answer 5: {"values":[{"value":"c","tasks":[],"shared":false}],"hasEnded":false}
        c1 <- 4: answer 4: done
      > c1: ask 6 queue q get {"count":0}
        c1 <- 5: answer 6: {"values":[{"value":"d","tasks":[],"shared":false}],"hasEnded":false}
    `);
  });

  it("gives several at once when there are so many, be it more than there may be", () => {
    follow(`
      > add client c1
      > c1: ask 0 queue q/2 get {"count":3}
      > c1: ask 1 queue q get
      > c1: ask 2 queue q put {"value":"a"}
        c1 <- 1: answer 2: done
      > c1: ask 3 queue q put {"value":"b"}
        c1 <- 2: answer 3: done
      > c1: ask 4 queue q put {"value":"c"}
        c1 <- 3: answer 4: done
        c1 <- 3: answer 0: {"values":[{"value":"a","tasks":[],"shared":false},{"value":"b","tasks":[],"shared":false},{"value":"c","tasks":[],"shared":false}],"hasEnded":false}
      > c1: ask 5 queue q put {"value":"d"}
        c1 <- 4: answer 5: done
        c1 <- 4: answer 1: {"values":[{"value":"d","tasks":[],"shared":false}],"hasEnded":false}
    `);
  });

  it("lets those behind go on when the first, who waits for more, gives up", () => {
    follow(`
      > add client c1
      > c1: ask 0 queue q get {"count":2}
      > c1: ask 1 queue q get
      > c1: ask 2 queue q put {"value":"a"}
        c1 <- 1: answer 2: done
      > c1: withdraw 0
        c1 <- 2: answer 0 failed: it was withdrawn
        c1 <- 2: answer 1: {"values":[{"value":"a","tasks":[],"shared":false}],"hasEnded":false}
    `);
  });

  it("is ended: what is in it is given out, and then that it has ended", () => {
    follow(`
      > add client c1
      > c1: scatter h = null as "queue://q"
      > c1: ask 0 queue q/1 put {"value":"a"}
        c1 <- 1: answer 0: done
      > c1: ask 1 queue q put {"value":"b"}
      > c1: ask 2 queue q end
        c1 <- 2: answer 2: done
      > c1: ask 3 queue q put {"value":"c"}
        c1 <- 3: answer 3 failed: queue q has ended: nothing can be put into it
      > c1: ask 4 queue q get {"count":3}
        c1 <- 4: answer 1: done
        c1 <- 4: answer 4: {"values":[{"value":"a","tasks":[],"shared":false},{"value":"b","tasks":[],"shared":false}],"hasEnded":false}
      > c1: ask 5 queue q get
        c1 <- 5: answer 5: {"values":[],"hasEnded":true}
    `);
  });

  it("takes back what came too late", () => {
    follow(`
      > add client c1
      > c1: ask 0 queue q put {"value":"a"}
        c1 <- 1: answer 0: done
      > c1: ask 1 queue q put {"value":"b"}
        c1 <- 2: answer 1: done
      > c1: ask 2 queue q put {"value":"c"}
        c1 <- 3: answer 2: done
      > c1: ask 3 queue q get {"count":2}
        c1 <- 4: answer 3: {"values":[{"value":"a","tasks":[],"shared":false},{"value":"b","tasks":[],"shared":false}],"hasEnded":false}
      > c1: ask 4 queue q put-back {"values":["a","b"]}
        c1 <- 5: answer 4: done
      > c1: ask 5 queue q get {"count":0}
        c1 <- 6: answer 5: {"values":[{"value":"a","tasks":[],"shared":false},{"value":"b","tasks":[],"shared":false},{"value":"c","tasks":[],"shared":false}],"hasEnded":false}
    `);
  });

  it("gives nothing to a client that is gone", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 queue q get
      > c1: ask 1 queue q get
      > c2: ask 0 queue q get
      > remove client c1
      > c2: ask 1 queue q put {"value":"a"}
        c2 <- 1: answer 1: done
        c2 <- 1: answer 0: {"values":[{"value":"a","tasks":[],"shared":false}],"hasEnded":false}
    `);
  });
});

describe("what holds futures", () => {
  it("keeps their tasks in a queue, until whoever gets them has them", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: ask 0 queue q put {"value":"a","tasks":["x"]}
        c1 <- 1: answer 0: done
      > c1: release x
      > remove client c1
      > w1: finish x = 5
      > c2: ask 0 queue q get as y
        c2 <- 1: answer 0: {"values":[{"value":"a","tasks":[-1],"shared":false}],"hasEnded":false}; y is f-c1-0
        c2 <- 1: y = 5
      > show tasks
        x memory
      > c2: release y
      > show tasks
        no tasks
    `);
  });

  it("keeps those of a variable's value, until it has another", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: scatter x = 1
      > c1: scatter y = 2
      > c2: ask 0 variable v get as z
      > c1: ask 0 variable v set {"tasks":["x"]}
        c1 <- 1: answer 0: done
        c2 <- 1: answer 0: {"tasks":[-1],"shared":true}; z is data-c1-0
        c2 <- 1: z = 1
      > c1: release x
      > show tasks
        x memory
        y memory
      > c1: ask 1 variable v set {"tasks":["y"]}
        c1 <- 2: answer 1: done
      > show tasks
        x memory
        y memory
      > remove client c2
      > show tasks
        y memory
      > remove client c1
      > show tasks
        y memory
    `);
  });

  it("lets go of what was not put after all, and of what nobody can get", () => {
    follow(`
      > add client c1
      > c1: scatter h = null as "queue://Q"
      > c1: scatter x = 1
      > c1: scatter y = 2
      > c1: scatter z = 3
      > c1: ask 0 queue Q/1 put {"tasks":["x"]}
        c1 <- 1: answer 0: done
      > c1: ask 1 queue Q put {"tasks":["y"]}
      > c1: ask 2 queue Q put {"tasks":["z"]}
      > c1: release x y z
      > c1: withdraw 1
        c1 <- 2: answer 1 failed: it was withdrawn
      > show tasks
        h memory
        x memory
        z memory
      > c1: release h
        c1 <- 3: answer 2 failed: queue Q was closed
      > show tasks
        no tasks
    `);
  });

  it("refuses what was let go of before", () => {
    follow(`
      > add client c1
      > c1: scatter x = 1
      > c1: release x
      > c1: ask 0 queue q put {"tasks":["x"]}
        c1 <- 1: answer 0 failed: queue q cannot hold a future that was released or cancelled
      > c1: ask 1 variable v set {"tasks":["x"]}
        c1 <- 2: answer 1 failed: variable v cannot hold a future that was released or cancelled
      > c1: ask 2 queue q size
        c1 <- 3: answer 2: 0
    `);
  });
});

describe("an event", () => {
  it("lets all go on who wait while it is set", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 event e wait
      > c2: ask 0 event e wait
      > c2: ask 1 event e is-set
        c2 <- 1: answer 1: false
      > c2: ask 2 event e set
        c2 <- 2: answer 2: done
        c2 <- 2: answer 0: done
        c1 <- 1: answer 0: done
      > c1: ask 1 event e wait
        c1 <- 2: answer 1: done
      > c1: ask 2 event e is-set
        c1 <- 3: answer 2: true
      > c1: ask 3 event e clear
        c1 <- 4: answer 3: done
      > c1: ask 4 event e wait
      > c1: withdraw 4
        c1 <- 5: answer 4 failed: it was withdrawn
    `);
  });
});

describe("a variable", () => {
  it("has those wait who ask before there is a value", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 variable v get
      > c2: ask 0 variable v get
      > c2: ask 1 variable v set {"value":5}
        c2 <- 1: answer 1: done
        c2 <- 1: answer 0: {"value":5,"tasks":[],"shared":true}
        c1 <- 1: answer 0: {"value":5,"tasks":[],"shared":true}
      > c1: ask 1 variable v get
        c1 <- 2: answer 1: {"value":5,"tasks":[],"shared":true}
      > c1: ask 2 variable v set {"value":6}
        c1 <- 3: answer 2: done
      > c1: ask 3 variable v get
        c1 <- 4: answer 3: {"value":6,"tasks":[],"shared":true}
      > c1: ask 4 variable v clear
        c1 <- 5: answer 4: done
      > c1: ask 5 variable v get
    `);
  });
});

describe("a topic", () => {
  it("tells all readers of what is published while they read, each once", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 topic t publish {"value":"a"}
        c1 <- 1: answer 0: done
      > c1: ask 1 topic t read {"reader":0,"fromStart":false}
      > c2: ask 0 topic t read {"reader":0,"fromStart":true}
        c2 <- 1: answer 0: {"values":["a"],"missed":0}
      > c1: ask 2 topic t publish {"value":"b"}
        c1 <- 2: answer 2: done
        c1 <- 2: answer 1: {"values":["b"],"missed":0}
      > c1: ask 3 topic t publish {"value":"c"}
        c1 <- 3: answer 3: done
      > c1: ask 4 topic t read {"reader":0,"fromStart":false}
        c1 <- 4: answer 4: {"values":["c"],"missed":0}
      > c2: ask 1 topic t read {"reader":0,"fromStart":true}
        c2 <- 2: answer 1: {"values":["b","c"],"missed":0}
      > c2: ask 2 topic t history
        c2 <- 3: answer 2: {"values":["a","b","c"],"missed":0}
    `);
  });

  it("keeps the last of it, and what somebody has still to read", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 topic t/1 publish {"value":"a"}
        c1 <- 1: answer 0: done
      > c1: ask 1 topic t publish {"value":"b"}
        c1 <- 2: answer 1: done
      > c1: ask 2 topic t history
        c1 <- 3: answer 2: {"values":["b"],"missed":0}
      > c2: ask 0 topic t read {"reader":0,"fromStart":false}
      > c1: ask 3 topic t publish {"value":"c"}
        c1 <- 4: answer 3: done
        c2 <- 1: answer 0: {"values":["c"],"missed":0}
      > c1: ask 4 topic t publish {"value":"d"}
        c1 <- 5: answer 4: done
      > c1: ask 5 topic t publish {"value":"e"}
        c1 <- 6: answer 5: done
      > c1: ask 6 topic t history
        c1 <- 7: answer 6: {"values":["e"],"missed":0}
      > c2: ask 1 topic t read {"reader":0,"fromStart":false}
        c2 <- 2: answer 1: {"values":["d","e"],"missed":0}
      > c1: ask 7 topic t publish {"value":"f"}
        c1 <- 8: answer 7: done
      > c1: ask 8 topic t publish {"value":"g"}
        c1 <- 9: answer 8: done
      > c2: ask 2 topic t stop-reading {"reader":0}
        c2 <- 3: answer 2: done
      > c2: ask 3 topic t read {"reader":1,"fromStart":true}
        c2 <- 4: answer 3: {"values":["g"],"missed":0}
      > c2: ask 4 topic t read {"reader":1,"fromStart":true}
      > c2: ask 5 topic t stop-reading {"reader":1}
        c2 <- 5: answer 4: {"values":[],"missed":0}
        c2 <- 5: answer 5: done
    `);
  });
});

describe("a barrier", () => {
  it("lets those who wait go on when they are enough, and starts anew", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: ask 0 barrier b/2 wait
      > c1: withdraw 0
        c1 <- 1: answer 0 failed: it was withdrawn
      > c1: ask 1 barrier b/2 wait
      > c2: ask 0 barrier b/2 wait
        c1 <- 2: answer 1: 0
        c2 <- 1: answer 0: 1
      > c2: ask 1 barrier b/2 wait
      > remove client c2
      > c1: ask 2 barrier b/2 wait
      > c1: ask 3 barrier b/2 wait
        c1 <- 3: answer 2: 0
        c1 <- 3: answer 3: 1
    `);
  });
});

describe("a name", () => {
  it("is that of one object, of one kind and size", () => {
    follow(`
      > add client c1
      > c1: ask 0 event x set
        c1 <- 1: answer 0: done
      > c1: ask 1 lock x acquire
        c1 <- 2: answer 1 failed: "x" names an event already: a lock needs another name
      > c1: ask 2 event x put {"value":1}
        c1 <- 3: answer 2 failed: event x knows no put
      > c1: ask 3 barrier b/2 wait
      > c1: ask 4 barrier b/3 wait
        c1 <- 4: answer 4 failed: barrier b was made with 2, not 3: whoever says how many must say the same
    `);
  });

  it("is free again when nobody has a handle on what it named, and that is as good as new", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: scatter h1 = null as "lock://x"
      > c2: scatter h2 = null as "lock://x"
        c2 <- 1: h2 = null
      > c1: ask 0 lock x acquire
        c1 <- 1: answer 0: {"token":1,"names":["x"]}
      > c1: ask 1 lock x release {"token":1}
        c1 <- 2: answer 1: done
      > c1: release h1
      > c2: ask 0 event x set
        c2 <- 2: answer 0 failed: "x" names a lock already: an event needs another name
      > c2: release h2
      > c2: ask 1 event x set
        c2 <- 3: answer 1: done
      > c2: ask 2 lock x acquire
        c2 <- 4: answer 2 failed: "x" names an event already: a lock needs another name
    `);
  });

  it("that nobody gave ends with the last handle, whatever is held", () => {
    follow(`
      > add client c1
      > c1: scatter h = null as "queue://Q"
      > c1: ask 0 queue Q/1 put {"value":"a"}
        c1 <- 1: answer 0: done
      > c1: ask 1 queue Q put {"value":"b"}
      > c1: release h
        c1 <- 2: answer 1 failed: queue Q was closed
      > c1: ask 2 queue Q size
        c1 <- 3: answer 2: 0
      > c1: scatter h2 = null as "lock://L"
      > c1: ask 3 lock L acquire
        c1 <- 4: answer 3: {"token":1,"names":["L"]}
      > c1: release h2
      > c1: ask 4 lock L release {"token":1}
        c1 <- 5: answer 4 failed: lock L is not held: nothing to release
    `);
  });

  it("outlives a restart, with what it names, though tasks do not", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: scatter h = null as "queue://Q"
      > c1: scatter x = 5
      > c1: ask 0 queue Q put {"value":"a","tasks":["x"]}
        c1 <- 1: answer 0: done
      > c1: ask 1 lock l acquire
        c1 <- 2: answer 1: {"token":1,"names":["l"]}
      > c1: request 2 {"type": "restart", "waits": false}
        end w1: the cluster was restarted
        c1 <- 3: x cancelled: the cluster was restarted
        c1 <- 3: answer 2: done
      > show tasks
        h memory
      > c1: ask 3 queue Q get as y
        c1 <- 4: answer 3: {"values":[{"value":"a","tasks":[-1],"shared":false}],"hasEnded":false}; y is data-c1-1
        c1 <- 4: y cancelled: it was cancelled by somebody else
      > c1: ask 4 lock l count-holders
        c1 <- 5: answer 4: 1
    `);
  });
});
