/** What every thread runs, whichever platform it is of: a worker, at the end of a line to its owner. */

import { exposeWorker, OwnerComm } from "./adapters/comlink-comm.ts";
import { MessagePortComm } from "./adapters/message-port-comm.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import type { ThreadEndpoint } from "./ports/spawner.ts";
import type { PeerMessage } from "./protocol/worker-messages.ts";
import { WorkerRuntime } from "./runtime/worker-runtime.ts";
import { closure, fromModule } from "./shipping/function-source.ts";
import { getTask, getWorker } from "./shipping/task-context.ts";
import { transfer } from "./shipping/transfer.ts";

/** Names that functions find in scope wherever they run. */
const scope = { closure, fromModule, getTask, getWorker, transfer };

export function startWorker(endpoint: ThreadEndpoint): void {
  const comm = new OwnerComm(endpoint);
  let runtime: WorkerRuntime | undefined;
  exposeWorker(
    endpoint,
    {
      start: (setup) => {
        runtime = new WorkerRuntime(setup, comm, new SystemClock(), scope);
      },
      deliver: (messages) => comm.deliver(messages),
      link: (peer, port) => runtime?.link(peer, new MessagePortComm<PeerMessage, PeerMessage>(port as MessagePort)),
    },
    canCompile(),
  );
}

function canCompile(): boolean {
  try {
    return new Function("return true")() === true;
  } catch {
    return false;
  }
}
