/** What the scheduler knows: tasks, functions, workers, clients, and the invariants that tie them. */

import { Deque } from "../collections/deque.ts";
import { HeapSet } from "../collections/heap-set.ts";
import { PagedTable } from "../collections/paged-table.ts";
import { Relation } from "../collections/relation.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import {
  type ClientId,
  type ClientTaskId,
  type FunctionId,
  type Key,
  keyOf,
  type RunId,
  type TaskId,
  type WorkerAddress,
} from "../protocol/identity.ts";
import {
  hasReferences,
  PACKED,
  REFERENCES,
  ROW_HEADER,
  type ShippedFunction,
  type TaskOptions,
} from "../protocol/task-spec.ts";
import type { SchedulerInstruction, TransitionRecord } from "./contract.ts";
import { ClientOutbox, WorkerOutbox } from "./outbox.ts";

export type TaskState = "released" | "waiting" | "queued" | "processing" | "memory" | "erred" | "forgotten";

/** Stands for "no value here": `undefined` is a value like any other. */
export const NO_VALUE = Symbol("no value");

/** The deaths of threads a task may have a hand in; with the last of them it ends as `KilledWorkerError`. */
export const ALLOWED_FAILURES = 3;

/** What the tasks of one submission share. */
export interface TaskGroup {
  readonly rows: unknown[];
  readonly options: TaskOptions;
}

/** A claim on a task beyond that of whoever submitted it. */
export interface Claim {
  readonly client: ClientRecord;
  readonly id: ClientTaskId;
  awaited: boolean;
}

/**
 * A task from its submission until nobody can ask for it any more. A row of its group says what to run: there, the function is a
 * {@link FunctionRecord} and every reference is a `TaskRecord`, so that what a recipe needs lives as long as the recipe.
 */
export class TaskRecord {
  readonly id: TaskId;
  state: TaskState = "released";
  readonly group: TaskGroup;
  /** Where its row begins; -1 for what was scattered. */
  readonly at: number;
  /** Its value is safe with the scheduler, so what its row referred to has been let go. */
  isFinal: boolean;
  /** Who submitted it, and their number for it. */
  readonly client: ClientRecord;
  readonly clientTask: ClientTaskId;
  /** Whether `client` still wants it. */
  wanted = true;
  /** Whether `client` waits for the value. */
  awaited = false;
  claims: Claim[] | undefined = undefined;
  /** Known by name: kept while wanted even when its value has been handed over, since others may ask. */
  name: Key | undefined = undefined;
  /** Stays until it has run although nobody holds a future on it. */
  keep = false;
  /** Inputs that are not in memory, counted once per slot. */
  waitingOn = 0;
  /** Whether it stands in the `dependents` of its inputs and is counted in their `liveDependents`. */
  registered = false;
  /** Whether it may stand in their `dependents` from an earlier run. */
  formerlyRegistered = false;
  /** Tasks whose rows refer to this one, once per slot. Those not `registered` any more are swept out now and then. */
  dependents: TaskRecord[] | undefined = undefined;
  /** Dependents, once per slot, that have still to run. The value is kept while there are any. */
  liveDependents = 0;
  /** The value, when the scheduler itself holds it. */
  value: unknown = NO_VALUE;
  /** The only copy was moved to the client, who gives it back before using it in a task. */
  atClient = false;
  /** Bytes of the result when it was last in memory; -1 if it never was. */
  nbytes = -1;
  /** What kind of value it is, for large results: `Float32Array`, `Object`, … */
  valueType = "";
  error: ErrorOnWire | undefined = undefined;
  processingOn: WorkerRecord | undefined = undefined;
  /** Whether the worker has said that it began. */
  started = false;
  runId: RunId = 0;
  /** What its run was expected to take when it was sent, in microseconds. */
  expectedUs = 0;
  /** Addresses of threads that died with this task in hand. */
  deaths: WorkerAddress[] | undefined = undefined;
  retriesLeft: number;

  constructor(id: TaskId, client: ClientRecord, clientTask: ClientTaskId, group: TaskGroup, at: number) {
    this.id = id;
    this.client = client;
    this.clientTask = clientTask;
    this.group = group;
    this.at = at;
    this.isFinal = at < 0;
    this.retriesLeft = group.options.retries ?? 0;
  }

  get function(): FunctionRecord {
    return this.group.rows[this.at] as FunctionRecord;
  }

  get slots(): number {
    return this.group.rows[this.at + 1] as number;
  }

  get shape(): number {
    return this.group.rows[this.at + 2] as number;
  }

  get hasInputs(): boolean {
    return !this.isFinal && hasReferences(this.shape, this.slots);
  }

  /** Whether a claim of any kind keeps it: a client's, or its own promise to run. */
  get isWanted(): boolean {
    return this.wanted || this.keep || this.claims !== undefined;
  }

  get isNeeded(): boolean {
    return this.liveDependents > 0 || this.isWanted;
  }

  /** Whether tasks that need its value can have it. */
  get isAvailable(): boolean {
    return this.state === "memory" && !this.atClient;
  }

  /** The tasks its row refers to, each once. */
  inputs(): ReadonlySet<TaskRecord> {
    const inputs = new Set<TaskRecord>();
    forEachDependency(this, (input) => inputs.add(input));
    return inputs;
  }

  get key(): Key {
    return this.name ?? keyOf(this.at < 0 ? "data" : this.function.shipped.name, this.client.id, this.clientTask);
  }
}

/** Calls `visit` for every slot of `task` that refers to another task. */
export function forEachDependency(task: TaskRecord, visit: (dependency: TaskRecord) => void): void {
  if (task.isFinal) return;
  const { rows } = task.group;
  const { shape, slots } = task;
  const first = task.at + ROW_HEADER;
  if ((shape & PACKED) !== 0) {
    for (let slot = 1; slot < slots; slot++) visit(rows[first + slot] as TaskRecord);
    return;
  }
  for (let bits = shape & REFERENCES, slot = 0; bits !== 0; bits >>>= 1, slot++) {
    if ((bits & 1) !== 0) visit(rows[first + slot] as TaskRecord);
  }
}

/** A different function, however often it was submitted, and how long it takes. */
export interface FunctionRecord {
  readonly id: FunctionId;
  readonly shipped: ShippedFunction;
  /** Moving average of one run in microseconds; -1 until one was seen. */
  durationUs: number;
}

/** What a cancelled run is known by that the thread may still be busy with. */
export function zombieName(id: TaskId, run: RunId): string {
  return `${id}:${run}`;
}

export class WorkerRecord {
  readonly address: WorkerAddress;
  readonly name: string;
  readonly nThreads: number;
  /** Sent and not yet answered. */
  readonly processing = new Set<TaskRecord>();
  /** Cancelled runs it has not said to be rid of, with what they were expected to take. */
  readonly zombies = new Map<string, number>();
  /** Expected work in `processing` and `zombies`, in microseconds. */
  occupancyUs = 0;
  /** A suspect runs here: nothing else is sent meanwhile. */
  alone = false;
  /** When it was last sent a task, counted in dispatches: the warmest worker has the highest. */
  lastUsed = 0;
  /** Asked to end; takes nothing any more. */
  ending = false;
  heapIndex = -1;
  readonly knows = new Set<FunctionRecord>();
  readonly linked = new Set<WorkerRecord>();
  readonly outbox = new WorkerOutbox();

  constructor(address: WorkerAddress, name: string, nThreads: number) {
    this.address = address;
    this.name = name;
    this.nThreads = nThreads;
  }

  get inFlight(): number {
    return this.processing.size + this.zombies.size;
  }
}

export class ClientRecord {
  readonly id: ClientId;
  readonly tasks = new PagedTable<TaskRecord>();
  readonly functions = new Map<number, FunctionRecord>();
  /** Values the client holds itself since `batch`, once it says that this news has arrived. */
  readonly delivered = new Deque<Delivery>();
  #delivery: Delivery | undefined;
  /** Number of the batch of news being filled. */
  batch = 1;
  readonly outbox = new ClientOutbox();

  constructor(id: ClientId) {
    this.id = id;
  }

  /** Notes that `task`'s value goes to the client with the batch being filled, and is its own from then on. */
  handOver(task: TaskRecord): void {
    if (this.#delivery?.batch !== this.batch) {
      this.#delivery = { batch: this.batch, tasks: [] };
      this.delivered.push(this.#delivery);
    }
    this.#delivery.tasks.push(task);
  }
}

interface Delivery {
  readonly batch: number;
  readonly tasks: TaskRecord[];
}

/** Ready tasks of one priority. Those with inputs come first: running them frees memory, and finishes what was begun. */
export interface Queue {
  readonly priority: number;
  readonly dependents: Deque<TaskRecord>;
  readonly roots: Deque<TaskRecord>;
}

/** Work that is not worth waking another thread for. Microseconds. */
const CRUMB_US = 50;

function busyness(worker: WorkerRecord): number {
  return Math.max(worker.occupancyUs, CRUMB_US);
}

export class SchedulerState {
  readonly tasks = new PagedTable<TaskRecord>();
  readonly named = new Map<Key, TaskRecord>();
  /** By hash, so that equal functions of different clients are one. */
  readonly functions = new Map<string, FunctionRecord>();
  readonly functionsById: FunctionRecord[] = [];
  readonly workers = new Map<WorkerAddress, WorkerRecord>();
  readonly clients = new Map<ClientId, ClientRecord>();
  /** Large results and copies: which worker holds which. */
  readonly replicas = new Relation<TaskRecord, WorkerRecord>();
  /** Workers that can take more, the one to prefer first: the least busy, and among those the warmest. */
  readonly roomy = new HeapSet<WorkerRecord>((a, b) =>
    busyness(a) === busyness(b) ? a.lastUsed > b.lastUsed : busyness(a) < busyness(b),
  );
  /** Highest priority first. */
  readonly queues: Queue[] = [];
  /** Queued tasks that are to run alone. */
  readonly suspects = new Deque<TaskRecord>();
  /** Tasks in state `queued`; the queues may also hold some that have left it. */
  queued = 0;
  /** Moves still to be made: task, state, task, state, … */
  recommendations: (TaskRecord | TaskState)[] = [];
  readonly dirtyWorkers = new Set<WorkerRecord>();
  readonly dirtyClients = new Set<ClientRecord>();
  /** Instructions that are not messages. */
  orders: SchedulerInstruction[] = [];
  nextTaskId: TaskId = 1;
  dispatches = 0;
  stimulus = 0;
  watch: ((record: TransitionRecord) => void) | undefined = undefined;

  recommend(task: TaskRecord, state: TaskState): void {
    this.recommendations.push(task, state);
  }

  /** The outbox of `worker`, marked to be emptied. */
  toWorker(worker: WorkerRecord): WorkerOutbox {
    this.dirtyWorkers.add(worker);
    return worker.outbox;
  }

  toClient(client: ClientRecord): ClientOutbox {
    this.dirtyClients.add(client);
    return client.outbox;
  }
}
