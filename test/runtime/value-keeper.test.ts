/** A worker that keeps to a limit, on stores that are full, that are not there, and that lose things. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { MemoryStore } from "../../src/adapters/memory-store.ts";
import { ThreadClients } from "../../src/client/thread-clients.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { MemoryGauge } from "../../src/ports/memory-gauge.ts";
import type { OpenStore } from "../../src/ports/value-store.ts";
import type { PeerMessage } from "../../src/protocol/peer-messages.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { limitMemory } from "../../src/runtime/limited-memory.ts";
import { WorkerRuntime } from "../../src/runtime/worker-runtime.ts";
import { describeFunction } from "../../src/shipping/function-source.ts";
import { WorkerMachine } from "../../src/worker/machine.ts";

const KB = 1024;
const make = (seed: number) => new Float64Array(12_800).fill(seed); // 100 KB

function stage({ open, limit = 400 * KB, gauge }: { open?: OpenStore; limit?: number; gauge?: MemoryGauge } = {}) {
  const [scheduler, comm] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
  const [peer, link] = memoryComm<PeerMessage, PeerMessage>();
  const heard: WorkerMessage[] = [];
  const answers: PeerMessage[] = [];
  scheduler.listen((messages) => heard.push(...messages));
  peer.listen((message) => answers.push(message));
  let nowMs = 0;
  const due: { readonly atMs: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => nowMs,
    after: (ms, wake) => {
      due.push({ atMs: nowMs + ms, wake });
      return () => {};
    },
    nextTurn: (run) => setImmediate(run),
    keepAlive: () => () => {},
  };
  const memory = { limit, place: { name: "w1" } };
  const runtime = new WorkerRuntime(
    { address: "w1", name: "w1", nThreads: 1, memory },
    comm,
    clock,
    {},
    (id, line) => new ThreadClients(id, line),
    { limitMemory, ...(open !== undefined && { openStore: open }), ...(gauge !== undefined && { gauge }) },
  );
  runtime.links.link("w2", link);
  scheduler.send([{ type: "register-functions", functions: [[0, describeFunction(make)]] }]);
  const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  };
  return {
    peer,
    answers,
    heard,
    settle,
    async wait(ms: number) {
      nowMs += ms;
      for (const { atMs, wake } of due.splice(0)) {
        if (atMs <= nowMs) wake();
        else due.push({ atMs, wake });
      }
      await settle();
    },
    async send(...messages: SchedulerToWorkerMessage[]) {
      scheduler.send(messages);
      await settle();
    },
    async make(id: number) {
      scheduler.send([{ type: "compute-task", client: "c1", rows: [id, 1, id, 0, 1, 0, id] }]);
      await settle();
    },
    get warnings() {
      return heard.flatMap((each) => (each.type === "memory-used" ? (each.warning ?? []) : []));
    },
    get kept() {
      return heard.flatMap((each) => (each.type === "memory-used" ? (each.kept ?? []) : [])).at(-1);
    },
    stored: () => heard.flatMap((each) => (each.type === "task-stored" ? [each.id] : [])),
    refused: () =>
      heard.flatMap((each) => (each.type === "task-erred" && each.error.type === "error" ? [each.error] : [])),
  };
}

/** What Node says of a full disk, and browsers of a quota. */
class QuotaExceededError extends Error {
  override readonly name = "QuotaExceededError";
}

const { warn } = console;
const quietly = (run: () => Promise<void>) => async () => {
  console.warn = () => {};
  try {
    await run();
  } finally {
    console.warn = warn;
  }
};

describe("a worker that keeps to a limit", () => {
  it("writes out what is beyond it, says how much that is, and gives it back as it was", async () => {
    const t = stage({ open: async () => new MemoryStore() });
    for (let id = 1; id <= 8; id++) await t.make(id);
    assert.deepEqual(t.stored(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.ok((t.kept?.spilledBytes ?? 0) >= 5 * 100 * KB && (t.kept?.heldBytes ?? 0) <= 300 * KB);
    await t.send({ type: "get-data", id: 1, move: false });
    const data = t.heard.findLast(({ type }) => type === "data");
    assert.ok(data?.type === "data" && data.found);
    assert.deepEqual(data.value, make(1));
  });

  it("begins to write as soon as that is decided, one value at a time", async () => {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const store = new MemoryStore();
    store.write = (number) => {
      begun.push(number);
      return new Promise((resolve) => ends.push(resolve));
    };
    const keeper = limitMemory(
      new WorkerMachine(1),
      { limit: 400 * KB, place: { name: "w1" } },
      {
        clock: { now: () => 0, after: () => () => {}, nextTurn: () => {}, keepAlive: () => () => {} },
        gauge: undefined,
        open: async () => store,
        guard: () => {},
        isBusy: () => false,
        say: () => {},
        changed: () => {},
      },
    );
    await Promise.resolve(); // It is open.
    await Promise.resolve();
    keeper.perform({ type: "write-value", number: 1, value: make(1) });
    assert.deepEqual(begun, [1]);
    keeper.perform({ type: "write-value", number: 2, value: make(2) });
    keeper.perform({ type: "write-value", number: 3, value: make(3) });
    for (let number = 1; number <= 3; number++) {
      await new Promise(setImmediate);
      assert.deepEqual(begun, [1, 2, 3].slice(0, number));
      ends.shift()?.();
    }
    await new Promise(setImmediate);
    keeper.perform({ type: "write-value", number: 4, value: make(4) });
    assert.deepEqual(begun, [1, 2, 3, 4]);
  });

  it("says that it is full when that lasts, not when it is over in a moment", async () => {
    const store = new MemoryStore();
    const write = store.write.bind(store);
    const ends: (() => void)[] = [];
    let isSlow = false;
    store.write = async (number, chunks) => {
      if (isSlow) await new Promise<void>((resolve) => ends.push(resolve));
      await write(number, chunks);
    };
    const t = stage({ open: async () => store });
    const saidFull = () => t.heard.some((each) => each.type === "memory-used" && each.kept?.isFull);
    for (let id = 1; id <= 3; id++) await t.make(id);
    await t.send(
      ...[4, 5, 6, 7, 8].map((id) => ({ type: "put-data", id, value: make(id), nbytes: 100 * KB }) as const),
    );
    await t.wait(20);
    assert.equal(saidFull(), false);
    isSlow = true;
    await t.send(...[9, 10, 11].map((id) => ({ type: "put-data", id, value: make(id), nbytes: 100 * KB }) as const));
    assert.equal(saidFull(), false);
    await t.wait(19);
    assert.equal(saidFull(), false);
    await t.wait(1);
    assert.equal(t.kept?.isFull, true);
    isSlow = false;
    ends.shift()?.();
    await t.settle();
    assert.equal(t.kept?.isFull, false);
  });

  it("gives a peer what is there at once and the rest one by one, in one answer", async () => {
    const t = stage({ open: async () => new MemoryStore() });
    for (let id = 1; id <= 8; id++) await t.make(id);
    t.peer.send({ type: "get-data", request: 5, ids: [1, 2, 8] });
    await t.settle();
    const parts = t.answers.flatMap((each) => (each.type === "data" ? [each] : []));
    assert.deepEqual(parts.flatMap(({ ids }) => ids).sort(), [1, 2, 8]);
    assert.deepEqual(
      parts.map(({ isMoreToCome }) => isMoreToCome === true),
      parts.map((_, i) => i < parts.length - 1),
    );
    assert.deepEqual(parts.at(-1)?.values.at(-1), make(parts.at(-1)?.ids.at(-1) as number));
  });

  it(
    "whose disk is full warns once, loses nothing, refuses what is beyond the limit, and goes on when there is room",
    quietly(async () => {
      const store = new MemoryStore({ room: 100 * KB + 500 });
      const write = store.write.bind(store);
      store.write = (number, chunks) =>
        write(number, chunks).catch(() => Promise.reject(new QuotaExceededError("The quota has been exceeded.")));
      const t = stage({ open: async () => store });
      for (let id = 1; id <= 8; id++) await t.make(id);
      assert.equal(t.warnings.length, 1);
      assert.match(t.warnings[0] as string, /nothing can be written out: QuotaExceededError: The quota.*refused until/);
      assert.ok(t.refused().length > 0);
      for (const { name, message } of t.refused()) {
        assert.equal(name, "MemoryLimitError");
        assert.match(message, /there is no room for the result.*QuotaExceededError/);
      }
      for (const id of t.stored()) {
        await t.send({ type: "get-data", id, move: false });
        const data = t.heard.findLast(({ type }) => type === "data");
        assert.ok(data?.type === "data" && data.found);
        assert.deepEqual(data.value, make(id));
      }
      await t.wait(1000);
      assert.equal(t.warnings.length, 1, "the same obstacle is no news");
      store.room = 10_000 * KB;
      await t.wait(1000);
      const before = t.refused().length;
      for (let id = 11; id <= 16; id++) await t.make(id);
      assert.equal(t.refused().length, before);
    }),
  );

  it(
    "that can write nowhere says so at once, and refuses what is beyond the limit",
    quietly(async () => {
      const t = stage({ open: () => Promise.reject(new Error("the operation is insecure")) });
      await t.settle();
      assert.match(
        t.warnings[0] as string,
        /the operation is insecure; beyond its memoryLimit, results will be refused/,
      );
      for (let id = 1; id <= 6; id++) await t.make(id);
      assert.deepEqual(t.stored(), [1, 2, 3]);
      assert.equal(t.refused().length, 3);
      await t.send({ type: "free-keys", ids: [1, 2] });
      await t.make(7);
      assert.deepEqual(t.stored(), [1, 2, 3, 7]);
    }),
  );

  it(
    "that cannot read a value back says that it does not have it, and warns",
    quietly(async () => {
      const store = new MemoryStore();
      const t = stage({ open: async () => store });
      for (let id = 1; id <= 8; id++) await t.make(id);
      store.read = () => Promise.reject(new Error("the disk is gone"));
      await t.send({ type: "get-data", id: 1, move: false });
      const data = t.heard.findLast(({ type }) => type === "data");
      assert.ok(data?.type === "data" && !data.found);
      assert.match(t.warnings.join(), /could not be read back, and will have to be made again: the disk is gone/);
    }),
  );

  it("keeps shared memory where it is, for others look at it too", async () => {
    const store = new MemoryStore();
    const t = stage({ open: async () => store });
    const shared = new Uint8Array(new SharedArrayBuffer(300 * KB));
    await t.send({ type: "put-data", id: 1, value: shared, nbytes: 300 * KB });
    await t.send({ type: "put-data", id: 2, value: make(2), nbytes: 100 * KB });
    await t.send({ type: "get-data", id: 1, move: false });
    const data = t.heard.findLast(({ type }) => type === "data");
    assert.ok(data?.type === "data" && (data.value as Uint8Array).buffer instanceof SharedArrayBuffer);
  });

  it("asks for another thread in its place when that has too much in use beside values, once it is no garbage", async () => {
    let [used, garbage] = [10 * 2 ** 20, 0];
    const gauge: MemoryGauge = {
      used: () => used + garbage,
      usedAfterCleaning: () => {
        garbage = 0;
        return used;
      },
    };
    const t = stage({ open: async () => new MemoryStore(), limit: 100 * 2 ** 20, gauge });
    const givesUp = () => t.heard.flatMap((each) => (each.type === "memory-used" ? (each.givesUp ?? []) : []));
    garbage = 500 * 2 ** 20;
    await t.wait(1000);
    await t.make(1);
    assert.deepEqual(givesUp(), []);
    used += 140 * 2 ** 20;
    await t.wait(1000);
    await t.make(2);
    assert.match(givesUp()[0] as string, /its thread has \d+ bytes in use, \d+ of them values, and its memoryLimit is/);
    assert.equal(t.kept?.isFull, true);
  });
});
