/** transfer(): a value whose buffers are to be moved rather than copied. */

/** One for every copy of the library in a thread: the worker's own, and the one that a user's module imports there. */
const PLACE = Symbol.for("manyhands.transfers");
const places = globalThis as { [PLACE]?: WeakMap<object, readonly ArrayBuffer[]> };
places[PLACE] ??= new WeakMap();
const transfers = places[PLACE];

/**
 * Marks `value` so that the buffers listed move with it: the caller has them no more. Without it they are copied.
 *
 * For arguments, for what is scattered, and for what a task returns.
 *
 * @example
 * ```ts
 * const pixels = new Float32Array(4_000_000);
 * const image = client.scatter(transfer(pixels, [pixels.buffer]));
 * ```
 */
export function transfer<T extends object>(value: T, buffers: readonly ArrayBufferLike[]): T {
  transfers.set(value, buffers as readonly ArrayBuffer[]);
  return value;
}

/** What `value` was marked with, once: the mark is taken off. */
export function takeTransfers(value: unknown): readonly ArrayBuffer[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const buffers = transfers.get(value);
  if (buffers !== undefined) transfers.delete(value);
  return buffers;
}
