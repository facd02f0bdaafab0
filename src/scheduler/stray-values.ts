/** What workers say of values that no run of theirs has just made: copies that have come, copies that are missing, and what was left over. */

import type { RunId, TaskId } from "../protocol/identity.ts";
import type { MissingData } from "../protocol/worker-messages.ts";
import type { TaskRecord } from "./records.ts";
import { isIrreplaceable, loseReplica } from "./release.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** It has fetched these. */
export function addKeys(state: SchedulerState, worker: WorkerRecord, ids: readonly TaskId[]): void {
  for (const id of ids) {
    const task = state.tasks.get(id);
    if (task?.isAvailable && task.isNeeded) state.replicas.add(task, worker);
    else if (task?.processingOn === worker) worker.strays.add(id);
    else state.toWorker(worker).free(id);
  }
}

/** What a run has made that was called off is not wanted. */
export function disownRun(state: SchedulerState, worker: WorkerRecord, id: TaskId, run: RunId): void {
  state.toWorker(worker).send({ type: "cancel-compute", ids: [id], runs: [run], reason: "not wanted any more" });
}

/** None of those that were asked has a value, and so they do not hold it. Returns it if nobody does any more. */
export function strikeHolders(
  state: SchedulerState,
  worker: WorkerRecord,
  { missing: id, holders }: MissingData,
): readonly TaskRecord[] {
  const missing = state.tasks.get(id);
  if (missing === undefined) return [];
  const lost: TaskRecord[] = [];
  // If it asked nobody, it was to have the value itself. Whoever has been sent it since is to be rid of it, lest it stay for ever.
  for (const address of holders.length === 0 ? [worker.address] : holders) {
    const holder = state.workers.get(address);
    // Of what cannot be computed again there is one holder, and if it is not found there, it will be.
    if (holder === undefined || !state.replicas.has(missing, holder) || isIrreplaceable(missing)) continue;
    state.toWorker(holder).free(missing.id);
    if (loseReplica(state, missing, holder)) lost.push(missing);
  }
  return lost;
}

/** Once the run is over, a value that it has not written over is nobody's. */
export function freeStrays(state: SchedulerState, worker: WorkerRecord): void {
  for (const id of worker.strays) {
    const task = state.tasks.get(id);
    if (task?.processingOn === worker) continue;
    worker.strays.delete(id);
    if (task === undefined || !state.replicas.has(task, worker)) state.toWorker(worker).free(id);
  }
}
