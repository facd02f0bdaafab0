/** Rules back: to released and forgotten, because an input or a worker was lost or because nobody wants the task any more. */

import type { CancelCompute } from "../protocol/worker-messages.ts";
import { type ClientRecord, FLAG_FETCHING, FLAG_PINNED, FLAG_SECEDED, NO_VALUE, type TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import { type WorkerRecord, zombieName } from "./worker-record.ts";

/** A task that is released waits again if it is needed and is forgotten if not; which of the two, its turn will tell. */
function goOn(state: SchedulerState, task: TaskRecord): void {
  state.recommend(task, "waiting");
  state.recommend(task, "forgotten");
}

/** waiting | queued | no-worker | erred -> released. */
export function letGo(state: SchedulerState, task: TaskRecord): void {
  leaveQueue(state, task);
  goOn(state, task);
}

/** queued | no-worker -> waiting: an input was lost. */
export function stepBack(state: SchedulerState, task: TaskRecord): void {
  leaveQueue(state, task);
}

/** processing -> released: its worker is gone, or is told to stop. It stays entered with its inputs, lest they be freed meanwhile. */
export function withdraw(state: SchedulerState, task: TaskRecord): void {
  const worker = task.processingOn;
  if (worker !== undefined) callOff(state, task, worker, { reason: "not wanted any more" });
  goOn(state, task);
}

/** Takes a task out of the hands of its worker, which is to stop: until it says that it has, the run is a zombie there. */
export function callOff(
  state: SchedulerState,
  task: TaskRecord,
  worker: WorkerRecord,
  why: Pick<CancelCompute, "reason" | "error">,
): void {
  const name = zombieName(task.id, task.runId);
  const secededUs = worker.seceded.get(name);
  worker.zombies.set(name, task.expectedUs);
  worker.occupancyUs += task.expectedUs;
  leaveWorker(state, task);
  if (secededUs !== undefined) worker.seceded.set(name, secededUs);
  state.toWorker(worker).send({ type: "cancel-compute", ids: [task.id], runs: [task.runId], ...why });
}

/** memory -> released: nobody needs it, or the last worker that held it is gone. Tasks that counted on it wait again. */
export function dropValue(state: SchedulerState, task: TaskRecord): void {
  freeReplicas(state, task);
  task.flags &= ~FLAG_PINNED;
  if (task.atClient) {
    // Whoever needs it has been waiting for it all along.
    task.atClient = false;
    return goOn(state, task);
  }
  for (const dependent of task.dependents ?? []) {
    if (!dependent.registered) continue;
    if (dependent.state === "waiting") dependent.waitingOn += 1;
    else if (isReady(dependent)) {
      dependent.waitingOn += 1;
      state.recommend(dependent, "waiting");
    }
  }
  goOn(state, task);
}

/** released -> forgotten: no message can name it any more; a recipe of another task still may, and bring it back. */
export function forget(state: SchedulerState, task: TaskRecord): void {
  releaseInputs(state, task);
  state.tasks.delete(task.id);
  state.nesting?.forget(task);
  task.dependents = undefined;
  if (task.name !== undefined && state.named.get(task.name) === task) {
    state.named.delete(task.name);
    state.requests?.unname(task.name);
  }
}

/** It has run, failed or been given up: its inputs need not be kept for it. */
export function releaseInputs(state: SchedulerState, task: TaskRecord): void {
  if (!task.registered) return;
  task.registered = false;
  task.formerlyRegistered = true;
  for (let i = 0; i < task.inputs.length; i++) {
    const input = task.inputs[i] as TaskRecord;
    input.liveDependents -= 1;
    if (input.liveDependents > 0) continue;
    input.dependents = undefined;
    if (!input.isWanted) state.recommend(input, "released");
  }
}

/** Whether it only waits for a worker. */
export function isReady({ state }: TaskRecord): boolean {
  return state === "queued" || state === "no-worker";
}

export function leaveQueue(state: SchedulerState, task: TaskRecord): void {
  if (task.state === "queued") state.queued -= 1;
  if (task.group.options.demands !== undefined) state.demands?.leave(task);
}

/** Takes a task out of its worker's hands; the worker's room has to be judged anew by the caller. */
export function leaveWorker(state: SchedulerState, task: TaskRecord): void {
  const worker = task.processingOn;
  if (worker === undefined) return;
  if (task.group.options.demands !== undefined) state.demands?.leave(task);
  stopFetching(task);
  worker.processing -= 1;
  worker.occupancyUs -= task.expectedUs;
  if ((task.flags & FLAG_SECEDED) !== 0) {
    task.flags &= ~FLAG_SECEDED;
    worker.seceded.delete(zombieName(task.id, task.runId));
  }
  if (worker.running === 0) worker.alone = false;
  task.processingOn = undefined;
  task.started = false;
}

/** It has its inputs, or will not need them: its slot is its own. */
export function stopFetching(task: TaskRecord): void {
  if ((task.flags & FLAG_FETCHING) === 0 || task.processingOn === undefined) return;
  task.flags &= ~FLAG_FETCHING;
  task.processingOn.fetching -= 1;
}

/** Has a thread ended. What it has in hand runs again elsewhere, and is not to blame. */
export function endWorker(state: SchedulerState, worker: WorkerRecord, reason: string): void {
  if (worker.ending) return;
  worker.ending = true;
  state.roomy.delete(worker);
  state.orders.push({ type: "end-worker", worker: worker.address, reason });
}

export function freeReplicas(state: SchedulerState, task: TaskRecord): void {
  for (const worker of state.replicas.rightsOf(task)) state.toWorker(worker).free(task.id);
  state.replicas.deleteLeft(task);
}

/** Notes that `worker` does not hold `task` any more. True if that was the last there was of its value. */
export function loseReplica(state: SchedulerState, task: TaskRecord, worker: WorkerRecord): boolean {
  state.replicas.delete(task, worker);
  return isLost(state, task);
}

export function isLost(state: SchedulerState, task: TaskRecord): boolean {
  return (
    task.state === "memory" && task.value === NO_VALUE && !task.atClient && state.replicas.rightsOf(task).size === 0
  );
}

/** Whether there is neither a value nor a recipe here: it was scattered by a task, and stayed on its worker. */
export function isIrreplaceable(task: TaskRecord): boolean {
  return task.at < 0 && task.value === NO_VALUE;
}

/** Drops one client's claim by its own number. The task may go when it was the last. */
export function releaseClaim(state: SchedulerState, client: ClientRecord, id: number): void {
  const task = client.tasks.get(id);
  if (task === undefined) return;
  client.tasks.delete(id);
  if (task.client === client && task.clientTask === id) {
    task.wanted = false;
    task.awaited = false;
  } else if (task.claims !== undefined) {
    task.claims = task.claims.filter((claim) => claim.client !== client || claim.id !== id);
    if (task.claims.length === 0) task.claims = undefined;
  }
  state.durability?.touch(task);
  // A value that only the client has is not given back by one that has let go of it.
  if (!task.isNeeded || task.atClient) state.recommend(task, "released");
}

/** A run that was called off is out of its worker's hands. */
export function buryZombie(worker: WorkerRecord, id: number, run: number): void {
  const zombie = worker.zombies.get(zombieName(id, run));
  if (zombie === undefined) return;
  worker.zombies.delete(zombieName(id, run));
  worker.seceded.delete(zombieName(id, run));
  worker.used.delete(zombieName(id, run));
  worker.occupancyUs -= zombie;
  if (worker.running === 0) worker.alone = false;
}
