/**
 * What a durable cluster writes down: what its scheduler knows that is to outlive it, as changes to what was written before. Tasks go by the
 * scheduler's numbers, which it goes on counting when it comes back, so that none means two tasks.
 *
 * A journal holds one list of entries after the other, each of which counts as a whole. A whole picture begins with an {@link EpochBegins} and
 * leaves nothing out. These forms are read by later versions: what changes them changes `JOURNAL_VERSION`.
 */

import type { SharedTarget } from "./coordination.ts";
import type { ErrorOnWire } from "./errors.ts";
import type { ClientId, ClientTaskId, FunctionId, Key, TaskId } from "./identity.ts";
import type { NumberedFunction, TaskOptions } from "./task-spec.ts";

/** Somebody who is not a task wants its result. */
export const WANTED = 1;
/** It is to run whoever wants it. */
export const TO_BE_RUN = 2;
/** Above these bits: in which epoch whoever wanted it went; 0 while they are there. */
export const WANT_BITS = 4;

/** A scheduler takes over, or goes on. */
export interface EpochBegins {
  readonly type: "epoch";
  /** How many there have been. */
  readonly epoch: number;
  /** When those began of which something is left, by number; milliseconds since 1970. */
  readonly times: readonly (readonly [epoch: number, atMs: number])[];
  readonly nextTask: TaskId;
}

export interface FunctionsKnown {
  readonly type: "functions";
  readonly functions: readonly NumberedFunction[];
}

/** Whose tasks these are, and what that called them. */
export interface Origin {
  readonly client: ClientId;
  /** They were submitted by tasks, of this worker. */
  readonly ofWorker: boolean;
}

/** Tasks submitted alike. */
export interface TasksEntered extends Origin {
  readonly type: "tasks";
  readonly fn: FunctionId;
  readonly slots: number;
  readonly shape: number;
  readonly options: TaskOptions;
  readonly ids: TaskId[];
  readonly clientTasks: ClientTaskId[];
  /** Their slots, one after the other; references are numbers of tasks. */
  readonly rows: unknown[];
  readonly wants: number[];
  /** By place, of those that have one. */
  readonly names: [place: number, key: Key][];
}

/** What has a value and no recipe: its value or its failure is told apart. */
export interface DataEntered extends Origin {
  readonly type: "data";
  readonly id: TaskId;
  readonly clientTask: ClientTaskId;
  /** What its key begins with. */
  readonly prefix: string;
  readonly wants: number;
  readonly name?: Key;
}

export interface ValuesMade {
  readonly type: "values";
  readonly ids: TaskId[];
  readonly values: unknown[];
  readonly nbytes: number[];
}

/** A large value, which is kept beside the journal under the task's number. */
export interface ValueStored {
  readonly type: "stored";
  readonly id: TaskId;
  readonly nbytes: number;
  readonly valueType: string;
}

export interface TaskFailed {
  readonly type: "failed";
  readonly id: TaskId;
  readonly error: ErrorOnWire;
}

/** What it, or its function, holds of futures. */
export interface TaskHolds {
  readonly type: "holds";
  readonly id: TaskId;
  readonly tasks: readonly TaskId[];
  readonly isInValue: boolean;
}

export interface WantsChanged {
  readonly type: "wants";
  readonly ids: TaskId[];
  readonly wants: number[];
}

export interface TasksForgotten {
  readonly type: "forget";
  readonly ids: TaskId[];
}

/** A value with futures in it. */
export interface PackedEntry {
  readonly value: unknown;
  readonly tasks: readonly TaskId[];
}

export interface DatasetPublished extends PackedEntry {
  readonly type: "dataset";
  readonly name: string;
}

export interface DatasetGone {
  readonly type: "no-dataset";
  readonly name: string;
}

/** A queue, a variable or an event, and what is to be known of it beside what it holds. */
export interface PlaceMade {
  readonly type: "place";
  readonly target: SharedTarget;
  /** A queue has ended, an event is set. */
  readonly isOn: boolean;
}

export interface PlaceGone {
  readonly type: "no-place";
  readonly name: string;
}

/** A queue's items stand in the order of `order`. */
export interface ItemPut extends PackedEntry {
  readonly type: "item";
  readonly place: string;
  readonly item: number;
  readonly order: number;
}

export interface ItemsGone {
  readonly type: "no-items";
  readonly items: readonly number[];
}

export type JournalEntry =
  | EpochBegins
  | FunctionsKnown
  | TasksEntered
  | DataEntered
  | ValuesMade
  | ValueStored
  | TaskFailed
  | TaskHolds
  | WantsChanged
  | TasksForgotten
  | DatasetPublished
  | DatasetGone
  | PlaceMade
  | PlaceGone
  | ItemPut
  | ItemsGone;

/** What is written at once. */
export type JournalEntries = readonly JournalEntry[];
