/** Values that hold futures, put together again with futures of whoever reads them. */

import type { ClientTaskId } from "../protocol/identity.ts";
import { FUTURES_MARK, type PackedFutures } from "../protocol/packed-futures.ts";
import { typeOf } from "../shipping/measure.ts";
import type { Revive } from "../shipping/plain-data.ts";
import { restore } from "../shipping/restore.ts";
import { type Future, futureAccess } from "./future.ts";

/** Futures that were found in values. */
const found = new WeakSet<Future>();

/**
 * What is known of a value that need not be looked into before somebody asks for it: that of a future that was found in another value. It
 * may lead on and on, or back to where the future was found.
 */
export function forLater(
  future: Future,
  { value }: PackedFutures,
): readonly [id: ClientTaskId, nbytes: number, type: string] | undefined {
  if (!found.has(future) || futureAccess.isWatched(future)) return undefined;
  return [futureAccess.id(future), futureAccess.extras(future).nbytes ?? 0, typeOf(value)];
}

/** `packed` is written into. `claim` makes a future of its key. A promise if `revive` makes one of a handle. */
export function unpackFutures(
  packed: PackedFutures,
  claim: (key: string) => Future,
  revive: Revive | undefined,
): unknown {
  const keys = packed[FUTURES_MARK];
  const futures = keys.map((key) => {
    const future = claim(key);
    found.add(future);
    return future;
  });
  return restore(packed.value, (slot) => futures[slot - 1], refuseFunction, revive);
}

function refuseFunction(): never {
  throw new TypeError("it holds functions, which clients do not take from each other");
}
