/** Connects a client to a cluster of its own, or to one that exists; the doors say on which platform. */

import { ComlinkSpawner } from "./adapters/comlink-spawner.ts";
import { memoryComm } from "./adapters/memory-comm.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import type { Connection } from "./client/client.ts";
import type { HandleDescription } from "./client/coordination/handle.ts";
import { revivers } from "./client/open-sessions.ts";
import { Session } from "./client/session.ts";
import type { ThreadSource } from "./ports/spawner.ts";
import type { LocalCluster, Platform } from "./runtime/local-cluster.ts";

export function platform(cores: number, sources: readonly ThreadSource[], machine: Platform["machine"]): Platform {
  return {
    machine,
    spawner: new ComlinkSpawner(cores, sources),
    clock: new SystemClock(),
    pair: memoryComm,
    uniqueName: () => Math.random().toString(36).slice(2, 10),
  };
}

/** `ownsCluster`: the cluster ends with the client. */
export function connect(cluster: LocalCluster, ownsCluster: boolean): Connection {
  const { id, comm, keepAlive } = cluster.connect();
  const session = new Session(id, comm, keepAlive);
  revivers.set(session, async (description) => {
    const { revive } = await import("./client/coordination/revive.ts");
    return revive(description as HandleDescription, session);
  });
  return {
    session,
    ready: cluster.ready,
    close: async () => {
      if (ownsCluster) await cluster.close();
    },
  };
}
