/** Connects a client to a cluster of its own, or to one that exists; the doors say on which platform. */

import { ComlinkSpawner } from "./adapters/comlink-spawner.ts";
import { memoryComm } from "./adapters/memory-comm.ts";
import type { PortLinks } from "./adapters/message-port-comm.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import type { Connection } from "./client/client.ts";
import type { HandleDescription } from "./client/coordination/handle.ts";
import { directLinks, revivers } from "./client/open-sessions.ts";
import { Session } from "./client/session.ts";
import type { Comm } from "./ports/comm.ts";
import type { ActorLink } from "./ports/direct-links.ts";
import type { ThreadSource } from "./ports/spawner.ts";
import type { WorkerAddress } from "./protocol/identity.ts";
import type { Elsewhere } from "./runtime/elsewhere.ts";
import type { ConnectOptions } from "./runtime/far-client.ts";
import type { OpenKeeper } from "./runtime/keeper.ts";
import type { LocalCluster, Platform } from "./runtime/local-cluster.ts";

export function platform(
  cores: number,
  sources: readonly ThreadSource[],
  machine: Platform["machine"],
  elsewhere: () => Promise<{ readonly elsewhere: Elsewhere }>,
  durable: OpenKeeper,
  stores: Platform["stores"],
): Platform {
  return {
    machine,
    spawner: new ComlinkSpawner(cores, sources),
    clock: new SystemClock(),
    pair: memoryComm,
    uniqueName: () => Math.random().toString(36).slice(2, 10),
    elsewhere: async () => (await elsewhere()).elsewhere,
    durable,
    stores,
  };
}

/** Connects a client to a scheduler elsewhere. */
export function reach(
  { uniqueName, pair, clock, elsewhere }: Platform,
  address: string,
  options: ConnectOptions,
): Connection {
  const id = uniqueName();
  const [near, comm] = pair();
  const session = openSession(id, near, () => clock.keepAlive());
  const links = new Map<WorkerAddress, ActorLink>();
  directLinks.set(session, { to: async (worker) => links.get(worker) });
  const onLink = (worker: WorkerAddress, link: Comm<unknown, unknown>) => {
    links.set(worker, link as ActorLink);
    link.closed.then(() => {
      if (links.get(worker) === link) links.delete(worker);
    });
  };
  const ready = elsewhere().then(({ converse }) => converse({ id, comm, clock, session, onLink }, address, options));
  ready.catch(({ message }) => comm.close(message)); // What is submitted fails with it, too.
  return { session, ready, close: async () => {} };
}

/** `ownsCluster`: the cluster ends with the client. */
export function connect(cluster: LocalCluster, ownsCluster: boolean): Connection {
  const links: PortLinks = new Map();
  const { id, comm, keepAlive } = cluster.connect(links);
  comm.closed.then((reason) => {
    for (const link of links.values()) link.close(reason);
    links.clear();
  });
  const session = openSession(id, comm, keepAlive);
  directLinks.set(session, {
    to: async (worker) => (await import("./adapters/message-port-comm.ts")).openLink(links, worker),
  });
  return {
    session,
    ready: cluster.ready,
    close: async () => {
      if (ownsCluster) await cluster.close();
    },
  };
}

function openSession(...args: ConstructorParameters<typeof Session>): Session {
  const session = new Session(...args);
  revivers.set(session, async (description) => {
    const { revive } = await import("./client/coordination/revive.ts");
    return revive(description as HandleDescription, session);
  });
  return session;
}
