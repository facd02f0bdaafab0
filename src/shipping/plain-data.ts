/** Plain data, and what stands in it for functions and for futures. Apart from where these are found, for few need both. */

/** The key of an object that stands for a function among plain data. */
export const FUNCTION_MARK = "manyhands:function";

/** The key of an object that stands for another task's result: its slot in the row of the task. */
export const REFERENCE_MARK = "manyhands:future";

export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
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
