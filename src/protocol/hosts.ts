/** Which page or process a worker is in, by its address. */

import type { WorkerAddress } from "./identity.ts";

/** Stands for wherever the scheduler is, among hosts. */
export const SCHEDULER_HOST = "scheduler";

/** `thread://worker/3` is in `worker`, and so is every worker whose address has the same before the last part. */
export function hostOf(address: WorkerAddress): string {
  return /^(?:[\w+.-]+:\/\/)?([^/]*)\//.exec(address)?.[1] ?? "";
}
