/** Values that come out of shared objects. */

import type { HandedValue } from "../../protocol/packed-value.ts";
import type { Answered } from "../open-requests.ts";

/** Puts a value from an answer together again. Most hold no futures, and need no code for it. */
export async function arrive(handed: HandedValue, answer: Answered): Promise<unknown> {
  if (handed.tasks.length === 0) return handed.shared ? unshare(handed.value) : handed.value;
  const { unpack } = await import("../packed-value.ts");
  return unpack(handed, answer);
}

/** A copy of one's own, of what others get too. */
export function unshare(value: unknown): unknown {
  return typeof value === "object" && value !== null ? structuredClone(value) : value;
}
