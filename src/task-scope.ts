/** The names of the library that functions find in scope wherever they run. */

import { outcomeOf } from "./client/actors/call-futures.ts";
import { AsCompleted, asCompleted, wait } from "./client/as-completed.ts";
import { Client as AnyClient, fireAndForget } from "./client/client.ts";
import { Barrier, Event } from "./client/coordination/event.ts";
import { Lock, MultiLock, Semaphore } from "./client/coordination/lock.ts";
import { Queue } from "./client/coordination/queue.ts";
import { Topic } from "./client/coordination/topic.ts";
import { Variable } from "./client/coordination/variable.ts";
import { Future } from "./client/future.ts";
import { getClient } from "./client/get-client.ts";
import { futuresOf } from "./client/nesting.ts";
import { progress } from "./client/progress.ts";
import {
  ActorLostError,
  CancelledError,
  CommClosedError,
  DisagreementError,
  KilledWorkerError,
  MemoryLimitError,
  NoValidWorkerError,
  ProtocolError,
  TimeoutError,
  UnauthorizedError,
  UnserializableError,
} from "./protocol/errors.ts";
import { closure, fromModule } from "./shipping/function-source.ts";
import { getTask, getWorker, rejoin, secede } from "./shipping/task-context.ts";
import { transfer } from "./shipping/transfer.ts";

/** What tells clients from other things in a task. Who makes one there is told what to do instead. */
class Client {
  constructor() {
    throw new TypeError("a task has a client already: getClient()");
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof AnyClient;
  }
}

class LocalCluster {
  constructor() {
    throw new TypeError("clusters are started by pages and processes; tasks have that of their worker: getClient()");
  }
}

function join(): never {
  throw new TypeError("threads are lent by pages and processes, and not by tasks: call join() outside");
}

function showProgress(): never {
  throw new TypeError("bars are shown by the process that has the terminal: call showProgress() outside of tasks");
}

/** Names that functions find in scope wherever they run, and that travel by name from there on. */
export const taskScope: Readonly<Record<string, unknown>> = {
  ActorLostError,
  AsCompleted,
  Barrier,
  CancelledError,
  Client,
  CommClosedError,
  DisagreementError,
  MemoryLimitError,
  Event,
  Future,
  KilledWorkerError,
  LocalCluster,
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
  futuresOf,
  getClient,
  getTask,
  getWorker,
  join,
  manyhands$outcomeOf: outcomeOf,
  progress,
  rejoin,
  secede,
  showProgress,
  transfer,
  wait,
};
