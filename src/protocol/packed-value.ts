/**
 * Values with futures in them that the scheduler keeps for clients: a published dataset, an item of a queue, what a variable holds.
 *
 * On its way such a value is packed: where a future was there is a mark (`shipping/references.ts` writes them, `restore.ts` replaces
 * them) with its place, counted from 1, in `tasks`. What stands there are numbers of the client at whose end of the conversation the value is read or
 * written, never the scheduler's own.
 *
 * **To the scheduler.** `packValue` (`client/argument-capture.ts`) captures the value at the call, and gives the scheduler what only the
 * client has; then the packed value travels in a request. The scheduler answers it with `Keeping.keep` (`scheduler/kept-value.ts`): a claim of its own on every task, in the
 * name of what keeps it. From then on the client may release its futures, or leave.
 *
 * **To a client.** The scheduler answers with `Keeping.handOut`: every task is claimed for the client under a number that the scheduler makes up, a
 * negative one since clients count from 0, and the answer names these claims in `grants`. They hold from the moment it is sent, so that
 * whatever happens to the kept value meanwhile, nothing is lost on the way; news of the tasks comes right behind. The session makes
 * futures of them before anything else is heard, releases them if nobody waits for the answer any more, and otherwise passes on an
 * `Answered`, from which `unpack` (`client/packed-value.ts`) puts together what was packed, with futures of the client's own.
 *
 * What is kept no longer is let go with `Keeping.drop`. Functions do not travel this way: a client would have to run a stranger's code.
 */

import type { ClientTaskId, Key } from "./identity.ts";

/** A value with marks in place of futures. */
export interface PackedValue {
  readonly value: unknown;
  /** What the marks stand for. */
  readonly tasks: readonly ClientTaskId[];
}

/** One that comes to a client. */
export interface HandedValue extends PackedValue {
  /** Others get it too: to be copied before a user gets hold of it. */
  readonly shared: boolean;
}

/** A claim that the scheduler entered for a client. */
export interface Grant {
  readonly id: ClientTaskId;
  readonly key: Key;
}
