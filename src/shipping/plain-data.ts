/** Plain data, and what stands in it for functions and for futures. Apart from where these are found, for few need both. */

/** The key of an object that stands for a function among plain data. */
export const FUNCTION_MARK = "manyhands:function";

/** The key of an object that stands for another task's result: its slot in the row of the task. */
export const REFERENCE_MARK = "manyhands:future";

export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The key of what stands for a value with futures in it: their keys, in the order of the marks. */
export const FUTURES_MARK = "manyhands:futures";

/**
 * A value with futures in it, on its way to wherever somebody reads it: marks stand where the futures were. Who reads it puts futures of
 * its own in their place, which it gets by their keys.
 */
export interface PackedFutures {
  readonly [FUTURES_MARK]: readonly string[];
  readonly value: unknown;
}

export function hasPackedFutures(value: unknown): value is PackedFutures {
  return typeof value === "object" && value !== null && FUTURES_MARK in value;
}

/** What every copy of the library knows futures by. */
export const FUTURE: unique symbol = Symbol.for("manyhands.future") as never;

export interface FutureLike {
  readonly [FUTURE]: true;
  readonly key: string;
}

export function isFutureLike(value: object): value is FutureLike {
  return FUTURE in value;
}
