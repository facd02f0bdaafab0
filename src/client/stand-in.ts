/** What may be given where a future is asked for, and is none: it says which future it stands for. */

import { Future } from "./future.ts";

/** Known to every copy of the library in a thread. */
export const STANDS_FOR: unique symbol = Symbol.for("manyhands.stands-for") as never;

/** The future that `value` is or stands for, if it does. */
export function asFuture(value: object): Future | undefined {
  return value instanceof Future ? value : (value as { [STANDS_FOR]?: () => Future })[STANDS_FOR]?.();
}
