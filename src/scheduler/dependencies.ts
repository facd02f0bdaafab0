/** The tasks that a task refers to. */

import { PACKED, REFERENCES } from "../protocol/task-spec.ts";
import type { TaskRecord } from "./records.ts";

/** Calls `visit` for every slot of `task` that refers to another task. */
export function forEachDependency(task: TaskRecord, visit: (dependency: TaskRecord) => void): void {
  if (task.isFinal) return;
  const { rows } = task.group;
  const { shape, slots } = task;
  const first = task.firstSlot;
  if ((shape & PACKED) !== 0) {
    for (let slot = 1; slot < slots; slot++) visit(rows[first + slot] as TaskRecord);
    return;
  }
  for (let bits = shape & REFERENCES, slot = 0; bits !== 0; bits >>>= 1, slot++) {
    if ((bits & 1) !== 0) visit(rows[first + slot] as TaskRecord);
  }
}

/** The tasks its row refers to, each once. */
export function inputsOf(task: TaskRecord): ReadonlySet<TaskRecord> {
  const inputs = new Set<TaskRecord>();
  forEachDependency(task, (input) => inputs.add(input));
  return inputs;
}
