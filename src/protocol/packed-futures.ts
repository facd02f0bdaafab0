/** Values with futures in them that no request is about: what tasks return, and what is scattered. */

import type { Key } from "./identity.ts";

/** The key of what stands for a value with futures in it: their keys, in the order of the marks. */
export const FUTURES_MARK = "manyhands:futures";

/**
 * A value with futures in it, on its way to wherever somebody reads it: marks stand where the futures were. Who reads it puts futures of
 * its own in their place, which it gets by their keys.
 */
export interface PackedFutures {
  readonly [FUTURES_MARK]: readonly Key[];
  readonly value: unknown;
}

export function hasPackedFutures(value: unknown): value is PackedFutures {
  return typeof value === "object" && value !== null && FUTURES_MARK in value;
}
