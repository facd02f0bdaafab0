/** What the scheduler kept for clients, put together again with futures of this client's own: see `protocol/packed-value.ts`. */

import type { HandedValue } from "../protocol/packed-value.ts";
import { restore } from "../shipping/restore.ts";
import type { Answered } from "./open-requests.ts";

/** `handed`: a value from the answer. */
export function unpack({ value, tasks, shared }: HandedValue, { futures }: Answered): unknown {
  const own = shared && typeof value === "object" ? structuredClone(value) : value;
  if (tasks.length === 0) return own;
  return restore(own, (slot) => futures.get(tasks[slot - 1] as number), refuseFunction);
}

function refuseFunction(): never {
  throw new TypeError("it holds functions, which clients do not take from each other");
}
