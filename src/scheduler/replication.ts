/**
 * Keeping so many copies of values, because a client wants them kept.
 *
 * Holders hand copies to others, who hand them on, so that it takes as many steps as a tree is high. A value that is not there yet, or
 * that is lost meanwhile and computed again, is waited for; one that fails or is let go of ends the matter with an error. Small values
 * travel with the tasks that need them and are not copied at all.
 */

import type { ReplicateRequest } from "../protocol/requests.ts";
import { answer, findWorkers, letGo, type Question, type Refusal, refusalFor, refuse } from "./answers.ts";
import type { Copying } from "./copying.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import { Loads, tasksOf } from "./whereabouts.ts";
import type { WorkerRecord } from "./worker-record.ts";

interface Job extends Question {
  /** Those that have not been seen to have their copies. */
  readonly tasks: Set<TaskRecord>;
  /** Copies; one on each worker unless said. */
  readonly n: number | undefined;
  /** Where; all that are there unless said. */
  readonly workers: readonly WorkerRecord[] | undefined;
}

export class Replication {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #copying: Copying;
  #jobs: Job[] = [];

  constructor(state: SchedulerState, tools: RequestTools, copying: Copying) {
    this.#state = state;
    this.#tools = tools;
    this.#copying = copying;
  }

  begin(question: Question, { tasks: ids, n, workers: names }: ReplicateRequest): void {
    const { found, unknown } = findWorkers(this.#state, names);
    const tasks = new Set(tasksOf(question.client, ids));
    if (unknown !== undefined) return answer(this.#state, question, { error: unknown });
    if (tasks.size < new Set(ids).size) return answer(this.#state, question, letGo("a future"));
    this.#jobs.push({ ...question, tasks, n, workers: names === undefined ? undefined : found });
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
    const present = job.workers ?? [...this.#state.workers.values()];
    const workers = present.filter((each) => each.takesTasks && this.#state.workers.get(each.address) === each);
    if (workers.length === 0 && job.workers !== undefined) {
      answer(this.#state, job, refuse("none of the workers is there any more that were to hold the copies"));
      return true;
    }
    const loads = new Loads(this.#state);
    for (const task of job.tasks) {
      const outcome = this.#stepOf(job, task, workers, loads);
      if (outcome === undefined) continue;
      if (outcome === "done") job.tasks.delete(task);
      else {
        answer(this.#state, job, outcome);
        return true;
      }
    }
    if (job.tasks.size === 0) answer(this.#state, job, { value: undefined });
    return job.tasks.size === 0;
  }

  #stepOf({ n }: Job, task: TaskRecord, workers: readonly WorkerRecord[], loads: Loads): "done" | Refusal | undefined {
    const refusal = refusalFor(task);
    if (refusal !== undefined) return refusal;
    if (!task.isAvailable || workers.length === 0) return undefined;
    if (this.#tools.isSmall(task)) return "done";
    task.flags |= this.#tools.FLAG_PINNED;
    const { replicas } = this.#state;
    const wanted = Math.min(n ?? workers.length, workers.length);
    const holders = workers.filter((worker) => replicas.has(task, worker));
    if (holders.length < wanted) {
      const others = workers.filter((worker) => !replicas.has(task, worker));
      const onTheirWay = others.filter((worker) => this.#copying.isUnderWay(task, worker));
      const idle = others.filter((worker) => !onTheirWay.includes(worker));
      const cutOff = idle.find((worker) => this.#copying.hasTriedInVain(task, worker));
      if (cutOff !== undefined) {
        const from = [...replicas.rightsOf(task)].map(({ address }) => address).join(", ");
        return refuse(
          `${cutOff.address} did not get ${task.key} from ${from}, though it tried again and again: see whether these reach each other`,
        );
      }
      idle.sort((a, b) => loads.of(a) - loads.of(b));
      for (const worker of idle.slice(0, wanted - holders.length - onTheirWay.length)) {
        this.#copying.begin(task, worker);
        loads.add(worker, task.nbytes);
      }
      return task.value === this.#tools.NO_VALUE ? undefined : "done";
    }
    if (holders.length === wanted) return "done";
    const isInUse = (worker: WorkerRecord) => Number(this.#copying.isInUse(task, worker));
    holders.sort((a, b) => isInUse(a) - isInUse(b) || loads.of(b) - loads.of(a));
    for (const worker of holders.slice(0, holders.length - wanted)) {
      this.#copying.free(task, worker);
      loads.add(worker, -task.nbytes);
    }
    return "done";
  }
}
