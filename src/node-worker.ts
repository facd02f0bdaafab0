/** What a worker_thread runs. */

import { toOwner } from "./adapters/worker-thread-endpoint.ts";
import { threadMemory } from "./adapters/worker-thread-memory.ts";
import { BypassEnd } from "./runtime/bypass-end.ts";
import { WorkerLine } from "./runtime/worker-line.ts";
import { startWorker } from "./worker.ts";

startWorker(toOwner(), {
  gauge: threadMemory,
  openStore: async (place) => (await import("./adapters/file-store.ts")).openFileStore(place),
  besideHosts: (link, comm, shell) =>
    new BypassEnd(link, comm, {
      ...shell,
      bypassing: async () => (await import("./node-bypass.ts")).bypassing,
      allocate: (bytes) => Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer,
    }).comm,
  lineOf: (owner) => new WorkerLine(owner, async (plan) => (await import("./node-line.ts")).openLine(plan)),
});
