/** What the doors for modules in pages have of the page: its threads. */

import { fromText, fromWorker } from "./adapters/web-worker-endpoint.ts";
import { platform } from "./connect.ts";

/** A file of our own origin first: it is not bound by the page's policy. Its text, as a Blob, where there is no such file. */
export const pagePlatform = platform(
  globalThis.navigator?.hardwareConcurrency ?? 1,
  [
    () => fromWorker(new Worker(new URL("./web-worker.js", import.meta.url), { type: "module" })),
    async () => fromWorker(fromText((await import("./web-worker-inline.js")).default)),
  ],
  // Loaded while the threads are being started, which takes longer; who only talks to a cluster elsewhere needs none.
  async () => new (await import("./scheduler/machine.ts")).SchedulerMachine(),
  () => import("./page-elsewhere.ts"),
  async (...cluster) => (await import("./page-durable.ts")).openKeeper(...cluster),
  async () => (await import("./adapters/opfs-folder.ts")).opfsStores,
);
