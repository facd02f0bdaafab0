/** What every thread runs, whichever platform it is of: a worker, at the end of a line to its owner. */

import { exposeWorker, OwnerComm } from "./adapters/comlink-comm.ts";
import { MessagePortComm } from "./adapters/message-port-comm.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import { AsCompleted, asCompleted, wait } from "./client/as-completed.ts";
import { fireAndForget } from "./client/client.ts";
import { Barrier, Event } from "./client/coordination/event.ts";
import { Lock, MultiLock, Semaphore } from "./client/coordination/lock.ts";
import { Queue } from "./client/coordination/queue.ts";
import { Topic } from "./client/coordination/topic.ts";
import { Variable } from "./client/coordination/variable.ts";
import { Future, shareFutures } from "./client/future.ts";
import { getClient } from "./client/get-client.ts";
import { ThreadClients } from "./client/thread-clients.ts";
import type { ThreadEndpoint } from "./ports/spawner.ts";
import {
  ActorLostError,
  CancelledError,
  CommClosedError,
  DisagreementError,
  KilledWorkerError,
  NoValidWorkerError,
  ProtocolError,
  TimeoutError,
  UnauthorizedError,
  UnserializableError,
} from "./protocol/errors.ts";
import type { PeerMessage } from "./protocol/worker-messages.ts";
import { WorkerRuntime } from "./runtime/worker-runtime.ts";
import { closure, fromModule, travelByName } from "./shipping/function-source.ts";
import { getTask, getWorker, rejoin, secede } from "./shipping/task-context.ts";
import { transfer } from "./shipping/transfer.ts";

/** Names that functions find in scope wherever they run, and that travel by name from there on. */
const scope = {
  ActorLostError,
  AsCompleted,
  Barrier,
  CancelledError,
  CommClosedError,
  DisagreementError,
  Event,
  Future,
  KilledWorkerError,
  Lock,
  MultiLock,
  NoValidWorkerError,
  ProtocolError,
  Queue,
  Semaphore,
  TimeoutError,
  Topic,
  UnauthorizedError,
  UnserializableError,
  Variable,
  asCompleted,
  closure,
  fireAndForget,
  fromModule,
  getClient,
  getTask,
  getWorker,
  rejoin,
  secede,
  transfer,
  wait,
};

export function startWorker(endpoint: ThreadEndpoint): void {
  shareFutures();
  travelByName(scope);
  const comm = new OwnerComm(endpoint);
  let runtime: WorkerRuntime | undefined;
  exposeWorker(
    endpoint,
    {
      start: (setup) => {
        runtime = new WorkerRuntime(setup, comm, new SystemClock(), scope, (id, line) => new ThreadClients(id, line));
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
