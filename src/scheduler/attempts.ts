/** What follows when an attempt at a task has ended badly: another, if its options allow one more. */

import type { ErrorOnWire } from "../protocol/errors.ts";
import type { TaskErred } from "../protocol/worker-messages.ts";
import { tellPending } from "./news.ts";
import { FLAG_COPIED, NO_VALUE, type TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import { move } from "./transitions.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Of a task that is in no worker's hands any more. */
export function endAttempt(state: SchedulerState, task: TaskRecord, error: ErrorOnWire, worker: WorkerRecord): void {
  const { retries = 0, demands } = task.group.options;
  if (task.retriesUsed >= retries || state.requests?.isUsed(task)) {
    if ((task.flags & FLAG_COPIED) !== 0) return state.demands?.hearCopy(task, worker, { error });
    task.error = error;
    move(state, task, "erred");
    return;
  }
  task.retriesUsed += 1;
  if (demands?.backoff !== undefined) state.demands?.delay(task);
  move(state, task, "released");
  tellPending(state, task);
}

/** What a worker holds cannot leave it, and nobody could have known before: the task has failed. */
export function refuseValue(state: SchedulerState, worker: WorkerRecord, { id, error }: TaskErred): void {
  const task = state.tasks.get(id);
  if (task?.state !== "memory" || task.value !== NO_VALUE || task.atClient) return;
  if (!state.replicas.has(task, worker)) return;
  task.error = error;
  move(state, task, "released");
}
