/** What a worker knows: the tasks in its hands, the values it holds, and what it is fetching. */

import { Deque } from "../collections/deque.ts";
import type { ClientId, ClientTaskId, FunctionId, Key, RunId, TaskId, WorkerAddress } from "../protocol/identity.ts";
import { REFERENCES } from "../protocol/task-spec.ts";
import type { HeldValue, WorkerMessage } from "../protocol/worker-messages.ts";
import type { KeepingRules, Stored } from "./keeping-rules.ts";

export type LocalTaskState = "waiting" | "ready" | "executing" | "long-running" | "done";

/** One run of a task, from the message that brought it to the one that reports its end. */
export class LocalTask {
  readonly id: TaskId;
  readonly run: RunId;
  /** Who submitted it, and their number for it. */
  readonly client: ClientId;
  readonly clientTask: ClientTaskId;
  readonly fn: FunctionId;
  /** See `task-spec.ts`. A reference that has been put in place is one no more. */
  shape: number;
  readonly slots: unknown[];
  /** Its key, if its user named it. */
  readonly name: Key | undefined;
  /** Small inputs that came with the message; they are nobody else's business. */
  readonly data: ReadonlyMap<TaskId, unknown>;
  state: LocalTaskState = "waiting";
  /** Inputs still being fetched. */
  waitingOn = 0;
  /** Nobody wants this run any more: its end is reported as such, whatever it is. */
  cancelled = false;
  /** It is a run of a scheduler that is gone: nobody is to hear of its end. */
  isOrphan = false;
  /** Its slot has been another's at least once. */
  hasSeceded = false;

  constructor(
    from: Pick<LocalTask, "id" | "run" | "client" | "clientTask" | "fn" | "shape" | "slots" | "name" | "data">,
  ) {
    this.id = from.id;
    this.run = from.run;
    this.client = from.client;
    this.clientTask = from.clientTask;
    this.fn = from.fn;
    this.shape = from.shape;
    this.slots = from.slots;
    this.name = from.name;
    this.data = from.data;
  }
}

/** Plain tasks numbered on end, as they came: most are run one after the other without being looked at one by one. */
export class LocalBlock {
  readonly client: ClientId;
  readonly fn: FunctionId;
  readonly slots: number;
  readonly shape: number;
  readonly run: RunId;
  readonly args: unknown[];
  /** Where in `args` those of the next task begin. */
  at: number;
  /** As in {@link ComputeBlocks}, if its tasks refer to others; and where there those of the next task begin, and how many each has. */
  readonly refs: readonly TaskId[] | undefined;
  refAt: number;
  readonly refsEach: number;
  /** Number of the next task, and the client's number for it. */
  id: TaskId;
  clientTask: ClientTaskId;
  /** Tasks that have not begun. */
  left: number;

  constructor(
    client: ClientId,
    blocks: readonly number[],
    head: number,
    args: unknown[],
    at: number,
    refs: readonly TaskId[] | undefined,
    refAt: number,
  ) {
    this.client = client;
    this.fn = blocks[head] as FunctionId;
    this.slots = blocks[head + 1] as number;
    this.shape = blocks[head + 2] as number;
    this.run = blocks[head + 4] as RunId;
    this.args = args;
    this.at = at;
    this.refsEach = bitsIn(this.shape & REFERENCES);
    this.refs = this.refsEach > 0 ? refs : undefined;
    this.refAt = refAt;
    this.id = blocks[head + 3] as TaskId;
    this.clientTask = blocks[head + 5] as ClientTaskId;
    this.left = blocks[head + 6] as number;
  }

  /** The task that comes `ahead` tasks after the next one. */
  peek(ahead: number): LocalTask {
    const first = this.at + ahead * this.slots;
    const slots = this.args.slice(first, first + this.slots);
    let { shape } = this;
    let at = this.refAt + ahead * this.refsEach;
    for (let slot = 0; this.refs !== undefined && slot < slots.length; slot++) {
      if ((shape & (1 << slot)) === 0) continue;
      const id = this.refs[at++] as TaskId;
      if (id === 0) shape &= ~(1 << slot);
      else slots[slot] = id;
    }
    const task = new LocalTask({
      id: this.id + ahead,
      run: this.run,
      client: this.client,
      clientTask: this.clientTask + ahead,
      fn: this.fn,
      shape,
      slots,
      name: undefined,
      data: NO_DATA,
    });
    if ((shape & REFERENCES) === 0) task.state = "ready";
    return task;
  }

  skip(count: number): void {
    this.at += count * this.slots;
    this.refAt += count * this.refsEach;
    this.id += count;
    this.clientTask += count;
    this.left -= count;
  }
}

function bitsIn(shape: number): number {
  let count = 0;
  for (let rest = shape; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

export const NO_DATA: ReadonlyMap<TaskId, unknown> = new Map();

/** What is to be transferred if a value leaves its worker for good. */
export interface Load {
  readonly buffers: readonly object[];
  /** False once anything else here may look at the buffers: then only a copy may leave. */
  movable: boolean;
}

/** A large result that was made here, by what another scheduler will know of it. */
export interface Made extends Omit<HeldValue, "hash"> {
  /** What made it, by number or, since before a change of schedulers, by hash. */
  readonly fn: FunctionId | string;
  /** The runs that came to it: more than one if it was made again before the scheduler had said of the first whether it counts. */
  readonly runs: readonly RunId[];
}

/** One that may be adopted. */
export interface Offered {
  readonly made: Made;
  readonly value: unknown;
  readonly load: Load | undefined;
  /** Where it is instead, if it has been written out. */
  readonly stored: Stored | undefined;
}

/** A task that waits for a run here, whose result is its argument `slot`. */
export interface Waiter {
  readonly task: LocalTask;
  readonly slot: number;
}

/** Results of tasks numbered on end, in a column of them. */
interface Seen {
  readonly first: TaskId;
  readonly count: number;
  readonly values: readonly unknown[];
  readonly at: number;
}

/** The same of several runs of them. */
export interface RecentColumn {
  readonly ranges: readonly number[];
  readonly values: readonly unknown[];
  /** Others may be put behind them. */
  readonly isOpen: boolean;
}

export const NOTHING_SEEN: Seen = { first: 0, count: 0, values: [], at: 0 };

/** A value on its way from a peer. */
export interface Fetch {
  readonly id: TaskId;
  /** Holders not asked yet, to be asked one after the other. */
  readonly holders: WorkerAddress[];
  readonly asked: WorkerAddress[];
  readonly waiters: Set<LocalTask>;
  /** It is wanted here whether or not a task needs it: if nobody has it, that is to be said. */
  isToBeKept: boolean;
}

/** A question to a peer that is not answered yet. */
export interface Request {
  readonly number: number;
  readonly peer: WorkerAddress;
  readonly ids: readonly TaskId[];
}

export class WorkerState {
  readonly nThreads: number;
  readonly ready = new Deque<LocalTask | LocalBlock>();
  /** Blocks in `ready`. */
  blocks: LocalBlock[] = [];
  /** Tasks that came one by one, until they begin. Not those called off. */
  readonly inHand = new Map<TaskId, LocalTask>();
  /** Who waits for a run that is in hand here. */
  readonly waiters = new Map<TaskId, Waiter[]>();
  /** Results that went out lately, the latest last, and how many they are. */
  recent: RecentColumn[] = [];
  recentCount = 0;
  /** Where one was found last: results of tasks numbered from `first` on, in `values` from `at` on. */
  seen: Seen = NOTHING_SEEN;
  /** A run that was called off may still be among them beside a later run of the same task. */
  readonly executing = new Set<LocalTask>();
  /** Runs that go on without a slot. */
  readonly longRunning = new Set<LocalTask>();
  /** Slots of those executing that others may use: see `slots.ts`. */
  lent = 0;
  readonly values = new Map<TaskId, unknown>();
  /** What is to be done where there is a limit to them. */
  keeping: KeepingRules<LocalTask> | undefined = undefined;
  /** For results made here: how they could leave. */
  readonly loads = new Map<TaskId, Load>();
  /** How results that stay here were made. */
  readonly made = new Map<TaskId, Made>();
  /** Results of another scheduler's time, that this one may have a use for: see `rejoin.ts`. */
  readonly offered = new Map<string, Offered>();
  /** Values that tasks here have scattered and that have no number of the scheduler's yet. */
  readonly scattered = new Map<ClientTaskId, unknown>();
  readonly fetches = new Map<TaskId, Fetch>();
  readonly requests = new Map<number, Request>();
  nextRequest = 1;

  /** Results that ride along with the next message, as they go into it. */
  ranges: number[] = [];
  results: unknown[] = [];
  /** Function, runs and microseconds, and the same of each other function that has run since the last message: see `report.ts`. */
  spent: number[] = [];
  dropped: number[] = [];
  /** Copies that have come, and are still here. */
  readonly added = new Set<TaskId>();
  messages: WorkerMessage[] = [];
  transfer: object[] = [];

  /** Makes a copy of a small value for a task to have for itself. */
  readonly copy: (value: unknown) => unknown;

  constructor(nThreads: number, copy: (value: unknown) => unknown) {
    this.nThreads = nThreads;
    this.copy = copy;
  }
}
