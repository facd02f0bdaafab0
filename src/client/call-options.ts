/** What can be said of one call of a session. */

import type { Scatter } from "../protocol/client-messages.ts";
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
  /** To one of these, or with `broadcast` to all or so many of them: names or addresses, as in `with({ workers })`. */
  readonly workers?: string | readonly string[];
}

/** The same, as the scheduler is told. */
export function scatterFields({ workers, ...rest }: ScatterOptions): Pick<Scatter, "broadcast" | "workers"> {
  return workers === undefined ? rest : { ...rest, workers: listOf(workers) };
}

/** As a list what may be said of one. */
export function listOf(workers: string | readonly string[]): readonly string[] {
  return typeof workers === "string" ? [workers] : workers;
}
