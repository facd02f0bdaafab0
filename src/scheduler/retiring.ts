/**
 * Workers that leave in good order.
 *
 * One that is to leave takes nothing any more and gives back what it has not begun. What it has begun it finishes, actors that can be
 * restored elsewhere move, and for others it stays as long as somebody has a handle on them; what only it holds
 * is fetched by workers that stay, straight from it, or by the scheduler if none stays. When neither is left to wait for, it ends. That
 * it dies before is a death like others, only that nobody takes its place.
 */

import type { RetireRequest, WorkerStatus } from "../protocol/worker-requests.ts";
import type { Actors } from "./actors.ts";
import { answer, findWorkers, type Question } from "./answers.ts";
import type { Errands } from "./errands.ts";
import { workersAtLong } from "./load.ts";
import { takeWorkFrom } from "./pausing.ts";
import type { Plugins } from "./plugins.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Values that are moved off one worker at a time. */
const MOST_MOVING = 64;

/** Somebody who wants to know when these have left. */
interface Asked extends Question {
  readonly leaving: Set<WorkerRecord>;
  /** Addresses of those that have. */
  readonly left: string[];
}

interface Leaving {
  /** What it was before. */
  readonly status: WorkerStatus;
  /** What is being moved off it, and who fetches it: a worker, or the scheduler. */
  readonly moving: Map<TaskRecord, WorkerRecord | undefined>;
  /** Whether it has been told to take its plugins down. */
  hasLeave: boolean;
}

export class Retirements {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #errands: Errands;
  readonly #plugins: Plugins;
  readonly #actors: Actors;
  readonly #leaving = new Map<WorkerRecord, Leaving>();
  #asked: Asked[] = [];

  constructor(
    state: SchedulerState,
    tools: RequestTools,
    { errands, plugins, actors }: { readonly errands: Errands; readonly plugins: Plugins; readonly actors: Actors },
  ) {
    this.#state = state;
    this.#tools = tools;
    this.#errands = errands;
    this.#plugins = plugins;
    this.#actors = actors;
  }

  /** Those that are not there have left already. */
  retire(question: Question, request: RetireRequest): void {
    const workers =
      request.type === "retire-some" ? this.#choose(request.count) : findWorkers(this.#state, request.workers).found;
    this.#asked.push({ ...question, leaving: new Set(workers), left: [] });
    for (const worker of workers) {
      if (this.#leaving.has(worker)) continue;
      this.#leaving.set(worker, { status: worker.status, moving: new Map(), hasLeave: false });
      worker.status = "retiring";
    }
    // When all are marked, so that none is given what another gives back.
    for (const worker of workers) takeWorkFrom(this.#state, worker);
  }

  /** They need not leave any more, unless somebody else wants them to. Those that are as good as gone go. */
  withdraw(client: ClientRecord, number: number): void {
    const asked = this.#asked.find((each) => each.client === client && each.number === number);
    if (asked === undefined) return;
    this.#asked = this.#asked.filter((each) => each !== asked);
    for (const worker of asked.leaving) {
      const leaving = this.#leaving.get(worker);
      if (leaving === undefined || leaving.hasLeave || worker.ending) continue;
      if (this.#asked.some((other) => other.leaving.has(worker))) continue;
      this.#leaving.delete(worker);
      worker.status = leaving.status;
      this.#tools.judgeRoom(this.#state, worker);
    }
  }

  removeWorker(worker: WorkerRecord, expected: boolean): void {
    this.#leaving.delete(worker);
    for (const { leaving, left } of this.#asked) if (leaving.delete(worker) && expected) left.push(worker.address);
  }

  /** Then the scheduler fetches it, who talks to its holder in another way. */
  hearNotAcquired(target: WorkerRecord, task: TaskRecord): void {
    for (const [worker, { moving }] of this.#leaving) {
      if (moving.get(task) !== target) continue;
      moving.set(task, undefined);
      this.#state.toWorker(worker).send({ type: "get-data", id: task.id, move: false });
    }
  }

  /** A value has arrived that there was no worker to keep for. */
  receiveValue(worker: WorkerRecord, task: TaskRecord, value: unknown): void {
    const moving = this.#leaving.get(worker)?.moving;
    if (moving?.has(task) !== true || moving.get(task) !== undefined || !this.#isOnlyOn(task)) return;
    task.value = value;
  }

  /** Whether somebody waits for something here. */
  get isWaiting(): boolean {
    return this.#leaving.size + this.#asked.length > 0;
  }

  /** Takes each that is leaving a step further. */
  settle(): void {
    for (const [worker, leaving] of this.#leaving) if (!worker.ending) this.#goOn(worker, leaving);
    if (this.#asked.length === 0) return;
    this.#asked = this.#asked.filter(({ client, number, leaving, left }) => {
      if (leaving.size === 0) answer(this.#state, { client, number }, { value: left });
      return leaving.size > 0;
    });
  }

  #goOn(worker: WorkerRecord, leaving: Leaving): void {
    const { moving } = leaving;
    for (const [task, target] of moving) if (this.#isMoved(task, worker, target)) moving.delete(task);
    if (moving.size > 0) return;
    for (const task of this.#state.replicas.leftsOf(worker)) {
      if (moving.size === MOST_MOVING) break;
      if (this.#isOnlyOn(task)) moving.set(task, undefined);
    }
    if (moving.size > 0) return this.#move(worker, moving);
    if (this.#actors.holdBack(worker) || worker.processing > 0 || this.#errands.isAt(worker)) return;
    if (this.#plugins.areSome && !leaving.hasLeave) {
      leaving.hasLeave = true;
      return this.#errands.send([worker], { type: "leave" }, () => {});
    }
    this.#tools.endWorker(this.#state, worker, "it was retired");
  }

  /** Whether nobody has its value but workers that are leaving. */
  #isOnlyOn(task: TaskRecord): boolean {
    if (task.state !== "memory" || task.atClient || task.value !== this.#tools.NO_VALUE) return false;
    for (const holder of this.#state.replicas.rightsOf(task)) if (!this.#leaving.has(holder)) return false;
    return true;
  }

  /** Whether it need not be waited for any more: it is safe, or gone, or whoever was to fetch it is. */
  #isMoved(task: TaskRecord, worker: WorkerRecord, target: WorkerRecord | undefined): boolean {
    if (!this.#isOnlyOn(task) || !this.#state.replicas.has(task, worker)) return true;
    return target !== undefined && !target.takesTasks;
  }

  /** Has others fetch what only `worker` holds: whoever of those that stay holds least. */
  #move(worker: WorkerRecord, moving: Map<TaskRecord, WorkerRecord | undefined>): void {
    const state = this.#state;
    const loads = [...state.workers.values()]
      .filter(({ takesTasks }) => takesTasks)
      .map((each) => ({ each, nbytes: this.#bytesOn(each) }));
    const orders = new Map<WorkerRecord, number[]>();
    for (const task of moving.keys()) {
      loads.sort((a, b) => a.nbytes - b.nbytes);
      const target = loads[0];
      if (target === undefined) {
        state.toWorker(worker).send({ type: "get-data", id: task.id, move: false });
        continue;
      }
      target.nbytes += task.nbytes;
      moving.set(task, target.each);
      const whoHas = orders.get(target.each) ?? [];
      whoHas.push(task.id, task.nbytes, 1, 0);
      orders.set(target.each, whoHas);
    }
    for (const [target, whoHas] of orders) {
      this.#tools.link(state, target, worker);
      state.toWorker(target).send({ type: "acquire-replicas", whoHas, peers: [worker.address] });
    }
  }

  #bytesOn(worker: WorkerRecord): number {
    let nbytes = 0;
    for (const task of this.#state.replicas.leftsOf(worker)) nbytes += task.nbytes;
    for (const { moving } of this.#leaving.values()) {
      for (const [task, target] of moving) if (target === worker) nbytes += task.nbytes;
    }
    return nbytes;
  }

  /** So many that can best be spared: not in the middle of something long, without actors, with little to do, and with little to move. */
  #choose(count: number): readonly WorkerRecord[] {
    const busy = workersAtLong(this.#state);
    const candidates = [...this.#state.workers.values()].filter(({ status }) => status !== "retiring");
    const costs = candidates.map((worker, i) => ({
      worker,
      // One that is about to end anyway is not replaced then.
      cost: [
        Number(!worker.ending),
        Number(busy.has(worker)),
        worker.actors,
        worker.occupancyUs,
        this.#bytesOn(worker),
        -i,
      ],
    }));
    costs.sort((a, b) => compare(a.cost, b.cost));
    return costs.slice(0, count).map(({ worker }) => worker);
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, each] of a.entries()) if (each !== b[i]) return each - (b[i] as number);
  return 0;
}
