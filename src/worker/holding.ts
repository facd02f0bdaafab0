/** What it takes for a value to be here, and what goes with it. */

import type { TaskId } from "../protocol/identity.ts";
import type { WorkerState } from "./state.ts";

/** Whether it is in memory, or can be had back. */
export function isHere({ values, keeping }: WorkerState, id: TaskId): boolean {
  return values.has(id) || keeping?.isOut(id) === true;
}

/** A value has come from elsewhere. */
export function keepCopy(state: WorkerState, id: TaskId, value: unknown): void {
  dropValue(state, id);
  state.values.set(id, value);
  state.keeping?.note(id, undefined);
}

export function dropValue(state: WorkerState, id: TaskId): void {
  state.values.delete(id);
  state.loads.delete(id);
  state.made.delete(id);
  state.added.delete(id);
  state.keeping?.forget(id);
}
