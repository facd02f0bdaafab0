/** The client that the tasks of a worker share. */

import type { ClientId, WorkerAddress } from "./identity.ts";

/** What it goes by. No client's name has a dash in it, for these part a key. */
export function clientOfWorker(worker: WorkerAddress): ClientId {
  return worker.replaceAll("-", "~");
}
