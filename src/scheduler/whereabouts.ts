/** Which values there are, where, and how large. */

import type { ClientTaskId, Key, WorkerAddress } from "../protocol/identity.ts";
import type { SchedulerInfo, WorkerInfo } from "../protocol/requests.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** The tasks that a client means by its numbers; what it has let go of is not among them. */
export function tasksOf(client: ClientRecord, ids: readonly ClientTaskId[]): readonly TaskRecord[] {
  return ids.flatMap((id) => client.tasks.get(id) ?? []);
}

/** Of these tasks, or of all whose values workers hold. */
export function whoHas(
  state: SchedulerState,
  tasks: readonly TaskRecord[] | undefined,
): Readonly<Record<Key, readonly WorkerAddress[]>> {
  const all = tasks ?? [...state.tasks.values()].filter((task) => state.replicas.rightsOf(task).size > 0);
  return Object.fromEntries(
    all.map((task) => [task.key, [...state.replicas.rightsOf(task)].map(({ address }) => address)]),
  );
}

export function hasWhat(
  state: SchedulerState,
  workers: readonly WorkerRecord[],
): Readonly<Record<WorkerAddress, readonly Key[]>> {
  return Object.fromEntries(
    workers.map((worker) => [worker.address, [...state.replicas.leftsOf(worker)].map(({ key }) => key)]),
  );
}

/** Of those whose values are there, and too large to have come along with the news of them. */
export function sizes(state: SchedulerState, tasks: readonly TaskRecord[] | undefined): Readonly<Record<Key, number>> {
  const all = tasks ?? [...state.tasks.values()];
  return Object.fromEntries(
    all.filter((task) => task.state === "memory" && task.nbytes > 0).map((task) => [task.key, task.nbytes]),
  );
}

/** Bytes of the values that a worker holds. */
export function bytesOn(state: SchedulerState, worker: WorkerRecord): number {
  let nbytes = 0;
  for (const task of state.replicas.leftsOf(worker)) nbytes += task.nbytes;
  return nbytes;
}

/** Bytes that workers hold, counted when first asked for; what is to come or to go can be counted in. */
export class Loads {
  readonly #state: SchedulerState;
  readonly #nbytes = new Map<WorkerRecord, number>();

  constructor(state: SchedulerState) {
    this.#state = state;
  }

  of(worker: WorkerRecord): number {
    let nbytes = this.#nbytes.get(worker);
    if (nbytes === undefined) {
      nbytes = bytesOn(this.#state, worker);
      this.#nbytes.set(worker, nbytes);
    }
    return nbytes;
  }

  add(worker: WorkerRecord, nbytes: number): void {
    this.#nbytes.set(worker, this.of(worker) + nbytes);
  }
}

export function describe(state: SchedulerState): SchedulerInfo {
  const workers: Record<WorkerAddress, WorkerInfo> = {};
  for (const worker of state.workers.values()) {
    const { address, name, status, nThreads, processing, ending, resources, actors, memory } = worker;
    const link = state.hosts?.linkOf(worker);
    const [, scheme = "", host = ""] = /^([\w+.-]+):\/\/([^/]*)/.exec(address) ?? [];
    workers[address] = {
      name,
      host,
      status: ending && status === "running" ? "closing" : status,
      nThreads,
      processing,
      occupancyMs: Math.max(0, worker.occupancyUs) / 1000,
      actors,
      nValues: state.replicas.leftsOf(worker).size,
      nbytes: bytesOn(state, worker),
      memoryLimit: memory?.kept?.limit,
      heldBytes: memory?.kept?.heldBytes,
      spilledBytes: memory?.kept?.spilledBytes,
      threadBytes: memory?.threadBytes,
      resources: { ...resources },
      link: scheme,
      latencyMs: link?.latencyMs,
      bandwidth: link?.bandwidth,
    };
  }
  const links = state.hosts?.ways() ?? [];
  return { address: state.address, workers, clients: [...state.clients.keys()], links, queued: state.queued };
}
