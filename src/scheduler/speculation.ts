/**
 * Second copies of tasks that take much longer than others of their function, once there is nothing else to do.
 *
 * The task is sent to an idle worker of another host as if it were sent again. Its first run is not called off: it counts as a zombie of
 * its worker, only that it may still win. Whichever ends well first gives the value, and the other is called off; an error of the last
 * run counts as it always does, one of the first does not. A worker that dies with the first in its hands is charged to the task when
 * another dies with the second.
 *
 * Not for tasks that may do something beside returning a value: streams, those that wait for others, or are to run whoever wants them,
 * and those whose user said `with({ speculate: false })`; nor for those that demand something. Threads of one host are equally fast, and
 * are left alone.
 */

import { hostOf } from "../protocol/hosts.ts";
import type { RunId, TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A task that takes so many times as long as usual is worth a second copy. */
const TIMES_AS_LONG = 3;

interface Begun {
  readonly task: TaskRecord;
  readonly run: RunId;
  readonly atMs: number;
}

/** A run that was left to go on beside the task's last. */
interface Rival {
  readonly task: TaskRecord;
  readonly worker: WorkerRecord;
  readonly run: RunId;
}

export class Speculation {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #leastMs: number;
  /** Runs that were said to begin. Those that have ended are swept out when it is looked at them. */
  readonly #begun = new Map<TaskId, Begun>();
  readonly #rivals = new Map<TaskId, Rival>();
  readonly #deaths = new Map<TaskRecord, WorkerAddress[]>();
  /** When the first of those that have begun may be worth a copy. */
  #dueMs = Number.POSITIVE_INFINITY;
  /** For when it has been asked to be woken. */
  #askedMs = Number.POSITIVE_INFINITY;
  #sweepAt = 64;

  constructor(state: SchedulerState, tools: RequestTools, leastMs: number) {
    this.#state = state;
    this.#tools = tools;
    this.#leastMs = leastMs;
  }

  begun(task: TaskRecord): void {
    const { speculate, demands } = task.group.options;
    if (speculate === false || demands !== undefined || task.keep || (task.shape & this.#tools.STREAM) !== 0) return;
    const begun: Begun = { task, run: task.runId, atMs: this.#state.nowMs };
    this.#begun.set(task.id, begun);
    this.#dueMs = Math.min(this.#dueMs, this.#dueOf(begun));
    if (this.#begun.size >= this.#sweepAt) this.#sweep();
  }

  /** If this is the run that was left to go on, it has won. */
  win(worker: WorkerRecord, id: TaskId, run: RunId): TaskRecord | undefined {
    const rival = this.#rivals.get(id);
    if (rival === undefined || rival.worker !== worker || rival.run !== run) return undefined;
    this.#rivals.delete(id);
    const { task } = rival;
    if (!isUnderWay(task)) return undefined;
    const other = task.processingOn;
    if (other !== undefined) {
      this.#tools.callOff(this.#state, task, other, { reason: "another worker was first" });
      // First the one that has won, whose load has changed, too: beside one that is out of order, another does not find its place.
      this.#tools.judgeRoom(this.#state, worker);
      this.#tools.judgeRoom(this.#state, other);
    } else this.#tools.leaveQueue(this.#state, task);
    task.state = "processing";
    this.#state.noteMove(task, "processing", "processing", worker);
    return task;
  }

  removeWorker(worker: WorkerRecord, expected: boolean): void {
    for (const [id, rival] of this.#rivals) {
      if (rival.worker !== worker) continue;
      this.#rivals.delete(id);
      if (!expected) this.#deaths.set(rival.task, [...(this.#deaths.get(rival.task) ?? []), worker.address]);
    }
  }

  /** Workers that died with a copy of the task beside the last. */
  deathsBeside(task: TaskRecord): readonly WorkerAddress[] {
    const deaths = this.#deaths.get(task) ?? [];
    this.#deaths.delete(task);
    return deaths;
  }

  /** Calls off what has lost, and sees whether something takes too long. */
  settle(): void {
    for (const task of this.#deaths.keys()) if (!isUnderWay(task)) this.#deaths.delete(task);
    for (const [id, rival] of this.#rivals) {
      if (isUnderWay(rival.task)) continue;
      this.#rivals.delete(id);
      this.#callOff(rival);
    }
    const state = this.#state;
    if (state.queued > 0 || this.#dueMs === Number.POSITIVE_INFINITY) return;
    if (this.#dueMs <= state.nowMs) this.#look();
    if (this.#dueMs < this.#askedMs && this.#dueMs > state.nowMs) {
      this.#askedMs = this.#dueMs;
      state.demands?.later(this.#dueMs - state.nowMs, () => {
        this.#askedMs = Number.POSITIVE_INFINITY;
      });
    }
  }

  #callOff({ task, worker, run }: Rival): void {
    if (this.#state.workers.get(worker.address) !== worker) return;
    if (!worker.zombies.has(this.#tools.zombieName(task.id, run))) return;
    const reason = "another worker was first";
    this.#state.toWorker(worker).send({ type: "cancel-compute", ids: [task.id], runs: [run], reason });
  }

  #look(): void {
    const idle = [...this.#state.workers.values()].filter(
      (worker) => worker.inFlight === 0 && worker.takesTasks && !worker.alone && worker !== this.#state.vacating,
    );
    // Whoever becomes idle will be heard of, and then it is looked again.
    if (idle.length === 0) return;
    this.#sweep();
    const { nowMs } = this.#state;
    for (const begun of this.#begun.values()) {
      if (this.#dueOf(begun) > nowMs || !this.#isWorthIt(begun.task)) continue;
      const { task } = begun;
      const from = hostOf(task.processingOn?.address ?? "");
      const at = idle.findIndex(({ address }) => hostOf(address) !== from);
      if (at < 0) continue;
      this.#copy(task, ...(idle.splice(at, 1) as [WorkerRecord]));
      if (idle.length === 0) break;
    }
    this.#planNext();
  }

  /** What is due and was not copied is looked at again after the next event. */
  #planNext(): void {
    const { nowMs } = this.#state;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const begun of this.#begun.values()) {
      // Of what is due, nobody can tell when: how long its function takes may only be learnt.
      if (!this.#rivals.has(begun.task.id)) this.#dueMs = Math.min(this.#dueMs, Math.max(nowMs, this.#dueOf(begun)));
    }
  }

  #isWorthIt(task: TaskRecord): boolean {
    const isKnown = task.function.durationUs >= 0;
    const isElsewhere = (task.flags & this.#tools.FLAG_SECEDED) !== 0;
    const hasInputs = task.inputs.every((input) => input.isAvailable);
    return isKnown && hasInputs && !isElsewhere && !this.#rivals.has(task.id) && !this.#tools.isSuspect(task);
  }

  #copy(task: TaskRecord, to: WorkerRecord): void {
    const state = this.#state;
    const worker = task.processingOn;
    if (worker === undefined) return;
    const { id, runId: run, expectedUs } = task;
    this.#rivals.set(id, { task, worker, run });
    worker.zombies.set(this.#tools.zombieName(id, run), expectedUs);
    worker.occupancyUs += expectedUs;
    this.#tools.leaveWorker(state, task);
    this.#tools.dispatch(state, task, to, this.#tools.expectedUs(task.function));
    this.#tools.judgeRoom(state, worker);
    this.#tools.judgeRoom(state, to);
  }

  /** Until a run of its function has ended, nobody knows what is long. */
  #dueOf({ task, atMs }: Begun): number {
    return atMs + Math.max(this.#leastMs, (TIMES_AS_LONG * Math.max(0, task.function.durationUs)) / 1000);
  }

  #sweep(): void {
    for (const [id, { task, run }] of this.#begun) {
      if (task.processingOn === undefined || task.runId !== run) this.#begun.delete(id);
    }
    this.#sweepAt = 64 + 2 * this.#begun.size;
  }
}

function isUnderWay({ state }: TaskRecord): boolean {
  return state === "processing" || state === "queued" || state === "waiting";
}
