/** What can be said of one call of a session. */

import type { Key } from "../protocol/identity.ts";
import type { TaskOptions } from "../protocol/task-spec.ts";

/** How the tasks of one call are to be run, and known. */
export interface SubmitOptions {
  readonly task: TaskOptions;
  readonly key?: Key | undefined;
}

export interface ScatterOptions {
  /** Send it to all workers now, or to this many, rather than when a task needs it. */
  readonly broadcast?: boolean | number;
}
