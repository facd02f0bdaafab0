/** What runs at this moment, and where in its code: for whoever asks. */

import type { Key, WorkerAddress } from "./identity.ts";

/** What these workers, by address or name, are at, or all. Answered with {@link CallStacks}. */
export interface CallStackRequest {
  readonly type: "call-stack";
  readonly workers: readonly string[] | undefined;
}

/** Where a thread is in its code, the innermost first, as `inner (work.js:12:5)`; or why that cannot be told. */
export type StackTaken = { readonly frames: readonly string[] } | { readonly reason: string };

export interface CallStack {
  /** Tasks that it has begun and not ended, those that wait for something among them. */
  readonly running: readonly {
    readonly key: Key;
    readonly name: string;
    /** Since when, by the scheduler's clock. */
    readonly sinceMs: number;
  }[];
  /** Tasks in its hands beside those, by name: to be begun, or so short that nobody is told. */
  readonly inHand: readonly { readonly name: string; readonly tasks: number }[];
  readonly stack: StackTaken;
}

export interface CallStacks {
  readonly workers: Readonly<Record<WorkerAddress, CallStack>>;
  /** What time it is, by the scheduler's clock. */
  readonly nowMs: number;
}

/** Texts of one stack, and characters of each. */
const MOST_FRAMES = 200;
const MOST_TEXT = 1000;

export function isStackTaken(value: unknown): value is StackTaken {
  const { frames, reason } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const isText = (each: unknown) => typeof each === "string" && each.length <= MOST_TEXT;
  if (frames === undefined) return isText(reason);
  return Array.isArray(frames) && frames.length <= MOST_FRAMES && frames.every(isText);
}
