/** Whose a future is: a client can do something only with its own. */

import type { ClientTaskId } from "../protocol/identity.ts";
import { Future, type FutureOwner, futureAccess } from "./future.ts";

/** As a list what may be one or several. @throws TypeError if one is no future. */
export function listOf(futures: Future | Iterable<Future>): readonly Future[] {
  const list = futures instanceof Future ? [futures] : [...futures];
  if (list.every((each) => each instanceof Future)) return list;
  throw new TypeError("this takes futures, as submit() and map() return them");
}

/** @throws TypeError if one of them is another client's. */
export function idsOf(futures: readonly Future[], owner: FutureOwner): ClientTaskId[] {
  return futures.map((future) => {
    demandOwn(future, owner);
    return futureAccess.id(future);
  });
}

/** @throws TypeError if it is another client's. */
export function demandOwn(future: Future, owner: FutureOwner): void {
  const other = futureAccess.owner(future);
  if (other !== owner && other.client !== owner) {
    throw new TypeError(
      `${future.key} is another client's future; take it over with client.future(key), or use its own client`,
    );
  }
}
