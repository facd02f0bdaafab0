/**
 * What there is to know when a cluster is more than one page or process: what links between hosts cost, what those who come back still
 * hold, when a second copy of a task is worth it, and what strangers may not say.
 *
 * Few programs need it, and pages should not have to load it: the machine is taught these rules before the first worker or client from
 * elsewhere. What they need of the machine itself comes with `RequestTools`. They take it for granted that it has learnt the others too.
 */

import { Adoption } from "./adoption.ts";
import type { HostRules } from "./contract.ts";
import { ClientDistrust } from "./distrust-clients.ts";
import { WorkerDistrust } from "./distrust-workers.ts";
import { Links } from "./links.ts";
import type { RequestTools } from "./request-tools.ts";
import { Speculation } from "./speculation.ts";
import type { SchedulerState } from "./state.ts";
import { Unreachable } from "./unreachable.ts";
import type { WorkerRecord } from "./worker-record.ts";

export interface HostLimits {
  /** A task that has run for less is given no second copy. Milliseconds. */
  readonly speculateFromMs: number;
  /** What somebody who came back holds is kept for so long for a task to be submitted that made it. Milliseconds. */
  readonly keepHeldMs: number;
  /** Tasks that one client may have at a time. */
  readonly mostTasks: number;
  /** Questions that one client may have open at a time. */
  readonly mostRequests: number;
}

export const HOST_LIMITS: HostLimits = {
  speculateFromMs: 100,
  keepHeldMs: 60_000,
  mostTasks: 5_000_000,
  mostRequests: 10_000,
};

/** The rules, for {@link SchedulerMachine.learn}. */
export function hostRules(some: Partial<HostLimits> = {}): (state: SchedulerState, tools: RequestTools) => HostRules {
  const limits = { ...HOST_LIMITS, ...some };
  return (state, tools) => {
    const links = new Links(state, tools);
    const adoption = new Adoption(state, tools, limits.keepHeldMs);
    const speculation = new Speculation(state, tools, limits.speculateFromMs);
    const unreachable = new Unreachable(state, tools);
    const workers = new WorkerDistrust(state, tools);
    const clients = new ClientDistrust(state, tools, limits);
    return {
      measure: (measured) => links.measure(measured),
      linkOf: (worker) => links.of(worker),
      ways: () => links.ways,
      closest: (task, leastBusy, canTake) => links.closest(task, leastBusy, canTake),
      nearest: (worker, holders) => links.nearest(worker, holders),
      addWorker: (worker) => links.addWorker(worker),
      removeWorker: (worker, expected) => {
        adoption.removeWorker(worker);
        speculation.removeWorker(worker, expected);
      },
      removeHost: ({ workers: addresses, reason, expected }) => {
        const gone = addresses.flatMap((address) => state.workers.get(address) ?? []);
        removeHost(state, tools, gone, reason, expected);
      },
      deathsBeside: (task) => speculation.deathsBeside(task),
      hearHeld: (worker, message) => {
        adoption.hear(worker, message);
        worker.isReturning = false;
        tools.judgeRoom(state, worker);
      },
      adopt: (client, first, count) => adoption.adopt(client, first, count),
      begun: (task) => speculation.begun(task),
      win: (worker, id, run) => speculation.win(worker, id, run),
      hearLack: (task, worker, message) => unreachable.hear(task, worker, message),
      refuses: (worker, message) => workers.refuses(worker, message),
      refusesClient: (client, message) => clients.refuses(client, message),
      functionOf: (client, shipped) => clients.functionOf(client, shipped),
      note: (worker, messages) => workers.note(worker, messages),
      noteNews: (client, messages) => clients.note(client, messages),
      settle: () => speculation.settle(),
    };
  };
}

/**
 * All threads of a host end at once. What one had in hand is not given to another of them; and if suspects were running alone in some,
 * those are to blame, and nobody else.
 */
function removeHost(
  state: SchedulerState,
  tools: RequestTools,
  workers: readonly WorkerRecord[],
  reason: string,
  expected: boolean,
): void {
  const isSomeoneAlone = workers.some(({ alone }) => alone);
  const blamed = new Set(workers.filter(({ alone }) => alone || !isSomeoneAlone));
  for (const worker of workers) {
    worker.ending = true;
    state.roomy.delete(worker);
    if (state.vacating === worker) state.vacating = undefined;
  }
  for (const worker of workers) tools.removeWorker(state, worker.address, reason, expected, blamed.has(worker));
}
