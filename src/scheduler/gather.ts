/** Values on their way from workers to the clients that asked for them. */

import type { DataForScheduler } from "../protocol/worker-messages.ts";
import {
  type ClientRecord,
  FLAG_CARRIES,
  FLAG_FINAL,
  FLAG_KEEP,
  FLAG_KEPT,
  FLAG_PINNED,
  NO_VALUE,
  type TaskRecord,
} from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** From this size on, a result that nobody else needs is moved to the client rather than copied. Bytes. */
export const MOVE_FROM = 64 * 1024;

/** Whether the value may leave its worker for good: one client wants it, and nothing in the cluster does. */
export function mayMove(task: TaskRecord): boolean {
  const isKept = (task.flags & (FLAG_KEEP | FLAG_KEPT | FLAG_PINNED | FLAG_CARRIES | FLAG_FINAL)) !== 0;
  return task.liveDependents === 0 && task.claims === undefined && task.name === undefined && !isKept;
}

/** Asks a holder for a value that clients wait for. */
export function fetchForClients(state: SchedulerState, task: TaskRecord): void {
  if (!task.awaited && !task.claims?.some((claim) => claim.awaited)) return;
  const holder = leastBusy(state.replicas.rightsOf(task));
  if (holder === undefined) return;
  state.toWorker(holder).send({ type: "get-data", id: task.id, move: task.nbytes >= MOVE_FROM && mayMove(task) });
}

function leastBusy(workers: ReadonlySet<WorkerRecord>): WorkerRecord | undefined {
  let best: WorkerRecord | undefined;
  for (const worker of workers) if (best === undefined || worker.occupancyUs < best.occupancyUs) best = worker;
  return best;
}

/** A client asks for a value, now or when it will be there. */
export function awaitValue(state: SchedulerState, client: ClientRecord, id: number): void {
  const task = client.tasks.get(id);
  if (task === undefined) return;
  if (task.state !== "memory" && task.claims === undefined) {
    task.awaited = true;
    return;
  }
  const claim = task.claims?.find((other) => other.client === client && other.id === id);
  const wasAwaited = claim?.awaited ?? task.awaited;
  if (claim === undefined) task.awaited = true;
  else claim.awaited = true;
  if (task.state !== "memory") return;
  if (task.value !== NO_VALUE) deliver(state, task, task.value, false);
  else if (!wasAwaited) fetchForClients(state, task);
}

/** Hands a value to all who wait for it. With `moved`, the worker it came from does not have it any more. */
export function deliver(state: SchedulerState, task: TaskRecord, value: unknown, moved: boolean): void {
  const { nbytes } = task;
  state.durability?.receiveValue(task, value);
  const isElsewhere = task.atClient || task.value !== NO_VALUE || state.replicas.rightsOf(task).size > 0;
  if (moved && !isElsewhere) {
    // That it was given up as lost, and came all the same, may have been the end of the waiting before this was sent.
    if (task.awaited && mayMove(task)) task.atClient = true;
    else task.value = value;
  }
  const shared = task.value !== NO_VALUE || task.claims !== undefined;
  const news = { type: "value-fetched", value, nbytes, shared, moved: task.atClient } as const;
  if (task.awaited) state.toClient(task.client).send({ ...news, id: task.clientTask });
  task.awaited = false;
  for (const claim of task.claims ?? []) {
    if (claim.awaited) state.toClient(claim.client).send({ ...news, id: claim.id });
    claim.awaited = false;
  }
}

/** A worker answers get-data. False if the value turns out to be lost. */
export function receiveData(
  state: SchedulerState,
  worker: WorkerRecord,
  message: DataForScheduler,
): TaskRecord | undefined {
  const task = state.tasks.get(message.id);
  if (task === undefined) return undefined;
  if (message.found && !message.moved) state.requests?.receiveValue(worker, task, message.value);
  else if (state.replicas.delete(task, worker) && task.value !== NO_VALUE) {
    // It may have been sent the value again since it said so.
    state.toWorker(worker).free(task.id);
  }
  // If it was given up as lost meanwhile it is being made again; whoever waits need not.
  if (message.found) deliver(state, task, message.value, message.moved && task.state === "memory");
  else fetchForClients(state, task);
  return task;
}
