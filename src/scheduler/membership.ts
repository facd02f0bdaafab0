/** Workers and clients come and go, and what that means for what they had in hand. */

import { errorOnWire } from "../protocol/errors.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { Resources } from "../protocol/task-spec.ts";
import { inputsOf } from "./dependencies.ts";
import { fetchForClients } from "./gather.ts";
import { tellPending } from "./news.ts";
import { judgeRoom } from "./placement.ts";
import { ALLOWED_FAILURES, ClientRecord, type TaskRecord } from "./records.ts";
import { isLost, leaveWorker, releaseClaim } from "./release.ts";
import type { SchedulerState } from "./state.ts";
import { move } from "./transitions.ts";
import { WorkerRecord } from "./worker-record.ts";

/** Workers that are remembered until somebody can note that they have gone. */
const MOST_UNNOTED = 100;

export function addWorker(
  state: SchedulerState,
  address: WorkerAddress,
  name: string,
  nThreads: number,
  resources: Resources = {},
  isForeign = false,
  isReturning = false,
): void {
  const worker = new WorkerRecord(address, name, nThreads);
  worker.isForeign = isForeign;
  worker.isReturning = isReturning;
  state.workers.set(address, worker);
  state.hosts?.addWorker(worker);
  state.requests?.addWorker(worker);
  judgeRoom(state, worker);
  setResources(state, address, resources);
}

/** It has so much of these from now on. What runs have of them they keep. */
export function setResources(state: SchedulerState, address: WorkerAddress, resources: Resources): void {
  Object.assign(state.workers.get(address)?.resources ?? {}, resources);
  state.demands?.reconsider();
}

/**
 * A worker is gone. What it had in hand runs again elsewhere, what only it held is computed again. `isToBlame`: whether what it had in
 * hand may have ended it, if it was not asked to end.
 */
export function removeWorker(
  state: SchedulerState,
  address: WorkerAddress,
  reason: string,
  expected: boolean,
  isToBlame = true,
): void {
  const worker = state.workers.get(address);
  if (worker === undefined) return;
  state.workers.delete(address);
  state.roomy.delete(worker);
  state.followers.delete(worker);
  if (state.vacating === worker) state.vacating = undefined;
  state.dirtyWorkers = state.dirtyWorkers.filter((other) => other !== worker);
  worker.ending = true;
  for (const other of state.workers.values()) {
    if (other.linked.delete(worker)) state.toWorker(other).send({ type: "remove-peer", address });
  }
  const held = [...state.replicas.leftsOf(worker)];
  state.replicas.deleteRight(worker);
  const inHand = state.processingOn(worker);
  const culprits = expected || !isToBlame ? new Set<TaskRecord>() : suspectsOf(state, worker, inHand);
  for (const task of inHand) {
    leaveWorker(state, task);
    if (!expected && !culprits.has(task)) task.witnessed += 1;
    const isKilled = culprits.has(task) && chargeDeath(state, task, address, reason);
    if (isKilled || state.requests?.interrupt(task, address, reason)) move(state, task, "erred");
    else {
      move(state, task, "released");
      tellPending(state, task);
    }
  }
  for (const client of state.clients.values()) if (client.worker === worker) removeClient(state, client.id);
  if (state.requests !== undefined) state.requests.removeWorker(worker, reason, expected);
  else if (state.unnoted.length < MOST_UNNOTED) state.unnoted.push([worker, reason, expected]);
  state.hosts?.removeWorker(worker, expected);
  for (const task of held) {
    if (!isLost(state, task)) {
      // It may have been asked for a value that clients wait for, and will not answer.
      fetchForClients(state, task);
      continue;
    }
    move(state, task, "released");
    if (task.isNeeded) tellPending(state, task);
  }
  state.demands?.reconsider();
}

/** The tasks that may have killed their thread: those it said it had begun, or all if it said nothing. */
function suspectsOf(
  state: SchedulerState,
  worker: WorkerRecord,
  inHand: readonly TaskRecord[],
): ReadonlySet<TaskRecord> {
  const started = inHand.filter((task) => task.started);
  // Those sent ahead that were still waiting for their inputs had not begun.
  const suspects =
    started.length > 0 ? started : inHand.filter((task) => [...inputsOf(task)].every((input) => input.isAvailable));
  return state.nesting?.culpritsAmong(worker, suspects) ?? new Set(suspects);
}

/** Notes a thread's death against `task`. True if that was one too many. */
function chargeDeath(state: SchedulerState, task: TaskRecord, address: WorkerAddress, reason: string): boolean {
  task.deaths = [...(task.deaths ?? []), ...(state.hosts?.deathsBeside(task) ?? []), address];
  if (task.deaths.length < ALLOWED_FAILURES) return false;
  task.error = errorOnWire(
    "KilledWorkerError",
    `${task.key} was running each of the ${task.deaths.length} times that a worker died (the last: ${reason}). ` +
      "It will not be tried again: look for what ends the thread, such as process.exit(), an uncaught error in a callback, or memory running out",
    { key: task.key, attempts: task.deaths },
  );
  return true;
}

export function addClient(state: SchedulerState, id: string, isForeign = false, granted = 0): void {
  const client = new ClientRecord(id, state.unfold);
  client.isForeign = isForeign;
  client.granted = granted;
  state.clients.set(id, client);
}

/** A client is gone, and with it every claim it had. */
export function removeClient(state: SchedulerState, id: string): void {
  const client = state.clients.get(id);
  if (client === undefined) return;
  state.clients.delete(id);
  state.requests?.removeClient(client);
  state.dirtyClients = state.dirtyClients.filter((other) => other !== client);
  for (const span of client.tasks.folds()) state.unfold(span);
  for (const task of [...client.tasks.values()]) {
    if (task.client === client) releaseClaim(state, client, task.clientTask);
    const others = task.claims?.filter((claim) => claim.client !== client);
    task.claims = others === undefined || others.length === 0 ? undefined : others;
    state.durability?.touch(task);
    if (!task.isNeeded) state.recommend(task, "released");
  }
}
