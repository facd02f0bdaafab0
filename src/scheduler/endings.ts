/** How runs end, as their workers tell: with a value, small or large, with an error, given up before they began, or for want of an input. */

import {
  HELD_VALUE,
  type MissingData,
  type TaskErred,
  type TaskFinished,
  type TaskStored,
} from "../protocol/worker-messages.ts";
import { endAttempt, refuseValue } from "./attempts.ts";
import { learnDuration, learnSize } from "./durations.ts";
import { deliver } from "./gather.ts";
import { tellPending } from "./news.ts";
import { settleSpan } from "./plain.ts";
import { type ClientRecord, FLAG_COPIED, type TaskRecord } from "./records.ts";
import { buryZombie, leaveWorker } from "./release.ts";
import type { SchedulerState } from "./state.ts";
import { disownRun, strikeHolders } from "./stray-values.ts";
import { move } from "./transitions.ts";
import type { WorkerRecord } from "./worker-record.ts";

export function finish(state: SchedulerState, worker: WorkerRecord, { ranges, values, spent }: TaskFinished): void {
  for (let i = 0; i < spent.length; i += 3) {
    learnDuration(state, spent[i] as number, spent[i + 1] as number, spent[i + 2] as number);
  }
  let at = 0;
  for (let i = 0; i < ranges.length; i += 3) {
    const first = ranges[i] as number;
    const run = ranges[i + 1] as number;
    for (let id = first, end = first + (ranges[i + 2] as number); id < end; ) {
      const count = settleSpan(state, worker, id, run, end - id, values, at);
      if (count === 0) finishOne(state, worker, id, run, values[at]);
      id += count || 1;
      at += count || 1;
    }
  }
}

function finishOne(state: SchedulerState, worker: WorkerRecord, id: number, run: number, value: unknown): void {
  const task = current(state, worker, id, run) ?? state.hosts?.win(worker, id, run);
  if (task === undefined) return;
  leaveWorker(state, task);
  if ((task.flags & FLAG_COPIED) !== 0) return state.demands?.hearCopy(task, worker, { value });
  task.value = value;
  task.nbytes = 0;
  move(state, task, "memory");
}

export function store(state: SchedulerState, worker: WorkerRecord, message: TaskStored): void {
  const task = current(state, worker, message.id, message.run) ?? state.hosts?.win(worker, message.id, message.run);
  if (task === undefined) {
    // A run that was called off left a value behind. It may have been replaced there by the one that counts, so the run is named.
    return disownRun(state, worker, message.id, message.run);
  }
  leaveWorker(state, task);
  if ((task.flags & FLAG_COPIED) !== 0) return state.demands?.hearCopy(task, worker, message);
  task.nbytes = message.nbytes;
  learnSize(task.function, message.nbytes);
  task.valueType = message.valueType;
  const { pushed } = message;
  if (pushed?.moved !== true) state.replicas.add(task, worker);
  if (pushed !== undefined) deliver(state, task, pushed.value, pushed.moved);
  move(state, task, "memory");
}

export function err(state: SchedulerState, worker: WorkerRecord, message: TaskErred): void {
  if (message.run === HELD_VALUE) return refuseValue(state, worker, message);
  const task = current(state, worker, message.id, message.run);
  if (task === undefined) return;
  leaveWorker(state, task);
  endAttempt(state, task, message.error, worker);
}

/** The task of which this is the current run. */
export function running(state: SchedulerState, worker: WorkerRecord, id: number, run: number): TaskRecord | undefined {
  const task = state.tasks.get(id);
  return task !== undefined && task.runId === run && task.processingOn === worker ? task : undefined;
}

/** The same at the end of a run. Anything else is the end of one that was called off. */
function current(state: SchedulerState, worker: WorkerRecord, id: number, run: number): TaskRecord | undefined {
  const task = running(state, worker, id, run);
  if (task === undefined) buryZombie(worker, id, run);
  return task;
}

/** A run lacks an input: neither it nor those that were said to have it do. */
export function lack(state: SchedulerState, worker: WorkerRecord, message: MissingData): void {
  const task = current(state, worker, message.id, message.run);
  for (const missing of strikeHolders(state, worker, message)) recompute(state, missing);
  if (task === undefined) return;
  leaveWorker(state, task);
  if (!state.hosts?.hearLack(task, worker, message)) move(state, task, "released");
}

/** A run that was not begun has been given up: because it was called off, or because it was asked back. */
export function takeBack(state: SchedulerState, worker: WorkerRecord, id: number, run: number): void {
  const task = current(state, worker, id, run);
  if (task === undefined) return;
  leaveWorker(state, task);
  // Nothing of it is left anywhere, so its number is free again: for its user it has not been attempted.
  task.runId -= 1;
  move(state, task, "released");
}

export function loseClientsValue(state: SchedulerState, client: ClientRecord, id: number): void {
  const task = client.tasks.get(id);
  if (task?.atClient === true) recompute(state, task);
}

export function recompute(state: SchedulerState, task: TaskRecord): void {
  move(state, task, "released");
  tellPending(state, task);
}
