/** What a worker_thread begins with whose code has been read for it: `node-worker.ts` comes after. */

import { beginThread } from "./adapters/worker-thread-beginning.ts";

beginThread(
  // Called with `new`.
  function make(...parts: string[]) {
    return Function(...parts);
  },
  (url) => import(url),
);
