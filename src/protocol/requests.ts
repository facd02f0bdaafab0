/** What a client can ask of the scheduler beside having tasks run. Each request is answered once: see `client-messages.ts`. */

import type { CallStackRequest } from "./call-stacks.ts";
import type { EventsRequest, LogEventRequest } from "./cluster-events.ts";
import type { CoordinationRequest } from "./coordination.ts";
import type { ErrorOnWire } from "./errors.ts";
import type { Route } from "./host-messages.ts";
import type { ClientId, ClientTaskId, Key, WorkerAddress } from "./identity.ts";
import type { FollowLogsRequest, LogsRequest } from "./logs.ts";
import type { PackedValue } from "./packed-value.ts";
import type { StoryRequest } from "./stories.ts";
import type { Resources, ShippedFunction } from "./task-spec.ts";
import type { TotalsRequest, TraceRequest } from "./tracing.ts";
import type { WorkerRequest, WorkerStatus } from "./worker-requests.ts";

/** Who is there, and how busy. Answered with {@link SchedulerInfo}. */
export interface InfoRequest {
  readonly type: "scheduler-info";
}

/** What there is at this moment. Answered with a a `Survey`: see `survey.ts`. */
export interface SurveyRequest {
  readonly type: "survey";
  /** How many tasks there may be for each to be told; of more, none is. */
  readonly graph: number;
}

/** Answered when so many workers are there. */
export interface WorkersRequest {
  readonly type: "wait-for-workers";
  readonly count: number;
}

/** Keep a value under a name. Answered when it is kept, or with an error if there is one of that name and it is not to be replaced. */
export interface PublishRequest {
  readonly type: "publish-dataset";
  readonly name: string;
  readonly value: PackedValue;
  readonly override: boolean;
}

/** Answered with what was published, handed out; or with the names that there are, without grants, if this is none of them. */
export interface DatasetRequest {
  readonly type: "get-dataset";
  readonly name: string;
}

/** Answered with the names. */
export interface DatasetsRequest {
  readonly type: "list-datasets";
}

/** Answered whether there was one. */
export interface UnpublishRequest {
  readonly type: "unpublish-dataset";
  readonly name: string;
}

/** So many more items of a stream may be made before those that are there are taken. Answered at once, with nothing. */
export interface StreamCreditRequest {
  readonly type: "stream-credit";
  readonly id: ClientTaskId;
  readonly credit: number;
}

/** Answered with {@link StreamItems} when some are there, or when it has ended. `credit` as above. */
export interface StreamItemsRequest {
  readonly type: "stream-items";
  readonly id: ClientTaskId;
  readonly credit: number;
}

/** Nobody will ask for its items any more. Answered at once, with nothing. */
export interface StreamCloseRequest {
  readonly type: "stream-close";
  readonly id: ClientTaskId;
}

/** What a task runs, and with what. Answered with a {@link Recipe}, and claims on what it refers to. */
export interface RecipeRequest {
  readonly type: "recipe";
  readonly id: ClientTaskId;
}

/** A row as in `task-spec.ts`; the numbers in it are those of the claims. */
export interface Recipe {
  /** Of the task itself, or of the one among its inputs that it failed because of. */
  readonly key: Key;
  readonly function: ShippedFunction;
  readonly shape: number;
  readonly slots: readonly unknown[];
}

export type StreamRequest = StreamCreditRequest | StreamItemsRequest | StreamCloseRequest;
/** Which workers hold the values of these tasks, or any. Answered by key. */
export interface WhoHasRequest {
  readonly type: "who-has";
  readonly tasks: readonly ClientTaskId[] | undefined;
}

/** Whose results these are, as far as that is known. Answered by key. What is made before it is first asked is not. */
export interface WhoMadeRequest {
  readonly type: "who-made";
  readonly tasks: readonly ClientTaskId[];
}

/** What these workers hold, by address or name, or all. Answered by address. */
export interface HasWhatRequest {
  readonly type: "has-what";
  readonly workers: readonly string[] | undefined;
}

/** How large the values of these tasks are, or all. Answered in bytes by key, without those too small to be stored. */
export interface SizesRequest {
  readonly type: "nbytes";
  readonly tasks: readonly ClientTaskId[] | undefined;
}

/** Have `n` of these workers, or all of them, hold a copy of each of these values. Answered when they do. */
export interface ReplicateRequest {
  readonly type: "replicate";
  readonly tasks: readonly ClientTaskId[];
  readonly n: number | undefined;
  readonly workers: readonly string[] | undefined;
}

/** Move values, only of these tasks if they are given, until these workers hold about as much. Answered when that is done. */
export interface RebalanceRequest {
  readonly type: "rebalance";
  readonly tasks: readonly ClientTaskId[] | undefined;
  readonly workers: readonly string[] | undefined;
}

/** End the cluster, for everybody. Whoever asks hears of it like all others: the conversation is over. */
export interface ShutdownRequest {
  readonly type: "shutdown";
}

export type Request =
  | LogEventRequest
  | EventsRequest
  | ShutdownRequest
  | WhoHasRequest
  | WhoMadeRequest
  | HasWhatRequest
  | SizesRequest
  | ReplicateRequest
  | RebalanceRequest
  | InfoRequest
  | WorkersRequest
  | PublishRequest
  | DatasetRequest
  | DatasetsRequest
  | UnpublishRequest
  | CoordinationRequest
  | WorkerRequest
  | StreamRequest
  | RecipeRequest
  | SurveyRequest
  | StoryRequest
  | CallStackRequest
  | LogsRequest
  | FollowLogsRequest
  | TotalsRequest
  | TraceRequest;

export interface StreamItems {
  readonly items: readonly unknown[];
  /** These were the last. */
  readonly ended: boolean;
  /** What it ended with, if it failed. */
  readonly error?: ErrorOnWire | undefined;
}

export interface WorkerInfo {
  readonly name: string;
  /** Which of those that lend workers this one belongs to. */
  readonly host: string;
  /** `closing`: it was asked to end. */
  readonly status: WorkerStatus | "closing";
  /** Tasks it may have in flight. */
  readonly nThreads: number;
  /** Tasks it has in hand. */
  readonly processing: number;
  /** What that is expected to take, in milliseconds, by what such tasks took before. */
  readonly occupancyMs: number;
  /** Actors that live in it. */
  readonly actors: number;
  /** Values it holds. */
  readonly nValues: number;
  /** Bytes of the values it holds. */
  readonly nbytes: number;
  /** Bytes of values that it may hold in memory; undefined if as many as it likes. */
  readonly memoryLimit: number | undefined;
  /** Where there is a limit: bytes of the values that are in memory, and of those that are written out, by what it said last. */
  readonly heldBytes: number | undefined;
  readonly spilledBytes: number | undefined;
  /**
   * Bytes that its thread has in use, values and all, by what it said last: about every second, while it works. Undefined before that, and
   * in browsers, which do not tell.
   */
  readonly threadBytes: number | undefined;
  /** What it has to offer to tasks that ask for it: see `with({ resources })`. */
  readonly resources: Resources;
  /** How the scheduler speaks to it: `thread` in its own page or process, else by what its host has joined, as `ws`. */
  readonly link: string;
  /** What a message takes to its host, one way; undefined until it was measured, and for the scheduler's own. */
  readonly latencyMs: number | undefined;
  /** Bytes a second, of much that is sent to its host. */
  readonly bandwidth: number | undefined;
}

/** A way between two hosts that values have been moved by. */
export interface HostLink {
  readonly from: string;
  readonly to: string;
  /** Straight, or by way of the scheduler. */
  readonly route: Route;
  readonly latencyMs: number | undefined;
  readonly bandwidth: number | undefined;
}

export interface SchedulerInfo {
  /** Where others reach it; `local` if they cannot. */
  readonly address: string;
  readonly workers: Readonly<Record<WorkerAddress, WorkerInfo>>;
  readonly clients: readonly ClientId[];
  /** How values get from host to host. */
  readonly links: readonly HostLink[];
  /** Tasks that wait for a worker. */
  readonly queued: number;
}
