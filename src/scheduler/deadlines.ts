/**
 * Attempts that take too long, and those that would come too soon.
 *
 * A run that has taken its time is called off: its signal is aborted, and the attempt has ended whatever comes of it. A thread that
 * is not rid of it soon after is ended, for nothing else would give its slot back.
 */

import type { Alarms } from "./alarms.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";

/** How long a run that was called off may take to notice. Milliseconds. */
const GRACE_MS = 1000;

export class Deadlines {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #alarms: Alarms;

  constructor(state: SchedulerState, tools: RequestTools, alarms: Alarms) {
    this.#state = state;
    this.#tools = tools;
    this.#alarms = alarms;
  }

  begun(task: TaskRecord): void {
    const timeoutMs = task.group.options.demands?.timeoutMs;
    if (timeoutMs !== undefined) this.#alarms.setFor(task, timeoutMs, () => this.#overrun(task, timeoutMs));
  }

  delay(task: TaskRecord): void {
    const backoff = task.group.options.demands?.backoff;
    if (backoff === undefined) return;
    const { factor = 1, maxDelayMs = Number.MAX_VALUE } = backoff;
    const delayMs = backoff.delayMs * factor ** (task.retriesUsed - 1);
    this.#alarms.setFor(task, Math.min(delayMs, maxDelayMs), () => this.#goOn(task));
  }

  /** It has waited for its time to come. */
  #goOn(task: TaskRecord): void {
    task.waitingOn -= 1;
    if (task.waitingOn === 0) this.#state.recommend(task, "queued");
  }

  #overrun(task: TaskRecord, timeoutMs: number): void {
    const worker = task.processingOn;
    if (worker === undefined) return;
    const state = this.#state;
    const { callOff, endAttempt, endWorker, errorOnWire, judgeRoom, zombieName } = this.#tools;
    const { key } = task;
    const reason = `${key} took longer than the ${timeoutMs} ms it was given`;
    const error = errorOnWire("TimeoutError", reason, { key, timeoutMs });
    const zombie = zombieName(task.id, task.runId);
    // Nobody knows how long it will go on: nothing is to be sent that would have to wait behind it.
    const unexpectedUs = worker.seceded.has(zombie) ? 0 : 1000 * timeoutMs;
    task.expectedUs += unexpectedUs;
    worker.occupancyUs += unexpectedUs;
    callOff(state, task, worker, { reason, error });
    judgeRoom(state, worker);
    endAttempt(state, task, error, worker);
    this.#alarms.set(GRACE_MS, () => {
      const isStuck = worker.zombies.has(zombie) && state.workers.get(worker.address) === worker;
      if (isStuck) endWorker(state, worker, `${reason}, and did not stop`);
    });
  }
}
