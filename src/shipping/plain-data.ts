/** Plain data, and what stands in it for functions and for futures. Apart from where these are found, for few need both. */

/** The key of an object that stands for a function among plain data. */
export const FUNCTION_MARK = "manyhands:function";

/** The key of an object that stands for another task's result: its slot in the row of the task. */
export const REFERENCE_MARK = "manyhands:future";

/** The key of an object that stands for a handle on something that others have handles on, too. */
export const HANDLE_MARK = "manyhands:handle";

/** What handles describe themselves with; known to every copy of the library. */
export const DESCRIBE: unique symbol = Symbol.for("manyhands.describe");

/** Travels as its description, of which another is made where it arrives. */
export interface Describable {
  /** Plain data, with futures in it: what these stand for keeps what it is a handle on. */
  [DESCRIBE](): object;
}

/** What handles have that need not be kept by the future they came with, for they keep what they stand for: how to end that. */
export const KEEPS_ITSELF: unique symbol = Symbol.for("manyhands.keeps-itself") as never;

/** Makes a handle of its description. */
export type Revive = (description: object) => unknown;

export function describeHandle(value: object): object | undefined {
  return (value as Partial<Describable>)[DESCRIBE]?.();
}

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
