/** Durable clusters over journals in memory, with workers in this thread, so that they can be crashed and opened again many times. */
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { Client } from "../../src/client/client.ts";
import { Session } from "../../src/client/session.ts";
import { ThreadClients } from "../../src/client/thread-clients.ts";
import type { Spawner, Thread, WorkerSetup } from "../../src/ports/spawner.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { openJournal } from "../../src/runtime/durable.ts";
import { LocalCluster } from "../../src/runtime/local-cluster.ts";
import { WorkerRuntime } from "../../src/runtime/worker-runtime.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { taskScope } from "../../src/task-scope.ts";
import type { FaultyJournals } from "./faulty-journal.ts";

/** Workers in this thread; what passes between them and the scheduler is copied, as it is between threads. */
class InlineSpawner implements Spawner {
  readonly cores = 2;

  spawn(setup: WorkerSetup): Thread {
    const [comm, end] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
    const copying = {
      ...end,
      closed: end.closed,
      send: (messages: readonly WorkerMessage[]) => end.send(structuredClone(messages)),
    };
    const line = {
      ...copying,
      listen: (hear: (messages: readonly SchedulerToWorkerMessage[]) => void) =>
        end.listen((messages) => hear(structuredClone(messages))),
      close: (reason: string) => end.close(reason),
    };
    new WorkerRuntime(setup, line, clock, taskScope, (id, session) => new ThreadClients(id, session));
    return {
      comm,
      ready: Promise.resolve(),
      link: () => {},
      lookInto: () => {},
      terminate: (reason) => comm.close(reason),
    };
  }

  channel(): readonly [object, object] {
    throw new Error("these workers exchange no values");
  }
}

const clock = new SystemClock();
let clients = 0;

export interface DurableStage {
  readonly cluster: LocalCluster;
  readonly client: Client;
  readonly warnings: readonly string[];
  /** Another client of it. */
  connect(): Client;
}

/** `nWorkers`: none, and nothing is done. `now`: milliseconds since 1970. */
export function openDurable(
  stores: FaultyJournals,
  name: string,
  { nWorkers = 1, now = () => 1_000_000 }: { readonly nWorkers?: number; readonly now?: () => number } = {},
): DurableStage {
  const warnings: string[] = [];
  const cluster = new LocalCluster(
    {
      spawner: new InlineSpawner(),
      clock,
      machine: () => new SchedulerMachine(),
      pair: memoryComm,
      uniqueName: () => `client${clients++}`,
      elsewhere: () => Promise.reject(new Error("there is nothing elsewhere")),
      stores: () => Promise.reject(new Error("there are no stores")),
      durable: (durable, machine, options) =>
        openJournal(`${durable}`, machine, {
          ...options,
          stores,
          date: now,
          grownBytes: 3000,
          warn: (text) => warnings.push(text),
        }),
    },
    { nWorkers, durable: name },
  );
  const connect = () => {
    const { id, comm, keepAlive } = cluster.connect();
    return new Client({ session: new Session(id, comm, keepAlive), ready: cluster.ready, close: async () => {} });
  };
  return { cluster, client: connect(), warnings, connect };
}
