/** What the doors for `<script>` have of the page: its threads. */

import { fromText, fromWorker } from "./adapters/web-worker-endpoint.ts";
import { platform } from "./connect.ts";
import { SchedulerMachine } from "./scheduler/machine.ts";

/** Only known while the script is being run for the first time. */
const ownUrl = (globalThis.document?.currentScript as HTMLScriptElement | null | undefined)?.src;

/**
 * The worker's file beside this one first: it is not bound by the page's policy. The text inside where there is no such file, where
 * the script came from elsewhere, and in pages opened from a file.
 */
export const scriptPlatform = platform(
  globalThis.navigator?.hardwareConcurrency ?? 1,
  [
    () => fromWorker(new Worker(new URL("./web-worker.js", ownUrl))),
    async () => fromWorker(fromText((await import("./web-worker-inline.js")).default)),
  ],
  () => new SchedulerMachine(),
  () => import("./page-elsewhere.ts"),
  async (...cluster) => (await import("./page-durable.ts")).openKeeper(...cluster),
  async () => (await import("./adapters/opfs-folder.ts")).opfsStores,
);
