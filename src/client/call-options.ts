/** What can be said of one call of a session. */

import type { Key } from "../protocol/identity.ts";
import type { TaskOptions } from "../protocol/task-spec.ts";

/** How the tasks of one call are to be run, and known. */
export interface SubmitOptions {
  readonly task: TaskOptions;
  readonly key?: Key | undefined;
}

export interface ScatterOptions {
  /** Send it to all workers that are there, or to this many, now rather than when a task needs it. Those that come later fetch it then. */
  readonly broadcast?: boolean | number;
  /** To one of these, or with `broadcast` to all or so many of them: names or addresses, as in `with({ workers })`. */
  readonly workers?: string | readonly string[];
  /**
   * Name it by its content: equal values are one in the cluster, whichever client scatters them, and their futures have one key. It may
   * hold numbers, texts, dates, arrays, plain objects, maps, sets and buffers.
   */
  readonly hash?: boolean;
}

/** As a list what may be said of one. */
export function listOf(workers: string | readonly string[]): readonly string[] {
  return typeof workers === "string" ? [workers] : workers;
}
