/** What keeps a durable cluster, as the cluster sees it: few clusters are, and load what does. */

import type { Clock } from "../ports/clock.ts";
import type { SchedulerMachine } from "../scheduler/machine.ts";

export interface DurableOptions {
  readonly name: string;
  /** In Node, where its files are: each name has a directory there. */
  readonly directory?: string;
}

export interface Keeper {
  /** The scheduler that knows what was kept. */
  readonly machine: SchedulerMachine;
  /** Settles when all that has happened so far is safe; rejects if it cannot be written. */
  saved(): Promise<void>;
  /** Writes what is left to be written, and lets others have it. */
  close(): Promise<void>;
}

/**
 * Gives a scheduler that has not heard of anything yet what was kept under that name, and keeps it from then on. Rejects if somebody else has
 * it, if it is not ours, or of a version that is not known.
 */
export type OpenKeeper = (
  durable: string | DurableOptions,
  machine: SchedulerMachine | Promise<SchedulerMachine>,
  surroundings: { readonly clock: Clock; readonly noWorkersTimeoutMs: number },
) => Promise<Keeper>;
