/** How long functions take: a moving average for each, and what all runs have taken together. */

import type { FunctionId } from "../protocol/identity.ts";
import { CRUMB_US, type SchedulerState } from "./state.ts";
import type { FunctionRecord } from "./worker-record.ts";

/** So many times as long as usual, and no longer than this, may a run be because its thread was held up: by its collector, or by other threads. */
const HELD_UP = 8;
const HELD_UP_US = 20_000;
/** Weight of one observation in the average. */
const NEW_DURATION_WEIGHT = 0.5;

/** `count` runs of function `id` have taken so many microseconds together. */
export function learnDuration(state: SchedulerState, id: FunctionId, count: number, totalUs: number): void {
  const fn = state.functionsById.get(id);
  if (fn === undefined || count === 0) return;
  fn.runs += count;
  fn.spentUs += totalUs;
  const averageUs = Math.max(1, Math.round(totalUs / count));
  // Taken for long, what is tiny would be sent one by one. If it has become long, the next will be, too.
  const isTiny = fn.durationUs >= 0 && fn.durationUs <= CRUMB_US;
  const isHeldUp = isTiny && averageUs > fn.durationUs * HELD_UP && totalUs <= HELD_UP_US;
  const isFirst = isHeldUp && !fn.wasHeldUp;
  fn.wasHeldUp = isHeldUp;
  if (isFirst) return;
  const weight = fn.durationUs < 0 ? 1 : 1 - (1 - NEW_DURATION_WEIGHT) ** Math.min(count, 10);
  fn.durationUs = Math.max(1, Math.round(weight * averageUs + (1 - weight) * Math.max(0, fn.durationUs)));
}

/** A run has come to a result of that size, which stays with its worker. */
export function learnSize(fn: FunctionRecord, nbytes: number): void {
  fn.nbytes += fn.nbytes === 0 ? nbytes : (nbytes - fn.nbytes) / 4;
}
