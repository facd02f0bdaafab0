/** What the doors for Node have of the process: its threads. */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { fromWorker } from "./adapters/worker-thread-endpoint.ts";
import { saveFilesWith } from "./client/saving.ts";
import { platform } from "./connect.ts";
import { SchedulerMachine } from "./scheduler/machine.ts";
import { weavingRules } from "./scheduler/woven.ts";

saveFilesWith(async (filename, text) => (await import("./adapters/file-saver.ts")).saveFile(filename, text));

/** The worker's file first, and its text where a bundle was shipped without the file. */
export const nodePlatform = platform(
  availableParallelism(),
  [
    () => fromWorker(new Worker(new URL("./node-worker.cjs", import.meta.url))),
    async () => fromWorker(new Worker((await import("./node-worker-inline.js")).default, { eval: true })),
  ],
  () => new SchedulerMachine(weavingRules),
  () => import("./node-elsewhere.ts"),
  async (...cluster) => (await import("./node-durable.ts")).openKeeper(...cluster),
  async () => (await import("./adapters/file-store.ts")).fileStores,
);
