/** progress: how far a set of futures has come. */

import { goByNames } from "../shipping/own-names.ts";
import { futureAccess } from "./future.ts";
import { futuresOf } from "./nesting.ts";

/** How many have ended, in whichever way, of how many. */
export interface ProgressCount {
  readonly done: number;
  readonly total: number;
}

export interface ProgressReport extends ProgressCount {
  /** The same for each function, under its name; under the name of the task where there is none, as for what was claimed by key. */
  readonly byName: Readonly<Record<string, ProgressCount>>;
}

/**
 * How far a collection of futures has come: now, and whenever that has changed, until all have ended. Somebody who looks seldom sees
 * how it is then, and not all that was between.
 *
 * @example
 * ```ts
 * for await (const { done, total } of progress(futures)) bar.value = done / total;
 * ```
 */
export async function* progress(collection: unknown): AsyncGenerator<ProgressReport, void, undefined> {
  const counts = new Map<string, { done: number; total: number }>();
  const all = { done: 0, total: 0 };
  let isClosed = false;
  let wake: (() => void) | undefined;
  for (const future of futuresOf(collection)) {
    const name = futureAccess.prefix(future) || future.key;
    const count = counts.get(name) ?? { done: 0, total: 0 };
    counts.set(name, count);
    count.total += 1;
    all.total += 1;
    futureAccess.watch(future, {
      changed: () => {
        if (!isClosed && !future.done()) return true;
        count.done += 1;
        all.done += 1;
        wake?.();
        return false;
      },
    });
  }
  try {
    for (;;) {
      const { done } = all;
      yield { ...all, byName: Object.fromEntries([...counts].map(([name, count]) => [name, { ...count }])) };
      if (done === all.total) return;
      if (done === all.done) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    isClosed = true;
  }
}

goByNames({ progress });
