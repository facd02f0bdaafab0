/** Plain tasks stay as they were submitted, and nobody can tell but by what they weigh. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import type { WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { idsOf } from "../support/scheduler-narrator.ts";
import { assertForgotten, validateScheduler } from "../support/validate.ts";

const PER_MESSAGE = 1000;
const MESSAGES = 6;
const ALL = PER_MESSAGE * MESSAGES;

/** A scheduler that was sent many tasks, the `n`-th of which stands for twice `n`. */
class Flooded {
  readonly machine = new SchedulerMachine();
  readonly results = new Map<number, unknown>();
  readonly cancelled: number[] = [];
  /** What each worker has been sent and has not answered: `id, run, client's number` each. */
  readonly #inHand = new Map<string, number[][]>();
  #workers = 0;

  constructor() {
    this.machine.handle({ type: "add-client", client: "c1" });
    for (let i = 0; i < MESSAGES; i++) {
      const first = i * PER_MESSAGE;
      const rows = Array.from({ length: PER_MESSAGE }, (_, k) => first + k);
      const functions = i === 0 ? ([[0, { name: "f", hash: "f" }]] as const) : [];
      const uniform = { fn: 0, slots: 1, shape: 0 };
      this.hear({ type: "update-graph", first, count: PER_MESSAGE, rows, uniform, functions, options: {} });
    }
  }

  get records(): number {
    return this.machine.state.tasks.size;
  }

  hear(message: ClientMessage): void {
    this.machine.handle({ type: "client-message", client: "c1", message });
    this.#take();
  }

  addWorker(): string {
    const worker = `w${++this.#workers}`;
    this.#inHand.set(worker, []);
    this.machine.handle({ type: "add-worker", worker, name: worker, nThreads: 1 });
    this.#take();
    return worker;
  }

  say(worker: string, message: WorkerMessage): void {
    this.machine.handle({ type: "worker-message", worker, message });
    this.#take();
  }

  /** Has the worker finish up to `most` of what it was sent, one range for each. */
  finish(worker: string, most = Number.POSITIVE_INFINITY): number {
    const done = this.#inHand.get(worker)?.splice(0, most) ?? [];
    if (done.length === 0) return 0;
    const ranges = done.flatMap(([id = 0, run = 0]) => [id, run, 1]);
    const values = done.map(([, , number = 0]) => number * 2);
    this.say(worker, { type: "task-finished", ranges, values, spent: [0, done.length, done.length] });
    return done.length;
  }

  /** The task that `worker` is to run next. */
  firstOf(worker: string): { id: number; run: number; number: number } {
    const [id = 0, run = 0, number = 0] = this.#inHand.get(worker)?.[0] ?? [];
    return { id, run, number };
  }

  lose(worker: string): void {
    this.#inHand.delete(worker);
    this.machine.handle({ type: "remove-worker", worker, reason: "it died", expected: false });
    this.#take();
  }

  runAll(): void {
    while ([...this.#inHand.keys()].some((worker) => this.finish(worker) > 0));
  }

  #take(): void {
    validateScheduler(this.machine.state);
    const instructions = this.machine.take();
    for (const instruction of instructions) {
      if (instruction.type === "send-to-worker") {
        for (const message of instruction.messages) {
          if (message.type === "compute-blocks") {
            for (let b = 0, at = 0; b < message.blocks.length; b += 7) {
              const [, slots = 0, , id = 0, run = 0, number = 0, count = 0] = message.blocks.slice(b, b + 7);
              assert.equal(slots, 1);
              for (let i = 0; i < count; i++) {
                assert.equal(message.args[at++], number + i, "the argument is that of the task");
                this.#inHand.get(instruction.worker)?.push([id + i, run, number + i]);
              }
            }
          } else if (message.type === "compute-task") {
            for (let at = 0; at < message.rows.length; at += 7) {
              const [id, run, number] = message.rows.slice(at, at + 3) as number[];
              this.#inHand.get(instruction.worker)?.push([id as number, run as number, number as number]);
            }
          } else if (message.type === "cancel-compute") {
            const kept = this.#inHand.get(instruction.worker)?.filter(([id = 0]) => !message.ids.includes(id)) ?? [];
            this.#inHand.set(instruction.worker, kept);
            const runs = message.ids.flatMap((id, i) => [id, message.runs[i] as number]);
            this.machine.handle({
              type: "worker-message",
              worker: instruction.worker,
              message: { type: "task-dropped", runs },
            });
          }
        }
      } else if (instruction.type === "send-to-client") {
        for (const message of instruction.messages) {
          if (message.type === "cancelled-keys") this.cancelled.push(...message.ids);
          if (message.type !== "keys-in-memory") continue;
          for (const [i, id] of idsOf(message.ranges).entries()) {
            assert.ok(!this.results.has(id), `${id} is delivered once`);
            this.results.set(id, message.values[i]);
          }
        }
        this.machine.handle({
          type: "client-message",
          client: "c1",
          message: { type: "news-received", batch: instruction.batch },
        });
      }
    }
    if (instructions.length > 0) this.#take();
  }
}

function expected(except: readonly number[] = []): Map<number, number> {
  const ids = Array.from({ length: ALL }, (_, id) => id).filter((id) => !except.includes(id));
  return new Map(ids.map((id) => [id, id * 2]));
}

const inOrder = (results: Map<number, unknown>) => new Map([...results].sort(([a], [b]) => a - b));

describe("plain tasks", () => {
  it("run without a record of any of them, and leave nothing", () => {
    const flooded = new Flooded();
    const workers = [flooded.addWorker(), flooded.addWorker()];
    while (workers.some((worker) => flooded.finish(worker, 100) > 0)) assert.equal(flooded.records, 0);
    assert.deepEqual(inOrder(flooded.results), expected());
    assertForgotten(flooded.machine.state);
  });

  it("can be cancelled and released before they were looked at", () => {
    const flooded = new Flooded();
    const last = ALL - 1;
    flooded.hear({ type: "cancel-keys", ids: [last], force: false, reason: "enough" });
    flooded.hear({ type: "client-releases-keys", ids: [last - 1] });
    flooded.addWorker();
    flooded.runAll();
    assert.deepEqual(inOrder(flooded.results), expected([last, last - 1]));
    assert.deepEqual(flooded.cancelled, [last]);
    assertForgotten(flooded.machine.state);
  });

  it("get records where one of them fails, and the others go on", () => {
    const flooded = new Flooded();
    const worker = flooded.addWorker();
    flooded.finish(worker, 3);
    const { id, run, number } = flooded.firstOf(worker);
    const error = { type: "value", value: "no" } as never;
    flooded.say(worker, { type: "task-erred", id, run, error });
    assert.ok(flooded.records > 0 && flooded.records <= PER_MESSAGE, "those of its submission alone");
    flooded.runAll();
    assert.deepEqual(inOrder(flooded.results), expected([number]));
    flooded.hear({ type: "client-releases-keys", ids: [number] });
    assertForgotten(flooded.machine.state);
  });

  it("run again elsewhere when their worker dies", () => {
    const flooded = new Flooded();
    const [first, second] = [flooded.addWorker(), flooded.addWorker()];
    for (let i = 0; i < 5; i++) for (const worker of [first, second]) flooded.finish(worker, 50);
    flooded.lose(first);
    flooded.runAll();
    assert.deepEqual(inOrder(flooded.results), expected());
    assertForgotten(flooded.machine.state);
  });

  it("may be inputs of others, at whatever point they are", () => {
    const flooded = new Flooded();
    const worker = flooded.addWorker();
    flooded.finish(worker, 10);
    const rows = [0, 2, 3, 0, ALL - 1];
    flooded.hear({ type: "update-graph", first: ALL, count: 1, rows, functions: [], options: {} });
    // The first is gone: its value is the client's, who would have sent it along.
    assert.deepEqual(flooded.cancelled, [ALL]);
    flooded.hear({
      type: "update-graph",
      first: ALL + 1,
      count: 1,
      rows: [0, 1, 1, ALL - 1],
      functions: [],
      options: {},
    });
    flooded.runAll();
    assert.deepEqual(inOrder(flooded.results), expected().set(ALL + 1, (ALL + 1) * 2));
    assertForgotten(flooded.machine.state);
  });

  it("are given up when their client leaves", () => {
    const flooded = new Flooded();
    const worker = flooded.addWorker();
    flooded.finish(worker, 1);
    flooded.machine.handle({ type: "remove-client", client: "c1" });
    validateScheduler(flooded.machine.state);
    assert.equal(flooded.records, 0);
    assert.equal(flooded.machine.state.queued, 0);
  });

  it("are sent with the word that their value is waited for, as far as it is", () => {
    const flooded = new Flooded();
    flooded.hear({ type: "gather", ranges: [10, 5, 15, 5] });
    assert.equal(flooded.records, 0);
    flooded.hear({ type: "gather", ranges: [500, 1] });
    assert.equal(flooded.records, PER_MESSAGE, "two separate runs are too much for one span");
    flooded.addWorker();
    flooded.runAll();
    assert.deepEqual(inOrder(flooded.results), expected());
    assertForgotten(flooded.machine.state);
  });
});
