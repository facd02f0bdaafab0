/**
 * Slots: a run that waits for other tasks gives its own back, so that one of those may have it, and takes it again when it goes on.
 *
 * It is not made to wait for a slot a second time: for as long as there is none it counts beyond them, and nothing else is begun.
 */

import { giveBackFollowers } from "./ahead.ts";
import { say } from "./report.ts";
import type { LocalTask, WorkerState } from "./state.ts";

/** Whether another task may begin. */
export function hasFreeSlot({ executing, lent, nThreads }: WorkerState): boolean {
  return executing.size - lent < nThreads;
}

export function secede(state: WorkerState, task: LocalTask): void {
  if (task.state !== "executing") return;
  task.state = "long-running";
  task.hasSeceded = true;
  state.executing.delete(task);
  state.longRunning.add(task);
  const last = state.messages.at(-1);
  // It went on and waits again, and nobody has heard of either.
  if (task.isOrphan) return;
  if (last?.type === "task-rejoined" && last.id === task.id && last.run === task.run) state.messages.pop();
  else say(state, { type: "task-seceded", id: task.id, run: task.run });
  // They might be what keeps those from being sent that it waits for.
  giveBackFollowers(state, task.id);
}

export function rejoin(state: WorkerState, task: LocalTask): void {
  if (task.state !== "long-running") return;
  task.state = "executing";
  state.longRunning.delete(task);
  state.executing.add(task);
  if (!task.isOrphan) say(state, { type: "task-rejoined", id: task.id, run: task.run });
}

/** So many of the runs at work wait for other tasks, and nobody can tell which they are. */
export function lend(state: WorkerState, count: number): void {
  if (count === state.lent) return;
  state.lent = count;
  say(state, { type: "slots-lent", count });
}
