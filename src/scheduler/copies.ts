/**
 * How many copies of values there are, when nobody has said how many there should be.
 *
 * Tasks leave a copy wherever they have needed a value. When no more of them are to come, one is enough: the others are let go of. Data
 * that a client scattered the scheduler has itself; what a task scattered is with its worker alone, and has no recipe: where there are
 * two hosts, it is copied to another, so that no host takes all there is of it along when it goes. What `replicate()` or a broadcast has
 * put somewhere stays there.
 *
 * It is looked at when workers say how much memory they take up, which they do while they work.
 */

import { hostOf } from "../protocol/hosts.ts";
import type { Copying } from "./copying.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import { Loads } from "./whereabouts.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** It is looked at no more often than this. Milliseconds. */
const EVERY_MS = 500;
/** Copies for which two hosts are to have one each. */
const TWO_HOSTS = 2;

export class Copies {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #copying: Copying;
  #dueMs = 0;

  constructor(state: SchedulerState, tools: RequestTools, copying: Copying) {
    this.#state = state;
    this.#tools = tools;
    this.#copying = copying;
  }

  /** To be called whenever there may be something to be done: mostly, it has been looked at a moment ago. */
  look(): void {
    if (this.#state.nowMs < this.#dueMs) return;
    this.#dueMs = this.#state.nowMs + EVERY_MS;
    this.#state.nesting?.dropRings();
    this.#lookAtAll();
  }

  #lookAtAll(): void {
    const { workers, replicas } = this.#state;
    const loads = new Loads(this.#state);
    const hosts = new Set([...workers.keys()].map(hostOf));
    const held = new Set([...workers.values()].flatMap((worker) => [...replicas.leftsOf(worker)]));
    for (const task of held) {
      if (!task.isAvailable || (task.flags & this.#tools.FLAG_PINNED) !== 0) continue;
      const isInUse = task.dependents?.some(({ registered, processingOn }) => registered && processingOn !== undefined);
      const isScattered = task.at < 0 && task.value === this.#tools.NO_VALUE;
      if (isScattered && hosts.size >= TWO_HOSTS && this.#isOnOneHost(task)) {
        this.#copyElsewhere(task, loads);
      } else if (isInUse !== true) this.#reduce(task, loads, isScattered ? Math.min(hosts.size, TWO_HOSTS) : 1);
    }
  }

  #isOnOneHost(task: TaskRecord): boolean {
    const hosts = new Set([...this.#state.replicas.rightsOf(task)].map(({ address }) => hostOf(address)));
    return hosts.size < TWO_HOSTS;
  }

  #copyElsewhere(task: TaskRecord, loads: Loads): void {
    const { workers, replicas } = this.#state;
    const here = new Set([...replicas.rightsOf(task)].map(({ address }) => hostOf(address)));
    const others = [...workers.values()].filter(({ takesTasks, address }) => takesTasks && !here.has(hostOf(address)));
    if (others.some((worker) => this.#copying.isUnderWay(task, worker))) return;
    const emptiest = others.sort((a, b) => loads.of(a) - loads.of(b))[0];
    if (emptiest === undefined) return;
    this.#copying.begin(task, emptiest);
    loads.add(emptiest, task.nbytes);
  }

  /** One for each task that may yet need it, and no fewer than `least`; the fullest workers let go first. */
  #reduce(task: TaskRecord, loads: Loads, least: number): void {
    const holders = [...this.#state.replicas.rightsOf(task)];
    const surplus = holders.length - Math.max(least, task.liveDependents);
    if (surplus <= 0 || holders.some((worker) => this.#copying.isUnderWay(task, worker))) return;
    const kept = least < TWO_HOSTS ? [] : oneOfEachHost(holders);
    const free = holders.filter((worker) => !kept.includes(worker));
    free.sort((a, b) => loads.of(b) - loads.of(a));
    for (const worker of free.slice(0, surplus)) {
      this.#copying.free(task, worker);
      loads.add(worker, -task.nbytes);
    }
  }
}

/** Workers of two hosts, if there are two. */
function oneOfEachHost(holders: readonly WorkerRecord[]): readonly WorkerRecord[] {
  const byHost = new Map(holders.map((worker) => [hostOf(worker.address), worker]));
  return [...byHost.values()].slice(0, TWO_HOSTS);
}
