/** Work that waits behind other work on one worker while another has nothing to do. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { demandRules } from "../../src/scheduler/demands.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { nestingRules } from "../../src/scheduler/nesting.ts";
import { MAX_IN_FLIGHT } from "../../src/scheduler/placement.ts";
import { requestRules } from "../../src/scheduler/requests.ts";
import { contentHash } from "../../src/shipping/content-hash.ts";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

/** One worker has four tasks that were thought to take 100 µs each, then another joins. */
const begin = `
      > add client c1
      > add worker w1
      > c1: submit z = f(0)
        w1 <- learn f
        w1 <- compute z = f(0)
      > w1: finish z = 0 in 100 us
        c1 <- 1: z = 0
      > c1: submit a = f(1), b = f(2), c = f(3), d = f(4)
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
        w1 <- compute d = f(4)
      > add worker w2`;

describe("a worker that has ended nothing since the last look", () => {
  it("is asked for what it has not begun, which goes to others, and never back behind it", () => {
    follow(`${begin}
      > look around
      > look around
        w1 <- recall surplus a@1
        w1 <- recall surplus b@1
        w1 <- recall surplus c@1
        w1 <- recall surplus d@1
      > w1: drop b@1 c@1 d@1
        w2 <- learn f
        w2 <- compute b = f(2)
        w2 <- compute c = f(3)
        w2 <- compute d = f(4)
      # The other turns out to be stuck, too. Behind the first one nothing is sent any more.
      > look around
      > look around
        w2 <- recall surplus b@1
        w2 <- recall surplus c@1
        w2 <- recall surplus d@1
      > w2: drop c@1 d@1
      > look around
      > w1: finish a = 1 in 70000 us
        w1 <- compute c = f(3)
        c1 <- 2: a = 1
    `);
  });

  it("is asked once, as long as it is sent nothing more", () => {
    follow(`${begin}
      > look around
      > look around
        w1 <- recall surplus a@1
        w1 <- recall surplus b@1
        w1 <- recall surplus c@1
        w1 <- recall surplus d@1
      > look around
      > look around
      > c1: submit e = f(5)
        w2 <- learn f
        w2 <- compute e = f(5)
      > look around
    `);
  });

  it("keeps what it says it has begun", () => {
    follow(`${begin}
      > w1: start a
        c1 <- 2: a started
      > look around
      > look around
        w1 <- recall surplus b@1
        w1 <- recall surplus c@1
        w1 <- recall surplus d@1
    `);
  });

  it("is not asked for what waits for something that is made there", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit z = f(0)
        w1 <- learn f
        w1 <- compute z = f(0)
      > w1: finish z = 0 in 100 us
        c1 <- 1: z = 0
      > c1: submit a = f(1), b = f(a), c = f(b)
        w1 <- compute a = f(1)
        w1 <- compute b = f(a)
        w1 <- compute c = f(b)
      > w1: start a
        c1 <- 2: a started
      > add worker w2
      > look around
      > look around
    `);
  });
});

describe("a worker that goes on, but slower than was thought", () => {
  it("is asked for what it would not be sent now", () => {
    follow(`${begin}
      > look around
      > w1: finish a = 1 in 8000 us
        c1 <- 2: a = 1
      > look around
        w1 <- recall surplus d@1
      > w1: drop d@1
        w2 <- learn f
        w2 <- compute d = f(4)
    `);
  });

  it("is left alone if all it has will not take long", () => {
    follow(`${begin}
      > look around
      > w1: finish a = 1 in 200 us
        c1 <- 2: a = 1
      > look around
      > w1: finish b = 1 in 200 us
        c1 <- 3: b = 1
      > look around
    `);
  });
});

describe("a worker with slots for what it has", () => {
  it("is left alone however long that takes", () => {
    follow(`
      > add client c1
      > add worker w1 slots 2
      > add worker w2
      > c1: submit a = f(1), b = f(2), c = f(3)
        w1 <- learn f
        w1 <- compute a = f(1)
        w1 <- compute c = f(3)
        w2 <- learn f
        w2 <- compute b = f(2)
      > w2: finish b = 1
        c1 <- 1: b = 1
      > look around
      > look around
    `);
  });
});

describe("what is asked back", () => {
  const known = `
      > add client c1
      > add worker w1
      > c1: submit z = f(0)
        w1 <- learn f
        w1 <- compute z = f(0)
      > w1: finish z = 0 in 100 us
        c1 <- 1: z = 0`;
  const recalled = `
      > look around
      > look around
        w1 <- recall surplus a@1
        w1 <- recall surplus b@1
        w1 <- recall surplus c@1`;

  it("goes only where it may run, and else waits for the worker that it came from", () => {
    follow(`${known}
      > c1: submit a = f(1) on w1
        w1 <- compute a = f(1)
      > c1: submit b = f(2) on w1
        w1 <- compute b = f(2)
      > c1: submit c = f(3) on w1 w2
        w1 <- compute c = f(3)
      > add worker w2${recalled}
      > w1: drop b@1 c@1
        w2 <- learn f
        w2 <- compute c = f(3)
      > look around
      > look around
      > w1: finish a = 1 in 100000 us
        w1 <- compute b = f(2)
        c1 <- 2: a = 1
    `);
  });

  it("does not go to a paused worker", () => {
    follow(`${known}
      > c1: submit a = f(1), b = f(2), c = f(3)
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
      > add worker w2
      > c1: request 0 {"type":"pause-workers","workers":["w2"]}
        c1 <- 2: answer 0: done${recalled}
      > w1: drop b@1 c@1
      > w1: finish a = 1 in 100000 us
        w1 <- compute b = f(2)
        c1 <- 3: a = 1
    `);
  });

  it("runs once each when its worker dies before the answer", () => {
    follow(`${known}
      > c1: submit a = f(1), b = f(2), c = f(3)
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
      > add worker w2${recalled}
      > remove worker w1
        w2 <- learn f
        w2 <- compute a@2 = f(1), alone
        c1 <- 2: a pending
        c1 <- 2: b pending
        c1 <- 2: c pending
      > w2: finish a = 1
        w2 <- compute b@2 = f(2), alone
        c1 <- 3: a = 1
      > w2: finish b = 1
        w2 <- compute c@2 = f(3), alone
        c1 <- 4: b = 1
    `);
  });

  it("goes back to its worker when the one that it was meant for is gone", () => {
    follow(`${known}
      > c1: submit a = f(1), b = f(2), c = f(3)
        w1 <- compute a = f(1)
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
      > add worker w2${recalled}
      > remove worker w2
      > w1: drop b@1 c@1
      > w1: finish a = 1
        w1 <- compute b = f(2)
        w1 <- compute c = f(3)
        c1 <- 2: a = 1
    `);
  });
});

describe("many workers that have many brief tasks each", () => {
  const WORKERS = 4;

  /** All have as many as they are given, of which none is done, and another has come. Whom a look asks for how many of them. */
  function busy() {
    const machine = new SchedulerMachine();
    machine.learn(requestRules, nestingRules, demandRules({ noWorkersTimeoutMs: 5000, hash: contentHash }));
    const submit = (
      first: number,
      count: number,
      functions: readonly (readonly [number, { name: string; hash: string }])[],
    ) => {
      const rows = Array.from({ length: count }, (_, i) => i);
      const uniform = { fn: 0, slots: 1, shape: 0 };
      const message = { type: "update-graph", first, count, rows, uniform, functions, options: {} } as const;
      machine.handle({ type: "client-message", client: "c1", message });
    };
    const addWorker = (worker: string) => machine.handle({ type: "add-worker", worker, name: worker, nThreads: 1 });
    machine.handle({ type: "add-client", client: "c1" });
    for (let i = 1; i <= WORKERS; i++) addWorker(`w${i}`);
    submit(0, 1, [[0, { name: "f", hash: "f" }]]);
    const worker = [...machine.state.workers.values()].find(({ processing }) => processing === 1)?.address as string;
    machine.handle({
      type: "worker-message",
      worker,
      message: { type: "task-finished", ranges: [1, 1, 1], values: [0], spent: [0, 1, 1] },
    });
    submit(1, WORKERS * MAX_IN_FLIGHT, []);
    addWorker("idle");
    machine.take();
    const look = () => {
      machine.handle({ type: "look-around" });
      return machine.take().flatMap((instruction) => {
        if (instruction.type !== "send-to-worker") return [];
        const recalls = instruction.messages.filter((message) => message.type === "cancel-compute");
        return recalls.map(({ ids }) => `${instruction.worker}: ${ids.length}`);
      });
    };
    return { machine, look };
  }

  it("are looked at without a record of each task, as long as none has too much", () => {
    const { machine, look } = busy();
    const before = machine.state.tasks.size;
    assert.deepEqual(look(), []);
    assert.equal(machine.state.tasks.size, before);
  });

  it("are not asked all at one look, of which the scheduler's page would be held up", () => {
    const { look } = busy();
    look();
    assert.deepEqual(look(), ["w1: 1024", "w2: 1024"]);
    assert.deepEqual(look(), ["w3: 1024", "w4: 1024"]);
    assert.deepEqual(look(), []);
  });
});
