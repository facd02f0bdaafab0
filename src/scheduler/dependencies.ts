/** The tasks that a task refers to. */

import type { TaskRecord } from "./records.ts";

/** Calls `visit` for every slot of `task` that refers to another task. */
export function forEachDependency(task: TaskRecord, visit: (dependency: TaskRecord) => void): void {
  for (const input of task.inputs) visit(input);
}

/** The tasks its row refers to, each once. */
export function inputsOf(task: TaskRecord): ReadonlySet<TaskRecord> {
  return new Set(task.inputs);
}
