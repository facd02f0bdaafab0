/**
 * What clients ask of the objects that they meet at: queues, locks, events and their like. Each request is answered once, also when it
 * is withdrawn.
 *
 * For each object there stands a task that does nothing, scattered under the key `kind://name`, as `lock://printer`. Whoever has a claim
 * on that has a handle on the object, and so has a task that it is an argument of: the object lives at least as long.
 */

import type { ActorAct } from "./actors.ts";
import type { TaskId } from "./identity.ts";
import type { HandedValue, PackedValue } from "./packed-value.ts";

export type SharedKind = "queue" | "lock" | "semaphore" | "event" | "variable" | "topic" | "barrier" | "actor";

/** Which object is meant. It is made by whoever speaks of it first. */
export interface SharedTarget {
  readonly kind: SharedKind;
  readonly name: string;
  /** A queue's items, a semaphore's leases, a barrier's parties, a topic's history: the most there may be; not said by all. */
  readonly limit?: number | undefined;
  /** Nobody gave it a name: when the last handle is gone, so is what it holds. */
  readonly isAnonymous?: boolean;
}

/** Locks and semaphores. Answered with a token when it is this one's turn. */
export interface Acquire {
  readonly type: "acquire";
  /** For several locks at once: their names, and how many of them will do. */
  readonly names?: readonly string[];
  readonly count?: number;
}

export interface Release {
  readonly type: "release";
  readonly token: number;
}

/** How many leases are out. */
export interface CountHolders {
  readonly type: "count-holders";
}

/** Events and barriers. */
export interface Wait {
  readonly type: "wait";
}

/** Events, and variables: these are given a value. */
export interface SetTo {
  readonly type: "set";
  readonly value?: PackedValue;
}

/** Events, and variables: these have no value any more. */
export interface Clear {
  readonly type: "clear";
}

export interface IsSet {
  readonly type: "is-set";
}

/** Variables, answered with a {@link HandedValue}, and queues, answered with {@link Items}. */
export interface Get {
  readonly type: "get";
  /** Of a queue so many items at once; all there are at the moment if it is 0. */
  readonly count?: number;
}

export interface Put {
  readonly type: "put";
  readonly value: PackedValue;
}

/** Items that came too late for whoever had asked for them: they are the first in the queue again. */
export interface PutBack {
  readonly type: "put-back";
  readonly values: readonly PackedValue[];
}

export interface Size {
  readonly type: "size";
}

/** Nothing more is put into the queue. */
export interface End {
  readonly type: "end";
}

export interface Publish {
  readonly type: "publish";
  readonly value: unknown;
}

/** What was published since this reader asked before, once there is something. Answered with {@link Published}. */
export interface Read {
  readonly type: "read";
  /** The client's number for whoever reads. The first time, it is to hear what comes from then on. */
  readonly reader: number;
  /** The first time: and what is still kept. */
  readonly fromStart: boolean;
}

export interface StopReading {
  readonly type: "stop-reading";
  readonly reader: number;
}

/** What was published lately, and is still kept. Answered with {@link Published}. */
export interface History {
  readonly type: "history";
}

export type SharedAct =
  | Acquire
  | Release
  | CountHolders
  | Wait
  | SetTo
  | Clear
  | IsSet
  | Get
  | Put
  | PutBack
  | Size
  | End
  | Publish
  | Read
  | StopReading
  | History
  | ActorAct;

export interface CoordinationRequest {
  readonly type: "coordinate";
  readonly target: SharedTarget;
  readonly act: SharedAct;
  /** The task that asks, if one does. */
  readonly task?: TaskId | undefined;
}

export interface Granted {
  /** Higher than any given out before. */
  readonly token: number;
  /** Of the locks that were asked for, those that it stands for. */
  readonly names: readonly string[];
}

export interface Items {
  readonly values: readonly HandedValue[];
  /** There are none, and none will come. */
  readonly hasEnded: boolean;
}

export interface Published {
  readonly values: readonly unknown[];
  /** So many before them, which this reader should have had, were not kept for so long. */
  readonly missed: number;
}
