/** What is scattered, as it was at the call, and what is to be done with it. */

import type { Scatter } from "../protocol/client-messages.ts";
import { demandCount } from "../protocol/counts.ts";
import type { Key } from "../protocol/identity.ts";
import { contentHash } from "../shipping/content-hash.ts";
import { captureWithFutures } from "./argument-capture.ts";
import { listOf, type ScatterOptions } from "./call-options.ts";

/** Captures `value`. Throws before anything is moved if the options make no sense. */
export function captureScattered(value: unknown, options: ScatterOptions, key: Key | undefined) {
  const { broadcast, workers, hash, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new TypeError(`scatter() knows no option "${unknown}"; it takes broadcast, workers and hash`);
  }
  if (typeof broadcast === "number") demandCount("broadcast", broadcast);
  if (hash && key !== undefined)
    throw new TypeError("what is scattered has a key of its own or, with hash, of its content");
  const data = captureWithFutures(value, "the value");
  const name = hash ? `data-${contentHash(data.value)}` : key;
  const more: Pick<Scatter, "key" | "broadcast" | "workers"> = {
    ...(name !== undefined && { key: name }),
    ...(broadcast !== undefined && { broadcast }),
    ...(workers !== undefined && { workers: listOf(workers) }),
  };
  return { data, more };
}
