/** What a client and the scheduler say to each other. Ids in these messages are the client's own numbers for its tasks. */

import type { ErrorOnWire } from "./errors.ts";
import type { ClientTaskId, FunctionId, Key } from "./identity.ts";
import type { Grant } from "./packed-value.ts";
import type { Request } from "./requests.ts";
import type { KeyOrNot, NumberedFunction, TaskOptions } from "./task-spec.ts";

/** New tasks, numbered `first`, `first + 1`, …: see `task-spec.ts` for the rows. Function numbers are the client's. */
export interface UpdateGraph {
  readonly type: "update-graph";
  readonly first: ClientTaskId;
  readonly count: number;
  /** Owned by the receiver, who may write into it. */
  readonly rows: unknown[];
  /**
   * Where all tasks are of one function, with so many arguments each, of which the same are references, as most are: then the rows
   * are only the arguments, one after the other.
   */
  readonly uniform?: { readonly fn: FunctionId; readonly slots: number; readonly shape: number } | undefined;
  readonly functions: readonly NumberedFunction[];
  readonly options: TaskOptions;
  /** For tasks that their user named. A name somebody gave before means that task, whatever it runs. */
  readonly keys?: readonly KeyOrNot[];
}

/** A value to keep for tasks to use; `nbytes` in bytes. */
export interface Scatter {
  readonly type: "scatter";
  readonly id: ClientTaskId;
  readonly value: unknown;
  readonly nbytes: number;
  readonly key?: Key;
  /** What its key begins with, for the result of a task that is given back. */
  readonly prefix?: string;
  /** Send it to workers now instead of when a task needs it there: to all, or to this many. */
  readonly broadcast?: boolean | number;
  /** It stays with the worker whose client says so: `value` is not there. */
  readonly isLocal?: boolean;
  /** Of these workers; to one of them if nothing is said of how many. See `Demands`. */
  readonly workers?: readonly string[];
}

/** Results the user waits for right now: they are pushed as soon as they exist. */
export interface Gather {
  readonly type: "gather";
  /** Runs of ids, `first, count` each. */
  readonly ranges: readonly number[];
}

/** What was scattered as `id`, or the function of that task, holds futures: these are kept for as long as it is. */
export interface CarryKeys {
  readonly type: "carry-keys";
  readonly id: ClientTaskId;
  readonly tasks: readonly ClientTaskId[];
}

/** Nobody at this client wants these any more. */
export interface ClientReleasesKeys {
  readonly type: "client-releases-keys";
  readonly ids: readonly ClientTaskId[];
}

/** A claim on a task that another client, or this one earlier, submitted under `key`. */
export interface ClientDesiresKey {
  readonly type: "client-desires-key";
  readonly id: ClientTaskId;
  readonly key: Key;
}

/** Values that had been moved to the client are not there any more: they have to be computed again. */
export interface ClientLostValue {
  readonly type: "client-lost-value";
  readonly ids: readonly ClientTaskId[];
}

export interface CancelKeys {
  readonly type: "cancel-keys";
  readonly ids: readonly ClientTaskId[];
  /** End the thread a task is running in, and cancel even if others want it. */
  readonly force: boolean;
  readonly reason: string;
}

export interface RetryKeys {
  readonly type: "retry-keys";
  readonly ids: readonly ClientTaskId[];
}

/** Run to the end even if every client lets go of it. */
export interface FireAndForget {
  readonly type: "fire-and-forget";
  readonly ids: readonly ClientTaskId[];
}

/** The news up to batch `batch` has arrived: values in it are the client's now, and need not be kept for it. */
export interface NewsReceived {
  readonly type: "news-received";
  readonly batch: number;
}

/** A question, numbered by the client. */
export interface ClientRequest {
  readonly type: "request";
  readonly number: number;
  readonly request: Request;
}

/** Nobody waits for the answer any more. */
export interface WithdrawRequest {
  readonly type: "withdraw-request";
  readonly number: number;
}

export type ClientMessage =
  | ClientRequest
  | WithdrawRequest
  | UpdateGraph
  | Scatter
  | CarryKeys
  | Gather
  | ClientReleasesKeys
  | ClientDesiresKey
  | ClientLostValue
  | CancelKeys
  | RetryKeys
  | FireAndForget
  | NewsReceived;

/** Results that came along. */
export interface KeysInMemory {
  readonly type: "keys-in-memory";
  /** Runs of ids, `first, count` each; their values one after the other in `values`. */
  readonly ranges: readonly number[];
  readonly values: readonly unknown[];
  /** Places in `values` whose value is still needed by tasks: to be copied before a user gets hold of it. */
  readonly shared: readonly number[];
}

/** A result that stays on a worker. */
export interface KeyStored {
  readonly type: "key-stored";
  readonly id: ClientTaskId;
  readonly nbytes: number;
  readonly valueType: string;
}

/** A large value somebody asked for. */
export interface ValueFetched {
  readonly type: "value-fetched";
  readonly id: ClientTaskId;
  readonly value: unknown;
  readonly nbytes: number;
  readonly shared: boolean;
  /** No worker holds it any more: to use it in a task it has to be scattered again. */
  readonly moved: boolean;
}

export interface TaskErredNews {
  readonly type: "task-erred";
  readonly id: ClientTaskId;
  readonly error: ErrorOnWire;
}

export interface TasksStarted {
  readonly type: "tasks-started";
  readonly ids: readonly ClientTaskId[];
}

/** Back to pending: the worker that ran or held it is gone, and it runs again. */
export interface TasksPending {
  readonly type: "tasks-pending";
  readonly ids: readonly ClientTaskId[];
}

export interface CancelledKeys {
  readonly type: "cancelled-keys";
  readonly ids: readonly ClientTaskId[];
  readonly reason: string;
}

export interface TaskProgress {
  readonly type: "task-progress";
  readonly id: ClientTaskId;
  readonly fraction: number;
  readonly note: string | undefined;
}

export interface Answer {
  readonly type: "answer";
  /** The client's number for its question. */
  readonly number: number;
  /** With `grants`, there are packed values in the value: see `packed-value.ts`. */
  readonly outcome: { readonly value: unknown; readonly grants?: readonly Grant[] } | { readonly error: ErrorOnWire };
}

export interface Warning {
  readonly type: "warning";
  readonly text: string;
}

export type SchedulerToClientMessage =
  | KeysInMemory
  | KeyStored
  | ValueFetched
  | TaskErredNews
  | TasksStarted
  | TasksPending
  | CancelledKeys
  | TaskProgress
  | Answer
  | Warning;

/** One flush of the scheduler towards a client, numbered so that the client can say what has arrived. */
export interface News {
  readonly batch: number;
  readonly messages: readonly SchedulerToClientMessage[];
}
