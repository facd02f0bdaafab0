/** What the scheduler kept for clients, put together again with futures of this client's own: see `protocol/packed-value.ts`. */

import type { HandedValue } from "../protocol/packed-value.ts";
import { restore } from "../shipping/restore.ts";
import type { Answered } from "./open-requests.ts";
import { reviverOf } from "./open-sessions.ts";

/** `handed`: a value from the answer. A promise if there are handles in it whose code has to be loaded. */
export function unpack({ value, tasks, shared }: HandedValue, { futures, owner }: Answered): unknown {
  const own = shared && typeof value === "object" ? structuredClone(value) : value;
  if (tasks.length === 0) return own;
  const futureIn = (slot: number) => futures.get(tasks[slot - 1] as number);
  return restore(own, futureIn, refuseFunction, reviverOf(owner));
}

function refuseFunction(): never {
  throw new TypeError("it holds functions, which clients do not take from each other");
}
