/**
 * Values that hold futures on each other in a circle keep each other, though nobody else wants any of them. Now and then it is looked
 * which of those that hold futures can still be reached by somebody who does.
 */

import type { KeptValue } from "./kept-value.ts";
import type { TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";

/** Those among them that only each other keep. `carried`: what is kept for the futures that a task's value, or its function, holds. */
export function ringsAmong(
  state: SchedulerState,
  carried: ReadonlyMap<TaskRecord, readonly KeptValue[]>,
): readonly TaskRecord[] {
  const carriers = new Set<unknown>([...carried.values()].flat());
  const isReached = new Set<TaskRecord>();
  const reached = [...carried.keys()].filter((task) => {
    const isKeptElsewhere = [...state.kept.rightsOf(task)].some((keeper) => !carriers.has(keeper));
    const isWanted = task.wanted || task.keep || task.claims !== undefined || task.liveDependents > 0;
    return isWanted || isKeptElsewhere || state.durability?.isOfPast(task);
  });
  for (const task of reached) {
    if (isReached.has(task)) continue;
    isReached.add(task);
    for (const { tasks } of carried.get(task) ?? [])
      for (const next of tasks) if (carried.has(next)) reached.push(next);
  }
  return [...carried.keys()].filter((task) => !isReached.has(task) && task.state === "memory");
}
