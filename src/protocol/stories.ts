/** The story of one task: what there is to be said of it now, and the moves it has made, for whoever asks. */

import type { NotedEvent } from "./cluster-events.ts";
import type { ClientId, Key, WorkerAddress } from "./identity.ts";
import type { Trace } from "./tracing.ts";

/** What has become of a task. Answered with {@link StoryAnswer}. */
export interface StoryRequest {
  readonly type: "story";
  readonly key: Key;
}

/** A task at one moment, as the scheduler knows it. */
export interface TaskNow {
  /** The function's. */
  readonly name: string;
  /** `waiting` for inputs, `queued` for a worker, `no-worker` that may run it, `processing` in a worker's hands, `memory`, `erred` … */
  readonly state: string;
  /** In whose hands it is. */
  readonly worker: WorkerAddress | undefined;
  /** Whether that worker has said that it began. Of many short tasks it does not. */
  readonly started: boolean;
  /** How often it was sent to a worker. */
  readonly attempts: number;
  /** How often it was run again because of an error of its own. */
  readonly retried: number;
  /** Workers that died with it in hand. */
  readonly killed: readonly WorkerAddress[];
  readonly error: { readonly name: string; readonly message: string } | undefined;
  /** Bytes of the value, if it is too large to have come along with the news of it. */
  readonly nbytes: number;
  /** Who holds that. */
  readonly holders: readonly WorkerAddress[];
  /** The first of the tasks that it needs. */
  readonly needs: readonly { readonly key: Key; readonly state: string }[];
  /** Of those, how many are not there yet. */
  readonly missing: number;
  /** How many tasks still need it. */
  readonly neededBy: number;
  /** Who has a future on it. */
  readonly claimedBy: readonly ClientId[];
}

/** Fields of a move in an answer: `from, to, worker, stimulus, time`. */
export const MOVE_FIELDS = 5;

export interface StoryAnswer {
  /** Undefined if there is no such task, or not any more. */
  readonly now: TaskNow | undefined;
  /** What stands in the columns `from`, `to` and `worker` by its place here. */
  readonly texts: readonly string[];
  /** Rows of {@link MOVE_FIELDS}: states by their place in `texts`, the worker likewise or -1, the number of the event that caused it, and when by the scheduler's clock. */
  readonly moves: readonly number[];
  /** Whether there may have been others: of more moves than can be noted, some are left out. */
  readonly isPartial: boolean;
  /** Since when moves were noted, by that clock; undefined if they are not. */
  readonly sinceMs: number | undefined;
  /** What workers told of it. */
  readonly traces: readonly (Trace & { readonly worker: WorkerAddress })[];
  /** What was noted of the end of workers that had it, and of the task itself. */
  readonly events: readonly NotedEvent[];
  /** What time it is, by the scheduler's clock. */
  readonly nowMs: number;
}
