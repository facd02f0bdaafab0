/** Rules for tasks that give many values, one after the other: how many they may give, and what they gave. */

import type { TaskId } from "../protocol/identity.ts";
import type { StreamCredit, TaskItems } from "../protocol/worker-messages.ts";
import { say } from "./report.ts";
import type { LocalTask, WorkerState } from "./state.ts";

/** Items that a run may make before more credit comes, which may come before it begins. */
const credits = new WeakMap<LocalTask, number>();

/** What the last message is being filled with, if it is one of items. */
interface OpenItems extends TaskItems {
  readonly items: unknown[];
}

/** The task that has been given credit, if it is here. */
export function grant(state: WorkerState, { id, run, credit }: StreamCredit): LocalTask | undefined {
  const task = runOf(state, id, run);
  if (task !== undefined) credits.set(task, (credits.get(task) ?? 0) + credit);
  return task;
}

/** Takes credit for one more item, if there is some. */
export function spendCredit(task: LocalTask): boolean {
  const credit = credits.get(task) ?? 0;
  if (credit > 0) credits.set(task, credit - 1);
  return credit > 0;
}

/** An item, and what is to be transferred with it. */
export function giveItem(state: WorkerState, task: LocalTask, item: unknown, buffers: readonly object[]): void {
  if (task.cancelled) return;
  const last = state.messages.at(-1);
  if (last?.type === "task-items" && last.id === task.id && last.run === task.run) (last as OpenItems).items.push(item);
  else say(state, { type: "task-items", id: task.id, run: task.run, items: [item] });
  state.transfer.push(...buffers);
}

function runOf({ inHand, executing, longRunning }: WorkerState, id: TaskId, run: number): LocalTask | undefined {
  const waiting = inHand.get(id);
  if (waiting?.run === run) return waiting;
  for (const tasks of [executing, longRunning]) {
    for (const task of tasks) if (task.id === id && task.run === run) return task;
  }
  return undefined;
}
