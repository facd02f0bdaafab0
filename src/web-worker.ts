/** What a Web Worker runs. */

import { toOwner } from "./adapters/web-worker-endpoint.ts";
import { startWorker } from "./worker.ts";

startWorker(toOwner(), {
  openStore: async (place) => (await import("./adapters/opfs-store.ts")).openOpfsStore(place),
});
