/** What every thread runs, whichever platform it is of: a worker, at the end of a line to its owner. */

import { exposeWorker, OwnerComm } from "./adapters/comlink-thread.ts";
import { DataChannelWire } from "./adapters/data-channel-wire.ts";
import { MessagePortComm } from "./adapters/message-port-comm.ts";
import { MessagePortWire } from "./adapters/message-port-wire.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import { shareFutures } from "./client/future.ts";
import { ThreadClients } from "./client/thread-clients.ts";
import type { Comm } from "./ports/comm.ts";
import type { ThreadEndpoint } from "./ports/spawner.ts";
import type { StartTaskClients } from "./ports/task-clients.ts";
import type { PeerMessage } from "./protocol/peer-messages.ts";
import type { PeerComm } from "./runtime/aside-link.ts";
import type { BypassEndShell } from "./runtime/bypass-end.ts";
import { checkedPeerComm } from "./runtime/checked-peer-comm.ts";
import { answerHost, IDLE_CHANNEL } from "./runtime/idling.ts";
import { limitMemory } from "./runtime/limited-memory.ts";
import type { WorkerComm } from "./runtime/sending.ts";
import { Trunk } from "./runtime/trunk.ts";
import type { WorkerEquipment } from "./runtime/worker-equipment.ts";
import { WorkerRuntime } from "./runtime/worker-runtime.ts";
import { travelByName } from "./shipping/function-source.ts";
import { taskScope } from "./task-scope.ts";

/** What a thread of the platform has. */
export interface ThreadPlatform extends Omit<WorkerEquipment, "console" | "limitMemory"> {
  /** Where it can open wires of its own: what the worker speaks through then. */
  readonly lineOf?: (owner: OwnerComm) => WorkerComm;
  /** The same to threads of other hosts: how a link by way of the hosts is to be listened to then. */
  readonly besideHosts?: (
    link: Trunk,
    comm: PeerComm,
    shell: Pick<BypassEndShell, "clock" | "peer" | "links">,
  ) => PeerComm;
}

export function startWorker(endpoint: ThreadEndpoint, { lineOf, besideHosts, ...platform }: ThreadPlatform = {}): void {
  shareFutures();
  travelByName(taskScope);
  const comm = new OwnerComm(endpoint);
  const clock = new SystemClock();
  let runtime: WorkerRuntime | undefined;
  exposeWorker(
    endpoint,
    {
      start: (setup) => {
        const startClients: StartTaskClients = (id, line) => new ThreadClients(id, line);
        runtime = new WorkerRuntime(setup, lineOf?.(comm) ?? comm, clock, taskScope, startClients, {
          ...platform,
          console,
          limitMemory,
        });
      },
      deliver: (messages) => comm.deliver(messages),
      link: (peer, port, way) => {
        const end = port as MessagePort;
        if (runtime === undefined) return;
        const { links } = runtime;
        if (way === undefined) return links.link(peer, new MessagePortComm<PeerMessage, PeerMessage>(end));
        const trunk = new Trunk({ clock });
        const isPort = end instanceof MessagePort;
        trunk.attach(isPort ? new MessagePortWire(end) : new DataChannelWire(end));
        const comm = checkedPeerComm(trunk.channel(0) as Comm<PeerMessage, PeerMessage>);
        if (way === "by-hosts") {
          links.link(peer, besideHosts?.(trunk, comm, { clock, peer, links }) ?? comm);
          answerHost(trunk.channel(IDLE_CHANNEL), peer, links);
        } else {
          links.link(peer, comm, isPort ? "port" : "aside");
          comm.closed.then((reason) => trunk.close(reason));
        }
      },
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
