/** What the scheduler and a worker say to each other, and what workers say among themselves. Ids are the scheduler's. */

import type { ClientMessage, News } from "./client-messages.ts";
import type { Errand, ErrandOutcome } from "./errands.ts";
import type { ErrorOnWire } from "./errors.ts";
import type { ClientId, ClientTaskId, Key, RunId, TaskId, WorkerAddress } from "./identity.ts";
import type { WorkerLog } from "./logs.ts";
import type { NumberedFunction, Resources } from "./task-spec.ts";
import type { Trace } from "./tracing.ts";

/** Fields of a task's row to a worker before its slots: `id, run, client's number, function, slots, shape, ...slots`. */
export const COMPUTE_HEADER = 6;

/** Tasks of one client. What most messages have none of is left out of them: each empty list would cost as much as a task. */
export interface ComputeTask {
  readonly type: "compute-task";
  readonly client: ClientId;
  readonly rows: readonly unknown[];
  /** Keys of tasks whose user named them: `id, key, id, key, …`. The others' follow from function, client and number. */
  readonly names?: readonly (TaskId | Key)[];
  /** Small results that packed arguments refer to: `id, value, id, value, …`. */
  readonly data?: readonly unknown[];
  /** Where larger inputs are: `id, nbytes, holders, ...holder numbers`, holders as in `peers`. */
  readonly whoHas?: readonly number[];
  readonly peers?: readonly WorkerAddress[];
}

/** Fields of a block: `function, slots, shape, first id, run, first of the client's numbers, tasks`. */
export const BLOCK_HEADER = 7;

/** Tasks of one client, of one function, numbered on end: only their arguments are written out. */
export interface ComputeBlocks {
  readonly type: "compute-blocks";
  readonly client: ClientId;
  readonly blocks: readonly number[];
  /** Of all tasks of all blocks, one after the other. */
  readonly args: readonly unknown[];
  /**
   * For each argument that refers to another task, by the shape of its block, that task's number: it is run here before, or its value
   * went out lately. 0 where the value is among the arguments.
   */
  readonly refs?: readonly TaskId[];
}

/** Functions this worker has not had yet; they come before the tasks that need them. */
export interface RegisterFunctions {
  readonly type: "register-functions";
  readonly functions: readonly NumberedFunction[];
}

/** A value to keep: scattered, or an input that only the scheduler holds. */
export interface PutData {
  readonly type: "put-data";
  readonly id: TaskId;
  readonly value: unknown;
  readonly nbytes: number;
}

/** Fetch these and keep them; where they are is said as in {@link ComputeTask}. */
export interface AcquireReplicas {
  readonly type: "acquire-replicas";
  readonly whoHas: readonly number[];
  readonly peers: readonly WorkerAddress[];
}

/** Send this value to the scheduler. With `move` it may leave this worker for good. */
export interface GetData {
  readonly type: "get-data";
  readonly id: TaskId;
  readonly move: boolean;
}

export interface FreeKeys {
  readonly type: "free-keys";
  readonly ids: readonly TaskId[];
}

/**
 * These runs are not wanted any more: abort their signals, do not begin what has not begun, and let go of what they have made. What is
 * given up is said to be.
 */
export interface CancelCompute {
  readonly type: "cancel-compute";
  readonly ids: readonly TaskId[];
  readonly runs: readonly RunId[];
  readonly reason: string;
  /** Leave those alone that have begun: they are wanted, but might run elsewhere. Of surplus, half is kept that can begin now. */
  readonly unlessBegun?: "all" | "surplus";
  /** What the signals are aborted with, if more is to be said than that reason. */
  readonly error?: ErrorOnWire;
}

/** So many more items may be made of a task that streams. */
export interface StreamCredit {
  readonly type: "stream-credit";
  readonly id: TaskId;
  readonly run: RunId;
  readonly credit: number;
}

/** A worker is gone: what is being fetched from it must come from elsewhere. */
export interface RemovePeer {
  readonly type: "remove-peer";
  readonly address: WorkerAddress;
}

/** News for the client that the tasks of this worker share. */
export interface ClientNews {
  readonly type: "client-news";
  readonly news: News;
}

/** A value that a task scattered here has a number now; without one it need not be kept. */
export interface AdoptData {
  readonly type: "adopt-data";
  /** The number that the worker's client gave it. */
  readonly scattered: ClientTaskId;
  readonly id: TaskId | undefined;
}

/** Something to be done outside the queue of tasks. Answered once. */
export interface SendErrand {
  readonly type: "errand";
  readonly number: number;
  readonly errand: Errand;
}

/**
 * The first word of another scheduler, or of one that had given this worker up: nothing counts of what was said before. Answered with
 * {@link WorkerHolds}; what the worker says before that was meant for the other, and whoever sent this is to keep it back.
 */
export interface Rejoin {
  readonly type: "rejoin";
  /** Different each time. */
  readonly number: number;
}

/** What is held since before a {@link Rejoin} has a number now; without one it need not be kept. */
export interface AdoptHeld {
  readonly type: "adopt-held";
  /** As in {@link HeldValue}. */
  readonly client: ClientId;
  readonly clientTask: ClientTaskId;
  readonly id: TaskId | undefined;
}

export type SchedulerToWorkerMessage =
  | Rejoin
  | AdoptHeld
  | ComputeTask
  | ComputeBlocks
  | RegisterFunctions
  | PutData
  | AcquireReplicas
  | GetData
  | FreeKeys
  | CancelCompute
  | StreamCredit
  | RemovePeer
  | ClientNews
  | AdoptData
  | SendErrand;

/** Results small enough to ride along. */
export interface TaskFinished {
  readonly type: "task-finished";
  /** Runs of tasks numbered on end: `first id, run, tasks` each. */
  readonly ranges: readonly number[];
  readonly values: readonly unknown[];
  /** Time spent since the last such message: `function, tasks, microseconds` each. */
  readonly spent: readonly number[];
}

/** A result that stays with the worker, unless `pushed` sends it along. */
export interface TaskStored {
  readonly type: "task-stored";
  readonly id: TaskId;
  readonly run: RunId;
  readonly nbytes: number;
  readonly valueType: string;
  readonly pushed?: { readonly value: unknown; readonly moved: boolean };
}

/** In place of the number of a run: the value that was stored turned out, when it was asked for, to be unable to leave. */
export const HELD_VALUE: RunId = 0;

export interface TaskErred {
  readonly type: "task-erred";
  readonly id: TaskId;
  /** Or {@link HELD_VALUE}. */
  readonly run: RunId;
  readonly error: ErrorOnWire;
}

/** Said before a task that may take long, because a thread at work cannot speak. */
export interface TaskStarted {
  readonly type: "task-started";
  readonly id: TaskId;
  readonly run: RunId;
}

/** A run that was called off, or asked back, is out of the worker's hands: `id, run` each. */
export interface TaskDropped {
  readonly type: "task-dropped";
  readonly runs: readonly number[];
}

export interface WorkerTaskProgress {
  readonly type: "task-progress";
  readonly id: TaskId;
  readonly run: RunId;
  readonly fraction: number;
  readonly note: string | undefined;
}

/** What a task that streams has made since. */
export interface TaskItems {
  readonly type: "task-items";
  readonly id: TaskId;
  readonly run: RunId;
  readonly items: readonly unknown[];
}

/** Copies fetched from peers, kept here until freed. */
export interface AddKeys {
  readonly type: "add-keys";
  readonly ids: readonly TaskId[];
}

/** In place of a task that needs something: it was to be kept for others. */
export const NO_TASK: TaskId = 0;

/** None of the holders it was told of has it: the task that needs it cannot run here. */
export interface MissingData {
  readonly type: "missing-data";
  /** Or {@link NO_TASK}. */
  readonly id: TaskId;
  readonly run: RunId;
  readonly missing: TaskId;
  readonly holders: readonly WorkerAddress[];
}

/** The answer to get-data; `found` is false where the worker does not hold it. */
export interface DataForScheduler {
  readonly type: "data";
  readonly id: TaskId;
  readonly found: boolean;
  readonly value: unknown;
  readonly moved: boolean;
}

/** What the tasks of this worker say as clients; they share one, which is the worker's. */
export interface ClientMessages {
  readonly type: "client-messages";
  readonly messages: readonly ClientMessage[];
}

/** What a run is about to return holds futures of the worker's client: its own numbers for them. */
export interface TaskCarries {
  readonly type: "task-carries";
  readonly id: TaskId;
  readonly run: RunId;
  readonly tasks: readonly ClientTaskId[];
}

/** A run waits for other tasks, or has asked not to be counted: its slot is free. */
export interface TaskSeceded {
  readonly type: "task-seceded";
  readonly id: TaskId;
  readonly run: RunId;
}

/** It goes on, and counts again. */
export interface TaskRejoined {
  readonly type: "task-rejoined";
  readonly id: TaskId;
  readonly run: RunId;
}

/** So many of the runs that count wait for other tasks as well, and nobody can tell which. */
export interface SlotsLent {
  readonly type: "slots-lent";
  readonly count: number;
}

/** What only a worker says whose tasks submit tasks. */
export type NestedMessage = ClientMessages | TaskCarries | TaskSeceded | TaskRejoined | SlotsLent;
/** The answer to an errand. */
export interface ErrandDone {
  readonly type: "errand-done";
  readonly number: number;
  readonly outcome: ErrandOutcome;
}

/** The worker has so much of these from now on. */
export interface SetResources {
  readonly type: "set-resources";
  readonly resources: Resources;
}

/** A result that a worker made before it changed schedulers, by what will be known of its task again. */
export interface HeldValue {
  /** Who submitted the task, and their number for it: both are the same when it is submitted again. */
  readonly client: ClientId;
  readonly clientTask: ClientTaskId;
  /** Of the function that made it. */
  readonly hash: string;
  readonly nbytes: number;
  readonly valueType: string;
}

/** Results that are still here after a {@link Rejoin}. Each is answered with {@link AdoptHeld}, some of them only after a while. */
export interface WorkerHolds {
  readonly type: "worker-holds";
  /** As it was told. */
  readonly number: number;
  readonly values: readonly HeldValue[];
}

/** How much a worker holds that may not hold as much as it likes. */
export interface KeptBytes {
  readonly limit: number;
  /** Values in memory. */
  readonly heldBytes: number;
  /** Values that are written out. */
  readonly spilledBytes: number;
  /** It is to be given nothing to do until it says otherwise. */
  readonly isFull: boolean;
}

/** What a worker's thread takes up; said now and then, while it works. */
export interface MemoryUsed {
  readonly type: "memory-used";
  /** All that it has in use; undefined where the platform does not tell. */
  readonly threadBytes: number | undefined;
  /** Where there is a limit. */
  readonly kept?: KeptBytes;
  /** What its users should know. */
  readonly warning?: string;
  /** Why another thread had better take its place. */
  readonly givesUp?: string;
}

export type WorkerMessage =
  | WorkerHolds
  | TaskFinished
  | TaskStored
  | TaskErred
  | TaskStarted
  | TaskDropped
  | WorkerTaskProgress
  | TaskItems
  | AddKeys
  | MissingData
  | DataForScheduler
  | NestedMessage
  | ErrandDone
  | SetResources
  | MemoryUsed
  | Trace
  | WorkerLog;

/** What a worker says of itself when it is ready for messages. */
export interface WorkerReady {
  readonly type: "ready";
  /** Whether the thread can compile functions that arrive as source. */
  readonly canCompile: boolean;
}

/** The last words of a thread that ends by itself. */
export interface WorkerExiting {
  readonly type: "exiting";
  readonly reason: string;
}
