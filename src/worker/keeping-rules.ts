/** What the machine is taught where there is a limit to what it may hold. */

import type { TaskId } from "../protocol/identity.ts";
import type { KeptBytes } from "../protocol/worker-messages.ts";

/** A value in the store that nothing here goes by any more. */
export interface Stored {
  readonly number: number;
  readonly nbytes: number;
}

/** See `spilling.ts`. */
export interface KeepingRules<Task> {
  /** How much there is of what. */
  readonly bytes: KeptBytes;
  /** A value is here from now on; of what nobody has weighed, the size is estimated. */
  note(id: TaskId, nbytes: number | undefined): void;
  /** It is not any more. */
  forget(id: TaskId): void;
  /** It has been used. */
  touch(id: TaskId): void;
  /** Whether it is in the store alone. */
  isOut(id: TaskId): boolean;
  /** Why a value of that size cannot be taken in. */
  refusalOf(nbytes: number): string | undefined;
  /** Has inputs read that are out before the task begins. `full`: it has to wait until others have begun. */
  holdUp(task: Task): "ready" | "waiting" | "full";
  /** It is out, and the scheduler is to be given it; with `move` for good. */
  readForScheduler(id: TaskId, move: boolean): void;
  /** It is out, and peers are to be given it. */
  readForPeers(id: TaskId): void;
  /** Peers have been given what was read for them. */
  given(id: TaskId): void;
  /** The store has it. */
  written(number: number): void;
  /** The store does not have it: because of the value, or of some obstacle to anything being written. False if it is not wanted any more. */
  refused(number: number, obstacle: string | undefined): boolean;
  /** The obstacle may be gone. */
  tryAgain(): void;
  /** Nothing can be written, and that will not change. */
  block(obstacle: string): void;
  /** What was read, and the buffers in it. */
  readBack(number: number, value: unknown, buffers: readonly object[]): void;
  notRead(number: number): void;
  /** All that is held is dropped. */
  beginAnew(): void;
  /** Takes a value out of what is held without removing it from the store, if that is where it is. */
  part(id: TaskId): Stored | undefined;
  /** And back again, by another number of its task. */
  takeOver(id: TaskId, stored: Stored): void;
  discard(stored: Stored): void;
}
