/**
 * Copies of values on their way from worker to worker, because a client wants them there rather than because a task does.
 *
 * Whoever is to have one is told to fetch it. It says when it has it, and when it could not get it. A copy that is not on its way any
 * longer is there, or has to be thought of anew.
 */

import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Copies on their way to one worker at a time, so that it does not have to take in too much at once. */
const MOST_TO_ONE = 16;
/** Copies of one value that a holder hands out at a time. Those who get them hand it on: that is how many are served quickly. */
const MOST_OF_ONE = 2;

/** So often somebody is told to fetch a copy that does not come though its holder is there. */
const MOST_TIMES = 10;

interface Order {
  readonly whoHas: (TaskId | number)[];
  readonly peers: WorkerAddress[];
}

export class Copying {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  /** Who fetches what from whom. */
  readonly #underWay = new Map<TaskRecord, Map<WorkerRecord, WorkerRecord>>();
  readonly #orders = new Map<WorkerRecord, Order>();
  /** How often somebody did not get a copy from who has it. */
  readonly #missed = new WeakMap<TaskRecord, Map<WorkerRecord, number>>();

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
  }

  /** Whether somebody waits for something here. */
  get isWaiting(): boolean {
    return this.#underWay.size + this.#orders.size > 0;
  }

  /** Notes which copies are not on their way any more. To be called before anything is asked here. */
  settle(): void {
    const { replicas, workers } = this.#state;
    for (const [task, fetchers] of this.#underWay) {
      for (const [worker, from] of fetchers) {
        const isOver = !task.isAvailable || replicas.has(task, worker) || !replicas.has(task, from);
        if (isOver || workers.get(worker.address) !== worker) fetchers.delete(worker);
      }
      if (fetchers.size === 0) this.#underWay.delete(task);
    }
  }

  /** It could not get it: its holder was sending it elsewhere just then, or is gone. */
  hearNotAcquired(task: TaskRecord, worker: WorkerRecord): void {
    const fetchers = this.#underWay.get(task);
    const from = fetchers?.get(worker);
    if (from === undefined) return;
    fetchers?.delete(worker);
    if (!this.#state.replicas.has(task, from)) return;
    const missed = this.#missed.get(task) ?? new Map<WorkerRecord, number>();
    this.#missed.set(task, missed.set(worker, (missed.get(worker) ?? 0) + 1));
  }

  /** Whether `worker` has tried often enough, and is not to be told again. Asked once more, it is. */
  hasTriedInVain(task: TaskRecord, worker: WorkerRecord): boolean {
    const missed = this.#missed.get(task);
    return (missed?.get(worker) ?? 0) >= MOST_TIMES && missed?.delete(worker) === true;
  }

  /** Whether `worker` has been told to fetch it, and may yet have it. */
  isUnderWay(task: TaskRecord, worker: WorkerRecord): boolean {
    return this.#underWay.get(task)?.has(worker) === true;
  }

  /**
   * Has `to` get a copy, if it can be begun now. From the scheduler if that holds the value: then it is as good as there; else from
   * one of its holders that is not busy handing it out.
   */
  begin(task: TaskRecord, to: WorkerRecord): void {
    const { replicas } = this.#state;
    if (task.value !== this.#tools.NO_VALUE) {
      replicas.add(task, to);
      this.#state.toWorker(to).send({ type: "put-data", id: task.id, value: task.value, nbytes: task.nbytes });
      return;
    }
    if (this.#countTo(to) >= MOST_TO_ONE) return;
    const fetchers = this.#underWay.get(task) ?? new Map<WorkerRecord, WorkerRecord>();
    const isIdle = (holder: WorkerRecord) =>
      [...fetchers.values()].filter((from) => from === holder).length < MOST_OF_ONE;
    const from = [...replicas.rightsOf(task)].find(isIdle);
    if (from === undefined) return;
    fetchers.set(to, from);
    this.#underWay.set(task, fetchers);
    this.#tools.link(this.#state, to, from);
    const order = this.#orders.get(to) ?? { whoHas: [], peers: [] };
    this.#orders.set(to, order);
    let peer = order.peers.indexOf(from.address);
    if (peer < 0) peer = order.peers.push(from.address) - 1;
    order.whoHas.push(task.id, task.nbytes, 1, peer);
  }

  /** Has `worker` let go of its copy, of which there must be another. */
  free(task: TaskRecord, worker: WorkerRecord): void {
    this.#state.replicas.delete(task, worker);
    this.#state.toWorker(worker).free(task.id);
  }

  /** Whether a task that needs it may be running where it is. */
  isInUse(task: TaskRecord, worker: WorkerRecord): boolean {
    return task.dependents?.some((dependent) => dependent.registered && dependent.processingOn === worker) === true;
  }

  /** Sends what was begun, one message for each worker. */
  send(): void {
    for (const [worker, order] of this.#orders)
      this.#state.toWorker(worker).send({ type: "acquire-replicas", ...order });
    this.#orders.clear();
  }

  #countTo(worker: WorkerRecord): number {
    let count = 0;
    for (const fetchers of this.#underWay.values()) if (fetchers.has(worker)) count += 1;
    return count;
  }
}
