/** What a process for strangers' tasks runs. */

import { toOwner } from "./adapters/sandbox-process.ts";
import { startWorker } from "./worker.ts";

startWorker(toOwner());
