/**
 * Evening out what workers hold, because a client wants it.
 *
 * Values are moved from the fullest worker to the emptiest, those that were stored first before others, as long as that brings the two
 * closer together. Each is copied first, and freed where it was only when the copy is there: whoever dies meanwhile, nothing is lost that
 * would not have been. Copies that a client has asked for, and what the scheduler holds itself, stay where they are.
 */

import type { RebalanceRequest } from "../protocol/requests.ts";
import { answer, findWorkers, type Question, refusalFor } from "./answers.ts";
import type { Copying } from "./copying.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import { Loads, tasksOf } from "./whereabouts.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Workers whose loads differ by less than this part of what they have on average are even. */
const EVEN = 0.1;

interface Move {
  readonly task: TaskRecord;
  readonly from: WorkerRecord;
  readonly to: WorkerRecord;
  hasBegun: boolean;
}

interface Job extends Question {
  /** What may be moved; anything unless said. It is waited for. */
  readonly tasks: readonly TaskRecord[] | undefined;
  readonly workers: readonly WorkerRecord[] | undefined;
  /** What is left to be done, once it is known what that is. */
  moves: readonly Move[] | undefined;
}

export class Rebalancing {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #copying: Copying;
  #jobs: Job[] = [];

  constructor(state: SchedulerState, tools: RequestTools, copying: Copying) {
    this.#state = state;
    this.#tools = tools;
    this.#copying = copying;
  }

  begin(question: Question, { tasks: ids, workers: names }: RebalanceRequest): void {
    const { found, unknown } = findWorkers(this.#state, names);
    if (unknown !== undefined) return answer(this.#state, question, { error: unknown });
    const tasks = ids === undefined ? undefined : tasksOf(question.client, ids);
    this.#jobs.push({ ...question, tasks, workers: names === undefined ? undefined : found, moves: undefined });
  }

  withdraw(client: ClientRecord, number: number): void {
    this.#jobs = this.#jobs.filter((job) => job.client !== client || job.number !== number);
  }

  removeClient(client: ClientRecord): void {
    this.#jobs = this.#jobs.filter((job) => job.client !== client);
  }

  /** Whether somebody waits for something here. */
  get isWaiting(): boolean {
    return this.#jobs.length > 0;
  }

  /** Takes each a step further, and answers those that are done. */
  settle(): void {
    if (this.#jobs.length > 0) this.#jobs = this.#jobs.filter((job) => !this.#goOn(job));
  }

  /** Whether there is nothing more to be done. */
  #goOn(job: Job): boolean {
    if (job.moves === undefined) {
      for (const task of job.tasks ?? []) {
        const refusal = refusalFor(task);
        if (refusal === undefined) continue;
        answer(this.#state, job, refusal);
        return true;
      }
      if (job.tasks?.some(({ state }) => state !== "memory")) return false;
      job.moves = this.#plan(job);
    }
    job.moves = job.moves.filter((move) => !this.#isDone(move));
    if (job.moves.length === 0) answer(this.#state, job, { value: undefined });
    return job.moves.length === 0;
  }

  /** Which values to move where. */
  #plan({ tasks, workers: chosen }: Job): readonly Move[] {
    const { replicas, workers: all } = this.#state;
    const workers = (chosen ?? [...all.values()]).filter((worker) => this.#isThere(worker));
    const loads = new Loads(this.#state);
    let total = 0;
    for (const worker of workers) total += loads.of(worker);
    const even = (EVEN * total) / workers.length;
    const meant = tasks === undefined ? undefined : new Set(tasks);
    const rest = new Map<WorkerRecord, TaskRecord[]>();
    for (const worker of workers) {
      // The last is the one that was stored first.
      const movable = [...replicas.leftsOf(worker)].filter((task) => meant?.has(task) ?? true);
      const isFree = (task: TaskRecord) => this.#isMovable(task) && !this.#copying.isInUse(task, worker);
      rest.set(worker, movable.filter(isFree).reverse());
    }
    const moves: Move[] = [];
    const planned = new Map<TaskRecord, Set<WorkerRecord>>();
    while (rest.size > 0) {
      const from = extreme([...rest.keys()], (worker) => loads.of(worker));
      const task = rest.get(from)?.pop();
      if (task === undefined) {
        rest.delete(from);
        continue;
      }
      const taken = planned.get(task) ?? new Set();
      const open = workers.filter((worker) => !replicas.has(task, worker) && !taken.has(worker));
      if (open.length === 0) continue;
      const to = extreme(open, (worker) => -loads.of(worker));
      const difference = loads.of(from) - loads.of(to);
      if (difference <= even || task.nbytes >= difference) continue;
      moves.push({ task, from, to, hasBegun: false });
      planned.set(task, taken.add(to));
      loads.add(from, -task.nbytes);
      loads.add(to, task.nbytes);
    }
    return moves;
  }

  #isMovable(task: TaskRecord): boolean {
    return task.isAvailable && task.value === this.#tools.NO_VALUE && (task.flags & this.#tools.FLAG_PINNED) === 0;
  }

  #isThere(worker: WorkerRecord): boolean {
    return worker.takesTasks && this.#state.workers.get(worker.address) === worker;
  }

  /** Whether a move has been made, or need not be thought of any more. */
  #isDone(move: Move): boolean {
    const { task, from, to } = move;
    const { replicas } = this.#state;
    if (this.#copying.isUnderWay(task, to)) return false;
    if (replicas.has(task, to)) {
      if (replicas.has(task, from) && !this.#copying.isInUse(task, from)) this.#copying.free(task, from);
      return true;
    }
    if (move.hasBegun || !this.#isMovable(task) || !replicas.has(task, from) || !this.#isThere(to)) return true;
    this.#copying.begin(task, to);
    move.hasBegun = this.#copying.isUnderWay(task, to);
    return false;
  }
}

/** The one that weighs most; of several, the first. */
function extreme(workers: readonly WorkerRecord[], weigh: (worker: WorkerRecord) => number): WorkerRecord {
  return workers.reduce((best, worker) => (weigh(worker) > weigh(best) ? worker : best));
}
