/** What workers are at, as `client.callStack()` tells it. */

import type { CallStacks } from "../protocol/call-stacks.ts";
import type { Session } from "./session.ts";

export interface WorkerCallStack {
  /** Tasks that it has begun and not ended, those that wait for something among them. */
  readonly running: readonly {
    readonly key: string;
    /** The function's. */
    readonly name: string;
    /** When the scheduler heard that it had begun, in milliseconds since 1970 by the clock here. */
    readonly since: number;
  }[];
  /** What it has in hand beside those, by name: to be begun, or so short that nobody is told when it begins. */
  readonly inHand: readonly { readonly name: string; readonly tasks: number }[];
  /** Where in its code it is, the innermost first, as `inner (work.js:12:5)`; undefined where that cannot be told. */
  readonly frames: readonly string[] | undefined;
  /** Why there are no frames, if there are none. */
  readonly noFrames: string | undefined;
}

export interface CallStackOptions {
  /** Addresses or names; all unless said. */
  readonly workers?: string | Iterable<string>;
  readonly signal?: AbortSignal;
}

export async function readCallStacks(
  session: Session,
  { workers, signal }: CallStackOptions,
): Promise<Record<string, WorkerCallStack>> {
  signal?.throwIfAborted();
  const these = workers === undefined ? undefined : typeof workers === "string" ? [workers] : [...workers];
  const answer = (await session.ask({ type: "call-stack", workers: these }, signal)) as CallStacks;
  const sinceMs = Date.now() - answer.nowMs;
  return Object.fromEntries(
    Object.entries(answer.workers).map(([address, { running, inHand, stack }]) => [
      address,
      {
        running: running.map(({ sinceMs: began, ...task }) => ({ ...task, since: began + sinceMs })),
        inHand,
        frames: "frames" in stack ? stack.frames : undefined,
        noFrames: "reason" in stack ? stack.reason : undefined,
      },
    ]),
  );
}
