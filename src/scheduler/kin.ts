/** What is known of the tasks of a span one by one, because some refer to others: see `woven.ts`. */

import type { TaskId } from "../protocol/identity.ts";

export interface Kin<S, W> {
  /** What has come of each task: its value, or what stands for that in `woven.ts`. */
  readonly values: unknown[];
  /** The worker that has the task in hand. */
  readonly holders: (W | undefined)[];
  /** The tasks that its tasks refer to, once per slot that refers to one. None for a span to which others only refer. */
  readonly refs: readonly TaskId[];
  /** Other spans that it refers to; none any more once the client has all of its values. */
  sources: readonly S[];
  /** Tasks before `next` that have not been sent, for what they need is being made in different places. */
  skipped: number[];
}
