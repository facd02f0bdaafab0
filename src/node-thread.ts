/** What a worker_thread begins with whose code has been read for it: `node-worker.ts` comes after. */

import { beginThread } from "./adapters/worker-thread-beginning.ts";

const make = (parts: string[]) => Function(...parts);

beginThread(
  new Proxy(Function, {
    apply: (_function, _this, parts) => make(parts),
    construct: (_function, parts) => make(parts),
  }),
  (url) => import(url),
);
