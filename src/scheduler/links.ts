/** What it costs to move values between hosts, by what was measured, and where tasks are done first by that. */

import { hostOf, SCHEDULER_HOST } from "../protocol/hosts.ts";
import type { HostLink } from "../protocol/requests.ts";
import type { LinkMeasured } from "./contract.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

interface Link {
  /** One way. */
  readonly latencyUs: number;
  readonly bytesPerUs: number;
  /** How many bytes pass was measured, and not only assumed. */
  readonly isPaced?: boolean;
}

/** Between threads of one page or process. */
const INSIDE: Link = { latencyUs: 75, bytesPerUs: 1000 };
/** Between hosts, as long as nothing was measured: a home's network. */
const UNKNOWN: Link = { latencyUs: 1000, bytesPerUs: 20 };
/** Weight of one measurement in the average. */
const NEW_WEIGHT = 0.3;
/** Workers with room that are looked at beside the holders. */
const MOST_LOOKED_AT = 64;
/** However far away a worker is, it is not given more work than this ahead. Microseconds. */
const MOST_AHEAD_US = 1_000_000;

export interface LinkMeasures {
  readonly latencyMs: number;
  /** Bytes a second. */
  readonly bandwidth: number | undefined;
}

function measuresOf({ latencyUs, bytesPerUs, isPaced }: Link): LinkMeasures {
  return { latencyMs: latencyUs / 1000, bandwidth: isPaced ? bytesPerUs * 1e6 : undefined };
}

export class Links {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #links = new Map<string, Link>();
  readonly #routes = new Map<string, Pick<HostLink, "from" | "to" | "route">>();
  readonly #hosts = new WeakMap<WorkerRecord, string>();

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
  }

  /** What was measured of the link between a worker's host and the scheduler. */
  of(worker: WorkerRecord): LinkMeasures | undefined {
    const host = this.#hostOf(worker);
    const link = this.#links.get(`${host} ${SCHEDULER_HOST}`) ?? this.#links.get(`${SCHEDULER_HOST} ${host}`);
    return link && measuresOf(link);
  }

  /** The ways between hosts that values have been moved by. */
  get ways(): readonly HostLink[] {
    return [...this.#routes.values()].map(({ from, to, route }) => {
      const link = this.#links.get(`${from} ${to}`) ?? this.#links.get(`${to} ${from}`);
      const { latencyMs, bandwidth } = (link && measuresOf(link)) ?? {};
      return { from, to, route, latencyMs, bandwidth };
    });
  }

  measure({ from, to, latencyMs, bytesPerMs, route }: LinkMeasured): void {
    if (route !== undefined) this.#routes.set([from, to].sort().join(" "), { from, to, route });
    if (latencyMs === undefined && bytesPerMs === undefined) return;
    const known = this.#links.get(`${from} ${to}`);
    const base = known ?? this.#between(from, to);
    const blend = (old: number, now: number | undefined): number => {
      if (now === undefined || !(now > 0)) return old;
      return known === undefined ? now : old + NEW_WEIGHT * (now - old);
    };
    const latencyUs = blend(base.latencyUs, latencyMs && latencyMs * 1000);
    const bytesPerUs = blend(base.bytesPerUs, bytesPerMs && bytesPerMs / 1000);
    const isPaced = known?.isPaced === true || bytesPerMs !== undefined;
    this.#links.set(`${from} ${to}`, { latencyUs, bytesPerUs, isPaced });
    if (to !== SCHEDULER_HOST && from !== SCHEDULER_HOST) return;
    for (const worker of this.#state.workers.values()) this.addWorker(worker);
  }

  /** A message and its answer take their time: meanwhile it is to have something to do. */
  addWorker(worker: WorkerRecord): void {
    const host = this.#hostOf(worker);
    const link = this.#links.get(`${host} ${SCHEDULER_HOST}`) ?? this.#links.get(`${SCHEDULER_HOST} ${host}`);
    if (link === undefined) return;
    worker.windowUs = this.#tools.windowUs * worker.nThreads + Math.min(MOST_AHEAD_US, 2 * link.latencyUs);
    this.#tools.judgeRoom(this.#state, worker);
  }

  nearest(worker: WorkerRecord, holders: ReadonlySet<WorkerRecord>): Iterable<WorkerRecord> {
    if (holders.size < 2) return holders;
    const cost = (holder: WorkerRecord) => this.copyUs(holder, worker, this.#tools.MOVE_FROM);
    return [...holders].sort((a, b) => cost(a) - cost(b));
  }

  /** What it takes until `to` has a value of `from`. Microseconds. */
  copyUs(from: WorkerRecord, to: WorkerRecord, nbytes: number): number {
    const { latencyUs, bytesPerUs } = this.#between(this.#hostOf(from), this.#hostOf(to));
    return 2 * latencyUs + nbytes / bytesPerUs;
  }

  /** Among those that can take it: `leastBusy`, others with room, and whoever holds some of its large inputs. */
  closest(task: TaskRecord, leastBusy: WorkerRecord, canTake: (worker: WorkerRecord) => boolean): WorkerRecord {
    const { replicas, roomy } = this.#state;
    const inputs = [...new Set(task.inputs)].filter((input) => replicas.rightsOf(input).size > 0);
    if (inputs.length === 0) return leastBusy;
    const candidates = new Set<WorkerRecord>();
    for (const input of inputs) for (const holder of replicas.rightsOf(input)) candidates.add(holder);
    let looked = 0;
    for (const worker of roomy) {
      if (looked++ === MOST_LOOKED_AT) break;
      candidates.add(worker);
    }
    let best = leastBusy;
    let bestUs = this.#startUs(leastBusy, inputs);
    for (const worker of candidates) {
      if (worker === leastBusy || !canTake(worker)) continue;
      const us = this.#startUs(worker, inputs);
      if (us >= bestUs) continue;
      best = worker;
      bestUs = us;
    }
    return best;
  }

  /** When it could begin there, with all its inputs. */
  #startUs(worker: WorkerRecord, inputs: readonly TaskRecord[]): number {
    let us = worker.occupancyUs;
    for (const input of inputs) {
      const holders = this.#state.replicas.rightsOf(input);
      if (holders.has(worker)) continue;
      let leastUs = Number.POSITIVE_INFINITY;
      for (const holder of holders) leastUs = Math.min(leastUs, this.copyUs(holder, worker, input.nbytes));
      us += leastUs;
    }
    return us;
  }

  #between(from: string, to: string): Link {
    if (from === to) return INSIDE;
    return this.#links.get(`${from} ${to}`) ?? this.#links.get(`${to} ${from}`) ?? UNKNOWN;
  }

  #hostOf(worker: WorkerRecord): string {
    let host = this.#hosts.get(worker);
    if (host === undefined) {
      host = hostOf(worker.address);
      this.#hosts.set(worker, host);
    }
    return host;
  }
}
