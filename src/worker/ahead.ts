/**
 * Rules for tasks that were sent before their inputs were there, because these are being made here.
 *
 * Such a task waits for a run in this worker's hands. A small result is put into its arguments, as a copy of its own; a large one it
 * finds among the values. If the run ends without a value, is called off, or is not here any more, the task goes back to the
 * scheduler, and with it what waits for it in turn.
 */

import type { TaskId } from "../protocol/identity.ts";
import { hasPackedFutures } from "../protocol/packed-futures.ts";
import type { LocalTask, RecentColumn, WorkerState } from "./state.ts";

/** Small results that were sent lately and may still be asked for by tasks on their way. */
const MOST_RECENT = 4096;
/** Columns of fewer are put together in one of so many: what lives for a while is moved by the collector, which then takes more memory. */
const SHORT = 16;
const TOGETHER = 256;

/** Whether a run of task `id` is in hand here that counts. One that waits for other tasks may take long, and is not waited for. */
function isUnderWay(state: WorkerState, id: TaskId): boolean {
  if (state.inHand.has(id)) return true;
  for (const block of state.blocks) if (id >= block.id && id < block.id + block.left) return true;
  for (const task of state.executing) if (task.id === id && !task.cancelled) return true;
  return false;
}

/** Has the task wait for task `id`, which gives its argument `slot`, or gives it the argument at once. False if `id` is not known here. */
export function awaitRun(state: WorkerState, task: LocalTask, slot: number, id: TaskId): boolean {
  if (isUnderWay(state, id)) {
    const waiters = state.waiters.get(id);
    if (waiters === undefined) state.waiters.set(id, [{ task, slot }]);
    else waiters.push({ task, slot });
    task.waitingOn += 1;
    return true;
  }
  const value = recentValue(state, id);
  if (value === NOT_FOUND) return false;
  put(task, slot, value);
  return true;
}

/** A run has ended well: whoever waits for it goes on. */
export function handOn(state: WorkerState, id: TaskId, value: unknown, isSmall: boolean): void {
  const waiters = state.waiters.get(id);
  if (waiters === undefined) return;
  state.waiters.delete(id);
  for (const { task, slot } of waiters) {
    if (task.state !== "waiting") continue;
    if (isSmall) put(task, slot, typeof value === "object" && value !== null ? state.copy(value) : value);
    task.waitingOn -= 1;
    if (task.waitingOn > 0) continue;
    task.state = "ready";
    state.ready.push(task);
  }
}

/** There will be no value of task `id` here: what waits for it goes back to the scheduler. */
export function giveBackFollowers(state: WorkerState, id: TaskId): void {
  const doomed = [id];
  for (const each of doomed) {
    const waiters = state.waiters.get(each);
    if (waiters === undefined) continue;
    state.waiters.delete(each);
    for (const { task } of waiters) {
      if (task.state !== "waiting") continue;
      task.state = "done";
      state.inHand.delete(task.id);
      state.dropped.push(task.id, task.run);
      doomed.push(task.id);
    }
  }
}

/** Keeps what goes out, for a while. */
export function keepRecent(state: WorkerState, ranges: readonly number[], values: readonly unknown[]): void {
  if (values.length === 0) return;
  const last = state.recent.at(-1);
  if (values.length >= SHORT) state.recent.push({ ranges, values, isOpen: false });
  else if (last === undefined || !last.isOpen || last.values.length >= TOGETHER)
    state.recent.push({ ranges: ranges.slice(), values: values.slice(), isOpen: true });
  else extend(last, ranges, values);
  state.recentCount += values.length;
  while (state.recentCount > MOST_RECENT && state.recent.length > 1) {
    state.recentCount -= state.recent[0]?.values.length ?? 0;
    state.recent.shift();
  }
}

function extend(column: RecentColumn, ranges: readonly number[], values: readonly unknown[]): void {
  const own = column.ranges as number[];
  for (let i = 0; i < ranges.length; i += 3) {
    const last = own.length - 3;
    const isNext = ranges[i] === (own[last] as number) + (own[last + 2] as number) && ranges[i + 1] === own[last + 1];
    if (isNext) own[last + 2] = (own[last + 2] as number) + (ranges[i + 2] as number);
    else own.push(ranges[i] as number, ranges[i + 1] as number, ranges[i + 2] as number);
  }
  for (let i = 0; i < values.length; i++) (column.values as unknown[]).push(values[i]);
}

/** Finds the latest result of task `id` among those that go out next or went out lately, and notes where. False if there is none. */
function find(state: WorkerState, id: TaskId): boolean {
  if (findIn(state, state.ranges, state.results, id)) return true;
  for (let i = state.recent.length - 1; i >= 0; i--) {
    const column = state.recent[i];
    if (column !== undefined && findIn(state, column.ranges, column.values, id)) return true;
  }
  return false;
}

function findIn(state: WorkerState, ranges: readonly number[], values: readonly unknown[], id: TaskId): boolean {
  let at = values.length;
  for (let i = ranges.length - 3; i >= 0; i -= 3) {
    const first = ranges[i] as number;
    const count = ranges[i + 2] as number;
    at -= count;
    if (id < first || id >= first + count) continue;
    state.seen = { first, count, values, at };
    return true;
  }
  return false;
}

/** In place of a value that is not here. */
export const NOT_FOUND = Symbol("not found");

/** The result of task `id`, if it was made here lately: the task's own that asks for it. */
export function recentValue(state: WorkerState, id: TaskId): unknown {
  const { first, count } = state.seen;
  if ((id < first || id >= first + count) && !find(state, id)) return NOT_FOUND;
  const { seen } = state;
  const value = seen.values[seen.at + id - seen.first];
  if (typeof value !== "object" || value === null) return value;
  // What holds futures comes from the scheduler, as an input whose futures are then made the task's own.
  return hasPackedFutures(value) ? NOT_FOUND : state.copy(value);
}

function put(task: LocalTask, slot: number, value: unknown): void {
  task.slots[slot] = value;
  task.shape &= ~(1 << slot);
}
