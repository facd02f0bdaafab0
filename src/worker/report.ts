/** What a worker tells the scheduler, in the order in which it happened: columns where much is alike, messages for the rest. */

import type { FunctionId, RunId, TaskId } from "../protocol/identity.ts";
import type { WorkerMessage } from "../protocol/worker-messages.ts";
import { keepRecent } from "./ahead.ts";
import type { WorkerState } from "./state.ts";

export function say(state: WorkerState, message: WorkerMessage): void {
  closeColumns(state);
  state.messages.push(message);
}

/** Small results go along with the next message; those numbered after the ones before them only add to their run. */
export function ride({ ranges }: WorkerState, id: TaskId, run: RunId, count: number): void {
  const last = ranges.length - 3;
  if (last >= 0 && run === ranges[last + 1] && id === (ranges[last] as number) + (ranges[last + 2] as number)) {
    ranges[last + 2] = (ranges[last + 2] as number) + count;
  } else ranges.push(id, run, count);
}

/** Runs of this function have taken so many microseconds together. */
export function spend(state: WorkerState, fn: FunctionId, runs: number, us: number): void {
  const spent = state.spent.get(fn);
  if (spent === undefined) state.spent.set(fn, { runs, us });
  else {
    spent.runs += runs;
    spent.us += us;
  }
}

/** Makes messages of what has gathered in columns, so that what follows comes after it. */
export function closeColumns(state: WorkerState): void {
  if (state.added.size > 0) {
    state.messages.push({ type: "add-keys", ids: [...state.added] });
    state.added.clear();
  }
  if (state.dropped.length > 0) {
    state.messages.push({ type: "task-dropped", runs: state.dropped });
    state.dropped = [];
  }
  if (state.results.length > 0 || state.spent.size > 0) {
    const spent: number[] = [];
    for (const [fn, { runs, us }] of state.spent) spent.push(fn, runs, Math.round(us));
    state.spent.clear();
    state.messages.push({ type: "task-finished", ranges: state.ranges, values: state.results, spent });
    keepRecent(state, state.ranges, state.results);
    state.ranges = [];
    state.results = [];
  }
}
