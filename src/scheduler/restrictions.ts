/**
 * Tasks that may not run everywhere: on some workers only, or where enough of something is to spare.
 *
 * Those with equal restrictions and priority wait in a lane of their own, so that one that cannot go yet holds up only its like. What a
 * task uses of its worker's resources is its own from when it is sent until the worker is rid of it. Where nobody who is there may
 * ever run it, it is `no-worker`, until one comes who may or its patience is at an end.
 */

import type { Deque } from "../collections/deque.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { Demands, Resources, Restrictions } from "../protocol/task-spec.ts";
import type { Alarms } from "./alarms.ts";
import type { Quorum, Voter } from "./quorum.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import { ACTOR_TO_BE, describe, has, hostOf, isNamed, missing } from "./requirements.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

const MOST_NAMED = 8; // Workers that a message names.

/** Tasks that may run on the same workers, and are equally urgent and equally deep. */
interface Lane {
  readonly text: string;
  readonly restrictions: Restrictions;
  /** Infinity for those that are to run alone, which come before all others. */
  readonly priority: number;
  /** See {@link TaskOptions.depth}: the deepest come first. */
  readonly depth: number;
  readonly dependents: Deque<TaskRecord>;
  readonly roots: Deque<TaskRecord>;
  /** They have a copy's result already, and are not to be asked for another. */
  readonly voters: readonly Voter[];
  /** Those in state `no-worker`. */
  readonly parked: Set<TaskRecord>;
  /** Who may run them, as far as names go and what there is in all. */
  able: readonly WorkerRecord[];
  /** They make actors, which are to be shared out evenly. */
  readonly forActors: boolean;
  /** Those of them to ask first. */
  preferred: readonly WorkerRecord[];
}

/** A value that is to be sent to workers who are not there yet. */
interface Spread {
  readonly task: TaskRecord;
  readonly workers: readonly string[];
  readonly count: number;
}

/** What it works with. */
export interface PlacingParts {
  readonly alarms: Alarms;
  readonly quorum: Quorum;
  /** How long a task waits for a worker that may run it, while others are there. */
  readonly patienceMs: number;
}

export class Placing {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #alarms: Alarms;
  readonly #quorum: Quorum;
  readonly #patienceMs: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #texts = new WeakMap<Demands, string>();
  readonly #warned = new WeakMap<ClientRecord, Set<string>>();
  /** What waits for resources on a worker: who comes later must not take them in passing. Worked out anew each time. */
  readonly #spokenFor = new Map<WorkerRecord, Resources>();
  /** What is at least so urgent has been tried at this event, and nothing has changed since. */
  #triedFrom = Number.POSITIVE_INFINITY;
  #triedAt = -1;
  #spreads: Spread[] = [];

  constructor(state: SchedulerState, tools: RequestTools, { alarms, quorum, patienceMs }: PlacingParts) {
    this.#state = state;
    this.#tools = tools;
    this.#alarms = alarms;
    this.#quorum = quorum;
    this.#patienceMs = patienceMs;
  }

  enqueue(task: TaskRecord): boolean {
    const { demands } = task.group.options;
    if (demands === undefined) return false;
    if (demands.quorum !== undefined) task.flags |= this.#tools.FLAG_COPIED;
    const isFirst = demands.quorum === undefined || this.#quorum.votersOf(task).length === 0;
    if (!(demands.workers ?? demands.resources ?? demands.actor) && isFirst) return false;
    this.#alarms.clear(task);
    this.#triedAt = -1;
    const lane = this.#laneOf(task, demands);
    lane.parked.delete(task);
    if (isStranded(lane)) this.#state.recommend(task, "no-worker");
    else (task.hasInputs ? lane.dependents : lane.roots).insert(task, ageOf);
    return true;
  }

  park(task: TaskRecord): void {
    const { demands } = task.group.options;
    if (demands === undefined) return;
    const lane = this.#laneOf(task, demands);
    lane.parked.add(task);
    this.#complain(lane, task);
  }

  leave(task: TaskRecord): void {
    const worker = task.processingOn;
    if (worker === undefined) {
      const { demands } = task.group.options;
      if (task.state === "no-worker" && demands !== undefined) this.#laneOf(task, demands).parked.delete(task);
      return;
    }
    const run = this.#tools.zombieName(task.id, task.runId);
    if (!worker.zombies.has(run)) worker.used.delete(run);
  }

  assign(priority: number): void {
    if (this.#lanes.size === 0 || (this.#triedAt === this.#state.stimulus && priority >= this.#triedFrom)) return;
    this.#triedAt = this.#state.stimulus;
    this.#triedFrom = priority;
    this.#spokenFor.clear();
    const blocked = new Set<Lane>();
    for (;;) {
      const lane = this.#next(priority, blocked);
      if (lane === undefined) return;
      if (!this.#send(lane)) blocked.add(lane);
    }
  }

  reconsider(): void {
    this.#triedAt = -1;
    for (const lane of this.#lanes.values()) {
      this.#judge(lane);
      if (!isStranded(lane)) {
        for (const task of lane.parked) this.#state.recommend(task, "queued");
        continue;
      }
      for (const line of [lane.dependents, lane.roots]) {
        for (const task of line) this.#state.recommend(task, "no-worker");
        line.clear();
      }
      for (const task of lane.parked) this.#complain(lane, task);
    }
    const waiting = this.#spreads;
    this.#spreads = [];
    for (const { task, workers, count } of waiting) this.spread(task, workers, count);
  }

  spread(task: TaskRecord, workers: readonly string[], count: number): void {
    const state = this.#state;
    if (task.state !== "memory") return;
    const able = [...state.workers.values()].filter((worker) => isNamed(worker, workers) && !worker.ending);
    if (able.length === 0) {
      if (!this.#isSettled) this.#spreads.push({ task, workers, count });
      else this.#warn(task, workers.join(), `there is no worker ${workers.join(", ")} to send ${task.key} to`);
      return;
    }
    const held = new Map(able.map((worker) => [worker, state.replicas.leftsOf(worker).size]));
    able.sort((a, b) => (held.get(a) as number) - (held.get(b) as number));
    for (const worker of able.slice(0, count)) this.#tools.putData(state, task, worker);
  }

  /** Whether all that are being started are there. */
  get #isSettled(): boolean {
    return this.#state.starting === 0 && this.#state.workers.size > 0;
  }

  #laneOf(task: TaskRecord, demands: Demands): Lane {
    let text = this.#texts.get(demands);
    if (text === undefined) {
      const { workers = [], allowOtherWorkers = false, resources = {}, actor } = demands;
      const amounts = Object.entries(resources).sort();
      text = JSON.stringify([[...workers].sort(), allowOtherWorkers, amounts, actor !== undefined]);
      this.#texts.set(demands, text);
    }
    const voters = demands.quorum === undefined ? [] : this.#quorum.votersOf(task);
    if (voters.length > 0) text = `${text} not ${addressesOf(voters).sort().join(" ")}`;
    const priority = this.#tools.isSuspect(task) ? Number.POSITIVE_INFINITY : (task.group.options.priority ?? 0);
    const { depth = 0 } = task.group.options;
    const name = `${priority} ${depth} ${text}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const { workers, allowOtherWorkers, resources } = demands;
      const { Deque } = this.#tools;
      lane = {
        text,
        restrictions: {
          ...(workers && { workers }),
          ...(allowOtherWorkers && { allowOtherWorkers }),
          ...(resources && { resources }),
        },
        priority,
        depth,
        voters,
        forActors: demands.actor !== undefined,
        dependents: new Deque(),
        roots: new Deque(),
        parked: new Set(),
        able: [],
        preferred: [],
      };
      this.#judge(lane);
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #judge(lane: Lane): void {
    const { workers, allowOtherWorkers, resources = {} } = lane.restrictions;
    const there = withoutVoters([...this.#state.workers.values()], lane.voters);
    const able = there.filter((worker) => has(worker.resources, resources));
    const named = workers === undefined ? able : able.filter((worker) => isNamed(worker, workers));
    lane.able = allowOtherWorkers ? able : named;
    lane.preferred = named;
  }

  /** Among the lanes that are urgent enough: the one whose first task comes before those of the others. */
  #next(priority: number, blocked: ReadonlySet<Lane>): Lane | undefined {
    let first: Lane | undefined;
    let firstTask: TaskRecord | undefined;
    for (const [name, lane] of this.#lanes) {
      if (lane.priority < priority || blocked.has(lane)) continue;
      const task = this.#headOf(lane, lane.dependents) ?? this.#headOf(lane, lane.roots);
      if (task === undefined) {
        if (lane.parked.size === 0) this.#lanes.delete(name);
      } else if (first === undefined || firstTask === undefined || comesBefore(lane, task, first, firstTask)) {
        first = lane;
        firstTask = task;
      }
    }
    return first;
  }

  /** What is next in a line of `lane`, once those are swept out that have left it otherwise. */
  #headOf({ priority }: Lane, line: Deque<TaskRecord>): TaskRecord | undefined {
    for (let task = line.peek(); task !== undefined; task = line.peek()) {
      // Since then a thread may have died under it: then it is in another lane.
      const isAlone = this.#tools.isSuspect(task);
      if (task.state === "queued" && isAlone === (priority === Number.POSITIVE_INFINITY)) return task;
      line.shift();
    }
    return undefined;
  }

  /** Sends a lane's first task to a worker. False if none can take it now. */
  #send(lane: Lane): boolean {
    const state = this.#state;
    const line = this.#headOf(lane, lane.dependents) === undefined ? lane.roots : lane.dependents;
    const task = line.peek() as TaskRecord;
    const { resources } = lane.restrictions;
    const { closest, considerDependents, dispatch, expectedUs, fits, judgeRoom, zombieName } = this.#tools;
    const costUs = expectedUs(task.function);
    const isAlone = lane.priority === Number.POSITIVE_INFINITY;
    const canTake = (worker: WorkerRecord): boolean => {
      if (resources !== undefined && !this.#hasLeft(worker, resources)) return false;
      return state.roomy.has(worker) && (isAlone ? worker.running === 0 : fits(worker, costUs));
    };
    const preferred = lane.preferred.filter(canTake);
    const all = preferred.length > 0 ? preferred : lane.able.filter(canTake);
    const candidates = lane.forActors ? withFewestActors(all, lane.able) : all;
    if (candidates.length === 0) {
      if (isAlone) this.#vacate(lane);
      else if (resources !== undefined) this.#speakFor(lane.able, resources);
      return false;
    }
    const worker = closest(state, task, leastBusy(candidates), (holder) => candidates.includes(holder));
    if (isAlone) worker.alone = true;
    line.shift();
    dispatch(state, task, worker, costUs);
    considerDependents(state, task);
    const used = lane.forActors ? { ...resources, [ACTOR_TO_BE]: 1 } : resources;
    if (used !== undefined) worker.used.set(zombieName(task.id, task.runId), used);
    judgeRoom(state, worker);
    return true;
  }

  #hasLeft(worker: WorkerRecord, resources: Resources): boolean {
    const spoken = this.#spokenFor.get(worker);
    if (spoken !== undefined && Object.keys(resources).some((name) => name in spoken)) return false;
    return has(worker.resources, resources, worker.used.values());
  }

  /** A task waits for resources: on the worker that lacks least of them, they are kept for it. */
  #speakFor(able: readonly WorkerRecord[], resources: Resources): void {
    let best: WorkerRecord | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const worker of able) {
      const lacking = missing(worker.resources, resources, worker.used.values());
      if (lacking === 0 || lacking >= least || this.#spokenFor.has(worker)) continue;
      best = worker;
      least = lacking;
    }
    if (best !== undefined) this.#spokenFor.set(best, resources);
  }

  /** A task that is to run alone waits: one of its workers is given nothing more until it is idle. */
  #vacate({ able }: Lane): void {
    const free = able.filter((worker) => this.#state.roomy.has(worker) || worker.alone);
    if (free.length === 0 || free.some((worker) => worker.alone)) return;
    const worker = leastBusy(free);
    worker.alone = true;
    this.#tools.judgeRoom(this.#state, worker);
  }

  /** Nobody may run it: whoever wants it is told, and it fails if that does not change. */
  #complain(lane: Lane, task: TaskRecord): void {
    if (!this.#isSettled || this.#alarms.isSetFor(task)) return;
    const patience = Number.isFinite(this.#patienceMs) ? ` ${this.#patienceMs} ms` : "";
    this.#warn(task, lane.text, `${this.#problemOf(lane, task)}. It waits${patience} for one that can`);
    this.#alarms.setFor(task, this.#patienceMs, () => {
      // Others are on their way: they are to be waited for, and it is to be judged anew with them.
      if (this.#isSettled) this.#giveUp(lane, task);
    });
  }

  #giveUp(lane: Lane, task: TaskRecord): void {
    const workers = [...this.#state.workers.values()].map(({ address, name, resources }) => ({
      address,
      name,
      resources,
    }));
    task.error = this.#tools.errorOnWire("NoValidWorkerError", `${this.#problemOf(lane, task)}. None came that can`, {
      key: task.key,
      restrictions: lane.restrictions,
      workers,
    });
    this.#tools.move(this.#state, task, "erred");
  }

  #problemOf(lane: Lane, task: TaskRecord): string {
    const there = [...this.#state.workers.values()].map(({ name, resources }) =>
      describe({ workers: [name], resources }),
    );
    const unnamed = there.length - MOST_NAMED;
    const list = `${there.slice(0, MOST_NAMED).join("; ")}${unnamed > 0 ? `; and ${unnamed} more` : ""}`;
    const { voters, restrictions } = lane;
    const others =
      voters.length === 0 ? "" : `, for one more copy beside those of ${addressesOf(voters).join(" and ")}`;
    return `no worker can run ${task.key}: it asks for ${describe(restrictions)}${others}, and there is ${list}`;
  }

  #warn(task: TaskRecord, subject: string, text: string): void {
    this.#tools.forEachClaim(task, (client) => {
      const warned = this.#warned.get(client) ?? new Set();
      this.#warned.set(client, warned);
      if (warned.has(subject)) return;
      warned.add(subject);
      this.#state.requests?.warn(client, text);
    });
  }
}

/** Whether nobody who is there may run its tasks. Where it is only a preference, they can as well wait for anybody. */
function isStranded({ able, restrictions, voters }: Lane): boolean {
  const { resources, allowOtherWorkers } = restrictions;
  return able.length === 0 && (resources !== undefined || allowOtherWorkers !== true || voters.length > 0);
}

/** Those that have no part yet in what `voters` have come to. One copy for each host, where there are several. */
function withoutVoters(workers: readonly WorkerRecord[], voters: readonly Voter[]): readonly WorkerRecord[] {
  if (voters.length === 0) return workers;
  const areSeveral = new Set([...voters, ...workers].map(({ address }) => hostOf(address))).size > 1;
  const placeOf = ({ address, name }: Voter) => (areSeveral ? hostOf(address) : name);
  const taken = new Set(voters.map(placeOf));
  return workers.filter((worker) => !taken.has(placeOf(worker)));
}

function addressesOf(voters: readonly Voter[]): WorkerAddress[] {
  return voters.map(({ address }) => address);
}

function leastBusy(workers: readonly WorkerRecord[]): WorkerRecord {
  return workers.reduce((best, worker) => (worker.occupancyUs < best.occupancyUs ? worker : best));
}

/** Those submitted earlier have lower numbers. */
function ageOf(task: TaskRecord): number {
  return task.id;
}

function comesBefore(lane: Lane, task: TaskRecord, other: Lane, otherTask: TaskRecord): boolean {
  if (lane.priority !== other.priority) return lane.priority > other.priority;
  if (lane.depth !== other.depth) return lane.depth > other.depth;
  if (task.hasInputs !== otherTask.hasInputs) return task.hasInputs;
  return ageOf(task) < ageOf(otherTask);
}

/** Those of `candidates` that host, or are about to host, fewest actors; none while one that is busy making some has fewer. */
function withFewestActors(candidates: readonly WorkerRecord[], able: readonly WorkerRecord[]): readonly WorkerRecord[] {
  const toBe = ({ used }: WorkerRecord) => [...used.values()].flatMap((each) => each[ACTOR_TO_BE] ?? []);
  const count = (worker: WorkerRecord) => toBe(worker).reduce((sum, each) => sum + each, worker.actors);
  const rivals = [...candidates, ...able.filter((worker) => worker.takesTasks && toBe(worker).length > 0)];
  const fewest = Math.min(...rivals.map(count));
  return candidates.filter((worker) => count(worker) === fewest);
}
