/** What a worker_thread runs. */

import { toOwner } from "./adapters/worker-thread-endpoint.ts";
import { threadMemory } from "./adapters/worker-thread-memory.ts";
import { WorkerLine } from "./runtime/worker-line.ts";
import { startWorker } from "./worker.ts";

startWorker(toOwner(), {
  gauge: threadMemory,
  openStore: async (place) => (await import("./adapters/file-store.ts")).openFileStore(place),
  lineOf: (owner) => new WorkerLine(owner, async (plan) => (await import("./node-line.ts")).openLine(plan)),
});
