/** What a worker tells the scheduler, in the order in which it happened: columns where much is alike, messages for the rest. */

import { added } from "../collections/added.ts";
import type { FunctionId, RunId, TaskId } from "../protocol/identity.ts";
import type { WorkerMessage } from "../protocol/worker-messages.ts";
import { keepRecent } from "./ahead.ts";
import type { WorkerState } from "./state.ts";

/** Of each function: its number, its runs, and microseconds. */
const SPENT_FIELDS = 3;

export function say(state: WorkerState, message: WorkerMessage): void {
  closeColumns(state);
  state.messages = added(state.messages, message);
}

/** Small results go along with the next message; those numbered after the ones before them only add to their run. */
export function ride(state: WorkerState, id: TaskId, run: RunId, count: number): void {
  const { ranges } = state;
  const last = ranges.length - 3;
  if (last >= 0 && run === ranges[last + 1] && id === (ranges[last] as number) + (ranges[last + 2] as number)) {
    ranges[last + 2] = (ranges[last + 2] as number) + count;
  } else if (last < 0) state.ranges = [id, run, count];
  else ranges.push(id, run, count);
}

/** Runs of this function have taken so many microseconds together. */
export function spend(state: WorkerState, fn: FunctionId, runs: number, us: number): void {
  const { spent } = state;
  for (let i = spent.length - SPENT_FIELDS; i >= 0; i -= SPENT_FIELDS) {
    if (spent[i] !== fn) continue;
    spent[i + 1] = (spent[i + 1] as number) + runs;
    spent[i + 2] = (spent[i + 2] as number) + us;
    return;
  }
  if (spent.length === 0) state.spent = [fn, runs, us];
  else spent.push(fn, runs, us);
}

/** Makes messages of what has gathered in columns, so that what follows comes after it. */
export function closeColumns(state: WorkerState): void {
  if (state.added.size > 0) {
    state.messages = added(state.messages, { type: "add-keys", ids: [...state.added] });
    state.added.clear();
  }
  if (state.dropped.length > 0) {
    state.messages = added(state.messages, { type: "task-dropped", runs: state.dropped });
    state.dropped = [];
  }
  if (state.results.length > 0 || state.spent.length > 0) {
    const { ranges, results, spent } = state;
    for (let i = SPENT_FIELDS - 1; i < spent.length; i += SPENT_FIELDS) spent[i] = Math.round(spent[i] as number);
    state.messages = added(state.messages, { type: "task-finished", ranges, values: results, spent });
    keepRecent(state, ranges, results);
    state.spent = [];
    state.ranges = [];
    state.results = [];
  }
}
