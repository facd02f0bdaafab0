/** Parties that say what they cannot: they are to be thrown out, and nobody else is to notice. */
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { ClientMessage, News } from "../../src/protocol/client-messages.ts";
import { validateClientMessages, validateWorkerMessages } from "../../src/protocol/validate.ts";
import {
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

type Lie = (random: Random, seen: Seen | undefined) => unknown;

const error = { type: "error", base: "Error", name: "Error", message: "a lie" };

const WORKER_LIES: readonly Lie[] = [
  () => "rubbish",
  () => null,
  () => [],
  () => ({ type: "no such word" }),
  () => ({ type: "task-finished" }),
  () => ({ type: "task-finished", ranges: [1, 1, 5], values: [1], spent: [] }),
  () => ({ type: "task-finished", ranges: [1, 1, 1], values: [1], spent: [999, 1, 1] }),
  (random) => ({ type: "task-finished", ranges: [random.integer(1, 60), 1, 1], values: ["a lie"], spent: [] }),
  (random) => ({ type: "task-finished", ranges: [random.integer(1, 60), 9, 3], values: [1, 2, 3], spent: [] }),
  (_, seen) => ({ type: "task-finished", ranges: [seen?.id ?? 1, (seen?.run ?? 1) + 7, 1], values: [1], spent: [] }),
  (random) => ({ type: "task-stored", id: random.integer(1, 60), run: 1, nbytes: 1e6, valueType: "lie" }),
  (random) => ({ type: "task-stored", id: random.integer(1, 60), run: 1, nbytes: -1, valueType: "lie" }),
  (random) => ({ type: "task-erred", id: random.integer(1, 60), run: 1, error }),
  (random) => ({ type: "task-dropped", runs: [random.integer(1, 60), 1] }),
  (_, seen) => ({ type: "task-dropped", runs: [seen?.id ?? 1, seen?.run ?? 1, seen?.id ?? 1, seen?.run ?? 1] }),
  (random) => ({ type: "add-keys", ids: [random.integer(1, 60)] }),
  (random) => ({ type: "missing-data", id: 0, run: 0, missing: random.integer(1, 60), holders: ["thread://far-1/0"] }),
  (random) => ({ type: "missing-data", id: 0, run: 0, missing: random.integer(1, 60), holders: [] }),
  (random) => ({ type: "data", id: random.integer(1, 60), found: true, value: "a lie", moved: true }),
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
    uniform: { fn: 1, slots: 0 },
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
    here.listen((messages) => {
      for (const message of messages) {
        if (message.type !== "compute-task" || message.rows.length < COMPUTE_HEADER) continue;
        seen = { id: message.rows[0] as number, run: message.rows[1] as number };
      }
    });
    here.closed.then((reason) => this.end(reason));
    const checked = checkedComm(atScheduler, validateWorkerMessages);
    const introduction = { address: this.address, name: this.address, nThreads: 1 };
    this.#scheduler.addWorker(introduction, checked, { isForeign: true });
    after(this.#random.next() * 20, () => {
      const lie = this.#random.pick(WORKER_LIES)?.(this.#random, seen);
      this.#world.tell(() => `${this.address} lies: ${JSON.stringify(lie)}`);
      here.send([lie as WorkerMessage]);
    });
    // What is no lie by chance, or not understood as one, must not keep tasks for ever.
    after(60, () => this.end("it was there for long enough"));
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
      const lie = this.#random.pick(CLIENT_LIES)?.(this.#random, undefined);
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
