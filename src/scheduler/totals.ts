/** What was run since the cluster began, function by function: counted anyway, and added up when somebody asks. */

import type { FunctionTotals } from "../protocol/tracing.ts";
import { spending } from "./forgetting.ts";
import type { SchedulerState } from "./state.ts";

export function totals(state: SchedulerState): FunctionTotals[] {
  const byName = new Map<string, { name: string; runs: number; ms: number }>();
  for (const { name, runs, spentUs } of spending(state)) {
    const sum = byName.get(name) ?? { name, runs: 0, ms: 0 };
    byName.set(name, sum);
    sum.runs += runs;
    sum.ms += spentUs / 1000;
  }
  return [...byName.values()].sort((a, b) => b.ms - a.ms);
}
