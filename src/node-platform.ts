/** What the doors for Node have of the process: its threads. */

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { ThreadCode } from "./adapters/worker-thread-code.ts";
import { fromWorker } from "./adapters/worker-thread-endpoint.ts";
import { saveFilesWith } from "./client/saving.ts";
import { platform } from "./connect.ts";
import { SchedulerMachine } from "./scheduler/machine.ts";
import { weavingRules } from "./scheduler/woven.ts";

saveFilesWith(async (filename, text) => (await import("./adapters/file-saver.ts")).saveFile(filename, text));

let code: ThreadCode | undefined;

/** Throws where a bundle does not know what it was made of. */
function threadCode(): ThreadCode {
  code ??= new ThreadCode(
    new URL("./node-thread.cjs", import.meta.url),
    fileURLToPath(new URL("./node-worker.cjs", import.meta.url)),
  );
  return code;
}

/** The worker's file first, read once for all threads or else by each, and its text where a bundle was shipped without the file. */
export const nodePlatform = platform(
  availableParallelism(),
  [
    () => fromWorker(threadCode().start()),
    () => fromWorker(new Worker(new URL("./node-worker.cjs", import.meta.url))),
    async () => fromWorker(new Worker((await import("./node-worker-inline.js")).default, { eval: true })),
  ],
  () => new SchedulerMachine(weavingRules),
  () => import("./node-elsewhere.ts"),
  async (...cluster) => (await import("./node-durable.ts")).openKeeper(...cluster),
  async () => (await import("./adapters/file-store.ts")).fileStores,
);
