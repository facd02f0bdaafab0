/** What the scheduler knows, taken together, and who has something to be sent. */

import { added } from "../collections/added.ts";
import { Deque } from "../collections/deque.ts";
import { FoldingTable } from "../collections/folding-table.ts";
import { HeapSet } from "../collections/heap-set.ts";
import { Relation } from "../collections/relation.ts";
import type { ClientId, FunctionId, Key, TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { ShippedFunction } from "../protocol/task-spec.ts";
import type {
  DemandRules,
  DurabilityRules,
  HostRules,
  MoveNotes,
  NestingRules,
  RequestRules,
  SchedulerInstruction,
  TransitionRecord,
  WeavingRules,
} from "./contract.ts";
import type { ClientOutbox, WorkerOutbox } from "./outbox.ts";
import type { ClientRecord, Span, TaskRecord, TaskState } from "./records.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

/** Tasks one after the other as they are to run. Some may have left the queue since; see `line.ts`. */
export type Line = Deque<TaskRecord | Span>;

/**
 * Ready tasks of one priority. Those that tasks submitted come first, the deepest before others, and then those with inputs: running them
 * frees memory, and finishes what was begun. Among the others, the oldest comes first.
 */
export interface Queue {
  readonly priority: number;
  /** By depth: first those that were submitted by tasks which no task submitted. */
  readonly nested: Line[];
  readonly dependents: Line;
  readonly roots: Line;
}

/** Something that keeps tasks for clients to come: a dataset, a queue. */
export interface Keeper {
  readonly name: string;
}

/** Work that is not worth waking another thread for. Microseconds. */
export const CRUMB_US = 50;

/** Whether it is to have more before another: the less busy, and among those that are not the warmer. */
function isBefore(a: WorkerRecord, b: WorkerRecord): boolean {
  const difference = Math.max(a.occupancyUs, CRUMB_US) - Math.max(b.occupancyUs, CRUMB_US);
  return difference === 0 ? a.lastUsed > b.lastUsed : difference < 0;
}

export class SchedulerState {
  readonly tasks: FoldingTable<TaskRecord, Span>;
  /** Gives each task of a span a record of its own. */
  readonly unfold: (span: Span) => void;
  readonly named = new Map<Key, TaskRecord>();
  /** By hash and name, so that equal functions of different clients are one: keys of tasks begin with the name. */
  readonly functions = new Map<string, FunctionRecord>();
  readonly functionsById = new Map<FunctionId, FunctionRecord>();
  /** How many times a client has said what one of its functions is. */
  introductions = 0;
  /** What functions have taken that were forgotten, by name. */
  readonly forgotten = new Map<string, { readonly runs: number; readonly spentUs: number }>();
  #nextFunctionId: FunctionId = 0;
  readonly workers = new Map<WorkerAddress, WorkerRecord>();
  readonly clients = new Map<ClientId, ClientRecord>();
  /** Large results and copies: which worker holds which. */
  readonly replicas = new Relation<TaskRecord, WorkerRecord>();
  /** Which tasks are kept by something else than clients. */
  readonly kept = new Relation<TaskRecord, Keeper>();
  /** Workers that can take more, the one to prefer first: the least busy, and among those the warmest. */
  readonly roomy = new HeapSet<WorkerRecord>(isBefore);
  /** Highest priority first. */
  readonly queues: Queue[] = [];
  /** Queued tasks that are to run alone. */
  readonly suspects = new Deque<TaskRecord>();
  /** The worker that is given nothing more until it is idle and can take one of those. */
  vacating: WorkerRecord | undefined = undefined;
  /** Tasks in state `queued`; the queues may also hold some that have left it. */
  queued = 0;
  /** Waiting tasks that may be sent after their inputs: looked at once per event. */
  candidates: TaskRecord[] = [];
  /** Those for which their worker has no room yet, by that worker. */
  readonly followers = new Map<WorkerRecord, Deque<TaskRecord>>();
  /** Moves still to be made: task, state, task, state, … */
  recommendations: (TaskRecord | TaskState)[] = [];
  /** Who has something in the outbox. */
  dirtyWorkers: WorkerRecord[] = [];
  dirtyClients: ClientRecord[] = [];
  /** Instructions that are not messages. */
  orders: SchedulerInstruction[] = [];
  /** Where it can be reached: by clients in the same place only, until somebody says otherwise. */
  address = "local";
  /** Tasks that a worker is given of those whose results are large, for each that it may have in flight: see `placement.ts`. */
  saturation = 1.1;
  nextTaskId: TaskId = 1;
  dispatches = 0;
  stimulus = 0;
  /** What clients ask is answered by these, once they are there. */
  requests: RequestRules | undefined = undefined;
  /** Workers that went before these were there, to be noted: the worker, why, and whether it was asked to go. */
  readonly unnoted: [WorkerRecord, string, boolean][] = [];
  /** What tasks submit is understood by these, once they are there. */
  nesting: NestingRules | undefined = undefined;
  /** What tasks demand is met by these, once they are there. */
  demands: DemandRules | undefined = undefined;
  /** Other pages and processes are dealt with by these, once they are there. */
  hosts: HostRules | undefined = undefined;
  /** Tasks that refer to each other are kept together by these, once they are there. */
  weaving: WeavingRules | undefined = undefined;
  /** What is to outlive this is written down by these, where something is. Then each task has a record of its own. */
  durability: DurabilityRules | undefined = undefined;
  /** What time it is, for those. */
  nowMs = 0;
  /** When it was heard of tasks that they have begun, for whoever asks of one that is `started`. */
  readonly startedMs = new WeakMap<TaskRecord, number>();
  /** Workers that are being started. */
  starting = 0;
  watch: ((record: TransitionRecord) => void) | undefined = undefined;
  /** Who notes moves, while somebody records what is done. */
  notes: MoveNotes | undefined = undefined;

  /** `unfold`: see `plain.ts`, which knows of this file. */
  constructor(unfold: (state: SchedulerState, span: Span) => void) {
    this.unfold = (span) => unfold(this, span);
    this.tasks = new FoldingTable(this.unfold);
  }

  /** A task has made a move, which some may note. */
  noteMove(task: TaskRecord, from: string, to: string, worker: WorkerRecord | undefined): void {
    const { notes } = this;
    if (notes !== undefined && (task.clientTask & notes.mask) === 0) notes.note(task, from, to, worker);
  }

  /**
   * The tasks in a worker's hands, in the order of their submission. Looked up among all, because it is asked for when a worker
   * dies, and keeping a set of them would cost something with every task.
   */
  processingOn(worker: WorkerRecord): TaskRecord[] {
    for (const span of this.tasks.folds()) if (span.sent.some((part) => part.worker === worker)) this.unfold(span);
    const inHand: TaskRecord[] = [];
    for (const task of this.tasks.values()) if (task.processingOn === worker) inHand.push(task);
    return inHand.sort((a, b) => a.id - b.id);
  }

  /** The function that is found by `name`; the one that was shipped if there is none. */
  functionOf(shipped: ShippedFunction, name = `${shipped.hash} ${shipped.name}`): FunctionRecord {
    let record = this.functions.get(name);
    if (record === undefined) {
      const id = this.#nextFunctionId++;
      record = { id, name, shipped, durationUs: -1, wasHeldUp: false, nbytes: 0, runs: 0, spentUs: 0 };
      this.functions.set(name, record);
      this.functionsById.set(record.id, record);
    }
    return record;
  }

  /** Whether there is, or was, a function of this number. */
  wasFunction(id: FunctionId): boolean {
    return id < this.#nextFunctionId;
  }

  recommend(task: TaskRecord, state: TaskState): void {
    this.recommendations.push(task, state);
  }

  /** The outbox of `worker`, marked to be emptied. */
  toWorker(worker: WorkerRecord): WorkerOutbox {
    if (!worker.isDirty) {
      worker.isDirty = true;
      this.dirtyWorkers = added(this.dirtyWorkers, worker);
    }
    return worker.outbox;
  }

  toClient(client: ClientRecord): ClientOutbox {
    if (!client.isDirty) {
      client.isDirty = true;
      this.dirtyClients = added(this.dirtyClients, client);
    }
    return client.outbox;
  }
}
