/** What a process for strangers' tasks runs. */

import { toOwner } from "./adapters/sandbox-process.ts";
import { threadMemory } from "./adapters/worker-thread-memory.ts";
import { startWorker } from "./worker.ts";

startWorker(toOwner(), { gauge: threadMemory });
