/** What there is at this moment, counted when somebody asks: nothing is kept for it. */

import type { NameCounts, SurveyedTask } from "../protocol/survey.ts";
import { spending } from "./forgetting.ts";
import type { TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";

type Counts = { -readonly [K in keyof NameCounts]: NameCounts[K] };

export function countByName(state: SchedulerState): NameCounts[] {
  const byName = new Map<string, Counts>();
  const of = (name: string): Counts => {
    let counts = byName.get(name);
    if (counts === undefined) {
      counts = { name, waiting: 0, queued: 0, processing: 0, memory: 0, erred: 0, runs: 0, ms: 0 };
      byName.set(name, counts);
    }
    return counts;
  };
  for (const { name, runs, spentUs } of spending(state)) {
    const counts = of(name);
    counts.runs += runs;
    counts.ms += spentUs / 1000;
  }
  for (const task of state.tasks.values()) {
    const place = placeOf(task);
    if (place !== undefined) of(nameOf(task))[place] += 1;
  }
  for (const { fn, count, next, sent } of state.tasks.folds()) {
    const counts = of(fn.shipped.name);
    counts.queued += count - next;
    for (const { from, to } of sent) counts.processing += to - from;
  }
  return [...byName.values()];
}

/** Each task that is not folded away, and what it needs of the others; undefined if there are more than `most`. */
export function drawGraph(state: SchedulerState, most: number): SurveyedTask[] | undefined {
  if (state.tasks.size > most) return undefined;
  const shown = [...state.tasks.values()];
  const places = new Map(shown.map((task, place) => [task, place]));
  return shown.map((task) => ({
    key: task.key,
    name: nameOf(task),
    state: task.state,
    inputs: [...new Set(task.inputs)].flatMap((input) => places.get(input) ?? []),
  }));
}

function nameOf(task: TaskRecord): string {
  return task.at < 0 ? "(scattered)" : task.function.shipped.name;
}

function placeOf({ state }: TaskRecord): "waiting" | "queued" | "processing" | "memory" | "erred" | undefined {
  switch (state) {
    case "no-worker":
      return "queued";
    case "released":
    case "forgotten":
      return undefined;
    default:
      return state;
  }
}
