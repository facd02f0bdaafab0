/** Parties that say what they cannot: they are to be thrown out, and nobody else is to notice. */
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { ClientMessage, News } from "../../src/protocol/client-messages.ts";
import { validateClientMessages, validateWorkerMessages } from "../../src/protocol/validate.ts";
import {
  BLOCK_HEADER,
  COMPUTE_HEADER,
  type SchedulerToWorkerMessage,
  type WorkerMessage,
} from "../../src/protocol/worker-messages.ts";
import { checkedComm } from "../../src/runtime/checked-comm.ts";
import type { SchedulerRuntime } from "../../src/runtime/scheduler-runtime.ts";
import type { Random } from "../support/random.ts";
import type { World } from "./world.ts";

/** What a lying worker knows of what it was sent. */
interface Seen {
  readonly id: number;
  readonly run: number;
}

/** `other`: a number of a task that it was not given. */
type Lie = (random: Random, seen: Seen | undefined, other: number) => unknown;

const error = { type: "error", base: "Error", name: "Error", message: "a lie" };

const WORKER_LIES: readonly Lie[] = [
  () => "rubbish",
  () => null,
  () => [],
  () => ({ type: "no such word" }),
  () => ({ type: "task-finished" }),
  () => ({ type: "task-finished", ranges: [1, 1, 5], values: [1], spent: [] }),
  () => ({ type: "task-finished", ranges: [1, 1, 1], values: [1], spent: [999, 1, 1] }),
  (_, __, other) => ({ type: "task-finished", ranges: [other, 1, 1], values: ["a lie"], spent: [] }),
  (_, __, other) => ({ type: "task-finished", ranges: [other, 9, 3], values: [1, 2, 3], spent: [] }),
  (_, seen) => ({ type: "task-finished", ranges: [seen?.id ?? 1, (seen?.run ?? 1) + 7, 1], values: [1], spent: [] }),
  (_, __, other) => ({ type: "task-stored", id: other, run: 1, nbytes: 1e6, valueType: "lie" }),
  (_, __, other) => ({ type: "task-stored", id: other, run: 1, nbytes: -1, valueType: "lie" }),
  (_, __, other) => ({ type: "task-erred", id: other, run: 1, error }),
  (_, __, other) => ({ type: "task-dropped", runs: [other, 1] }),
  (_, seen) => ({ type: "task-dropped", runs: [seen?.id ?? 1, seen?.run ?? 1, seen?.id ?? 1, seen?.run ?? 1] }),
  (_, __, other) => ({ type: "add-keys", ids: [other] }),
  (_, __, other) => ({ type: "missing-data", id: 0, run: 0, missing: other, holders: ["thread://far-1/0"] }),
  (_, __, other) => ({ type: "missing-data", id: 0, run: 0, missing: other, holders: [] }),
  (_, __, other) => ({ type: "data", id: other, found: true, value: "a lie", moved: true }),
  () => ({ type: "errand-done", number: 0, outcome: { value: 1 } }),
  () => ({ type: "client-messages", messages: [{ type: "gather", ranges: [1] }] }),
  () => ({ type: "client-messages", messages: [{ type: "news-received", batch: 99 }] }),
  () => ({ type: "worker-holds", values: [{ client: 5 }] }),
  () => ({ type: "set-resources", resources: { gpu: "many" } }),
  () => ({ type: "slots-lent", count: 1e9 }),
];

const CLIENT_LIES: readonly Lie[] = [
  () => "rubbish",
  () => ({ type: "no such word" }),
  () => ({ type: "update-graph", first: 0, count: 1, rows: [7, 0, 0], uniform: undefined, functions: [], options: {} }),
  () => ({
    type: "update-graph",
    first: 0,
    count: 9,
    rows: [],
    uniform: { fn: 1, slots: 0, shape: 0 },
    functions: [],
    options: {},
  }),
  () => ({ type: "update-graph", first: 0, count: 1, rows: [0, 5, 0], uniform: undefined, functions: [], options: {} }),
  () => ({
    type: "update-graph",
    first: 0,
    count: 1,
    rows: [0, 0, 0],
    uniform: undefined,
    functions: [[0, { name: "f", hash: "f" }]],
    options: { parent: 1 },
  }),
  () => ({ type: "news-received", batch: 5 }),
  () => ({ type: "scatter", id: 0, value: 1, nbytes: 8, isLocal: true }),
  () => ({ type: "gather", ranges: [0] }),
  () => ({ type: "cancel-keys", ids: ["all"], force: true, reason: "" }),
  () => ({ type: "request", number: 1, request: { type: "retire-some", count: -1 } }),
  () => ({
    type: "request",
    number: 1,
    request: { type: "coordinate", target: { kind: "lock", name: "l" }, act: { type: "acquire" }, task: 1 },
  }),
];

/** Somebody who joins, waits a little, tells a lie, and should be gone then. */
export class Liar {
  readonly address: string;
  isOver = false;
  /** It was believed. */
  problem: Error | undefined;
  readonly #world: World;
  readonly #random: Random;
  readonly #scheduler: SchedulerRuntime;

  constructor(world: World, random: Random, scheduler: SchedulerRuntime, number: number) {
    this.#world = world;
    this.#random = random;
    this.#scheduler = scheduler;
    this.address = `thread://liar-${number}/0`;
  }

  /** Pretends to be a worker. `gone`: it was thrown out, and has told what it was to be thrown out for. */
  joinAsWorker(after: (ms: number, act: () => void) => void): void {
    const [atScheduler, here] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
    let seen: Seen | undefined;
    let told: unknown;
    /** What it says of these may be no lie. */
    const own = new Set<number>();
    here.listen((messages) => {
      for (const message of messages) {
        if (message.type === "compute-task") {
          for (let at = 0; at < message.rows.length; at += COMPUTE_HEADER + (message.rows[at + 4] as number)) {
            seen = { id: message.rows[at] as number, run: message.rows[at + 1] as number };
            own.add(seen.id);
          }
        } else if (message.type === "compute-blocks") {
          for (let at = 0; at < message.blocks.length; at += BLOCK_HEADER) {
            const first = message.blocks[at + 3] as number;
            for (let id = first; id < first + (message.blocks[at + 6] as number); id++) own.add(id);
          }
        }
      }
    });
    here.closed.then((reason) => this.end(reason));
    const checked = checkedComm(atScheduler, validateWorkerMessages);
    const introduction = { address: this.address, name: this.address, nThreads: 1 };
    this.#scheduler.addWorker(introduction, checked, { isForeign: true });
    after(this.#random.next() * 20, () => {
      let other = this.#random.integer(1, 60);
      while (own.has(other)) other += 1;
      const lie = this.#random.pick(WORKER_LIES)?.(this.#random, seen, other);
      told = lie;
      this.#world.tell(() => `${this.address} lies: ${JSON.stringify(lie)}`);
      here.send([lie as WorkerMessage]);
    });
    after(60, () => {
      if (this.isOver) return;
      // What is said of a value that is forgotten does no harm, and may be the truth.
      const isHarmless = /^\{"type":"(add-keys|missing-data)"/.test(JSON.stringify(told) ?? "");
      if (!isHarmless) this.problem = new Error(`${this.address} was believed: ${JSON.stringify(told)}`);
      this.end("it was there for long enough");
    });
  }

  joinAsClient(after: (ms: number, act: () => void) => void): Comm<readonly ClientMessage[], News> {
    const [here, there] = memoryComm<readonly ClientMessage[], News>();
    this.#scheduler.addClient(this.address.replaceAll("-", "~"), checkedComm(there, validateClientMessages), {
      isForeign: true,
    });
    here.closed.then(() => {
      this.isOver = true;
    });
    here.listen(() => {});
    after(this.#random.next() * 20, () => {
      const lie = this.#random.pick(CLIENT_LIES)?.(this.#random, undefined, 0);
      this.#world.tell(() => `${this.address} lies as a client: ${JSON.stringify(lie)}`);
      here.send([lie as ClientMessage]);
    });
    return here;
  }

  /** It is thrown out. */
  end(reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#world.tell(() => `${this.address} is out: ${reason}`);
    this.#scheduler.removeWorker(this.address, reason, true);
  }
}
