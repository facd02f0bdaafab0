/** A thread that runs generators: what it says of them, and what it does when they are not wanted any more. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { ThreadClients } from "../../src/client/thread-clients.ts";
import { decodeError } from "../../src/protocol/errors.ts";
import { STREAM } from "../../src/protocol/task-spec.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { WorkerRuntime } from "../../src/runtime/worker-runtime.ts";
import { type AnyFunction, describeFunction } from "../../src/shipping/function-source.ts";
import { getTask } from "../../src/shipping/task-context.ts";
import { transfer } from "../../src/shipping/transfer.ts";

const ID = 7;

/** A thread with one slot that has been sent `fn` as a stream, and what it says. */
function thread(fn: AnyFunction, credit: number) {
  let hear: (messages: readonly SchedulerToWorkerMessage[]) => void = () => {};
  const heard: WorkerMessage[] = [];
  const transferred: object[] = [];
  let wake = () => {};
  const comm = {
    closed: new Promise<string>(() => {}),
    close: () => {},
    listen: (listener: typeof hear) => {
      hear = listener;
    },
    send: (messages: readonly WorkerMessage[], buffers: readonly object[] = []) => {
      heard.push(...structuredClone(messages));
      transferred.push(...buffers);
      wake();
    },
  };
  const setup = { address: "w1", name: "w1", nThreads: 1 };
  const scope = { getTask, transfer, record };
  new WorkerRuntime(setup, comm, new SystemClock(), scope, (id, line) => new ThreadClients(id, line));
  const send = (...messages: SchedulerToWorkerMessage[]) => hear(messages);
  send(
    { type: "register-functions", functions: [[0, describeFunction(fn)]] },
    { type: "compute-task", client: "c1", rows: [ID, 1, 0, 0, 0, STREAM] },
    { type: "stream-credit", id: ID, run: 1, credit },
  );
  const is = (type: WorkerMessage["type"]) => heard.some((message) => message.type === type);
  return {
    heard,
    transferred,
    send,
    grant: (more: number) => send({ type: "stream-credit", id: ID, run: 1, credit: more }),
    cancel: () => send({ type: "cancel-compute", ids: [ID], runs: [1], reason: "enough" }),
    is,
    items: () => heard.flatMap((message) => (message.type === "task-items" ? message.items : [])),
    /** Settles when it has said something of that type. */
    async until(type: WorkerMessage["type"]): Promise<void> {
      while (!is(type)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    error(): Error & Record<string, unknown> {
      const erred = heard.find((message) => message.type === "task-erred");
      assert.ok(erred?.type === "task-erred");
      return decodeError(erred.error) as Error & Record<string, unknown>;
    },
  };
}

/** What generators say to the tests. */
const recorded: unknown[] = [];
function record(word: unknown): void {
  recorded.push(word);
}

describe("a thread's generator", () => {
  it("gives as many items as there is credit, waits, and goes on", async () => {
    const t = thread(function* () {
      for (let i = 0; i < 5; i++) yield i;
      return "end";
    }, 3);
    await t.until("task-seceded");
    assert.deepEqual(t.items(), [0, 1, 2]);
    t.heard.length = 0;
    t.grant(9);
    await t.until("task-finished");
    assert.equal(t.heard[0]?.type, "task-rejoined");
    assert.deepEqual(t.items(), [3, 4]);
    const end = t.heard.at(-1);
    assert.ok(end?.type === "task-finished");
    assert.deepEqual(end.values, ["end"]);
  });

  it("gives each item as it is when it is yielded", async () => {
    const t = thread(async function* () {
      const same = { list: [0], array: new Float64Array(3) };
      for (let i = 1; i < 4; i++) {
        yield same;
        same.list.push(i);
        same.array.fill(i);
      }
    }, 9);
    await t.until("task-finished");
    assert.deepEqual(t.items(), [
      { list: [0], array: new Float64Array([0, 0, 0]) },
      { list: [0, 1], array: new Float64Array([1, 1, 1]) },
      { list: [0, 1, 2], array: new Float64Array([2, 2, 2]) },
    ]);
  });

  it("sends large buffers by transfer: copies of what it keeps, and what it gives away", async () => {
    const t = thread(function* () {
      const kept = new Float64Array(10_000);
      yield kept;
      const given = new Float64Array(10_000);
      yield transfer(given, [given.buffer]);
      return [kept.length, given.length];
    }, 9);
    await t.until("task-finished");
    assert.equal(t.transferred.length, 2);
    assert.equal(t.items().length, 2);
    const end = t.heard.find((message) => message.type === "task-finished");
    assert.deepEqual(end?.type === "task-finished" && end.values, [[10_000, 0]]);
  });

  it("lets the thread hear while it runs on end, and cleans up when it is called off", async () => {
    recorded.length = 0;
    const t = thread(function* () {
      const { signal } = getTask();
      try {
        for (;;) yield 1;
      } finally {
        record(`closed, aborted: ${signal.aborted}`);
        yield "not wanted";
      }
    }, 2 ** 40);
    await t.until("task-items");
    t.cancel();
    await t.until("task-dropped");
    assert.deepEqual(recorded, ["closed, aborted: true"]);
    assert.equal(t.is("task-erred"), false);
  });

  it("cleans up when it is called off while it waits for credit", async () => {
    recorded.length = 0;
    const t = thread(async function* () {
      try {
        yield 1;
      } finally {
        await undefined;
        record("closed");
      }
    }, 1);
    await t.until("task-seceded");
    t.cancel();
    await t.until("task-dropped");
    assert.deepEqual([recorded, t.items()], [["closed"], [1]]);
  });

  it("knows its task each time it goes on", async () => {
    const t = thread(async function* () {
      yield getTask().key;
      await undefined;
      yield getTask().attempt;
    }, 1);
    await t.until("task-seceded");
    t.grant(5);
    await t.until("task-finished");
    assert.equal(t.items().length, 2);
    assert.equal(t.items()[1], 1);
  });

  it("fails with what it throws, after its items", async () => {
    const t = thread(function* () {
      yield 1;
      throw new RangeError("no more");
    }, 9);
    await t.until("task-erred");
    assert.deepEqual([t.items(), t.error().message], [[1], "no more"]);
    const [items, erred] = ["task-items", "task-erred"].map((type) => t.heard.findIndex((each) => each.type === type));
    assert.ok((items as number) < (erred as number));
  });

  it("is closed for an item that cannot travel, named by its place", async () => {
    recorded.length = 0;
    const t = thread(function* () {
      try {
        yield 1;
        yield { deep: [() => 1] };
      } finally {
        record("closed");
      }
    }, 9);
    await t.until("task-erred");
    assert.equal(t.error().name, "UnserializableError");
    assert.equal(t.error()["path"], "items[1].deep[0]");
    assert.deepEqual([recorded, t.items()], [["closed"], [1]]);
  });

  it("may be anything that can be iterated, or a promise of that, and nothing else", async () => {
    const list = thread(() => [1, 2], 9);
    await list.until("task-finished");
    assert.deepEqual(list.items(), [1, 2]);
    const later = thread(async () => new Set(["a"]), 9);
    await later.until("task-finished");
    assert.deepEqual(later.items(), ["a"]);
    for (const fn of [() => 5, () => "text", () => ({})]) {
      const wrong = thread(fn, 9);
      await wrong.until("task-erred");
      assert.match(wrong.error().message, /a stream is made by a generator function/);
    }
  });
});
