/** Rules for the values that a worker holds: how they come from elsewhere, and who is given them. */

import type { ClientTaskId, TaskId } from "../protocol/identity.ts";
import { satisfy } from "./gather.ts";
import { dropValue, keepCopy } from "./holding.ts";
import { say } from "./report.ts";
import type { LocalTask, WorkerState } from "./state.ts";

const NONE: readonly TaskId[] = [];

/** A value to keep: whoever waits for it to be fetched need not wait any more. */
export function put(state: WorkerState, id: TaskId, value: unknown): void {
  keepCopy(state, id, value);
  const fetch = state.fetches.get(id);
  if (fetch === undefined) return;
  state.fetches.delete(id);
  satisfy(state, fetch);
}

/** A value that a task scattered here has a number now, or is not needed. */
export function adopt(state: WorkerState, scattered: ClientTaskId, id: TaskId | undefined): void {
  if (id !== undefined) put(state, id, state.scattered.get(scattered));
  state.scattered.delete(scattered);
}

/** The value of an input: it came with the task, or is held here. */
export function inputOf(state: WorkerState, task: LocalTask, id: TaskId): unknown {
  if (task.data.has(id)) return task.data.get(id);
  const load = state.loads.get(id);
  if (load !== undefined) load.movable = false;
  state.keeping?.touch(id);
  return state.values.get(id);
}

/** Answers the scheduler, which asks for a value; with `move` it may leave for good. */
export function giveToScheduler(state: WorkerState, id: TaskId, move: boolean): void {
  const { values, loads, keeping } = state;
  if (keeping?.isOut(id)) return keeping.readForScheduler(id, move);
  keeping?.touch(id);
  const found = values.has(id);
  const value = values.get(id);
  const load = loads.get(id);
  const leaving = move && load?.movable ? load.buffers : undefined;
  if (leaving !== undefined) {
    state.transfer.push(...leaving);
    dropValue(state, id);
  }
  say(state, { type: "data", id, found, value, moved: leaving !== undefined });
}

/** What a peer is to be given of values that it asked for. */
export interface Found {
  readonly ids: readonly TaskId[];
  readonly values: readonly unknown[];
  /** What was scattered here may have its number already, which we hear of on another way than from peers. */
  readonly mayBeMore: boolean;
  /** They are here, and have to be read first. */
  readonly later: readonly TaskId[];
}

export function lookUp(state: WorkerState, ids: readonly TaskId[]): Found {
  const { values, scattered, keeping } = state;
  const held = ids.filter((id) => values.has(id));
  const later = keeping === undefined ? NONE : ids.filter((id) => keeping.isOut(id));
  const found = held.map((id) => values.get(id));
  if (keeping !== undefined) {
    for (const id of held) keeping.touch(id);
    for (const id of held) keeping.given(id);
  }
  return { ids: held, values: found, mayBeMore: held.length + later.length < ids.length && scattered.size > 0, later };
}
