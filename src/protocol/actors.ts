/**
 * What callers and workers that host actors say to each other, directly and past the scheduler; and what a worker and the scheduler say
 * about actors.
 *
 * Both directions are batches of one turn, in flat columns: a call costs a few slots of an array, not an object. Calls are numbered
 * by their order on the link. They are begun in that order for each actor; answers name the calls that they are of.
 */

import type { ClientId, WorkerAddress } from "./identity.ts";
import type { PackedValue } from "./packed-value.ts";

/** An actor as one worker hosts it. Never used twice: one that is started anew has another. */
export type ActorNumber = number;

/** What can be done with an actor, or with what it made, beside calling its methods; in place of a method's number. */
export const READ = -1; // A property, by its name.
export const NEXT = -2; // One more item of the stream that this call made: its number.
export const RETURN = -3; // No more items of it.
export const RECEIVED = -4; // The futures in the answer to that call have been claimed. Not answered.
export const FAREWELL = -5; // It has been heard that this actor goes on elsewhere: nobody here will call it there. Not answered.

/** In place of the number of arguments: there is one, which stands for all of them, packed: see `protocol/packed-futures.ts`. */
export const PACKED_ARGUMENTS = -1;

export interface ActorCalls {
  readonly type: "actor-calls";
  /** The number of the first. */
  readonly first: number;
  /** `actor, method, number of arguments, ...arguments` each. A method is its name when it is first called on this link, and from then on the place of the name. */
  readonly calls: readonly unknown[];
}

/** How a call ended that did not end with plain data. */
export const FAILED = 0; // Its error, as it travels.
export const STREAMS = 1; // Nothing: there are items to be asked for, with NEXT and RETURN.
export const PACKED_RESULT = 2; // A value with futures in it, packed. To be answered with RECEIVED.
export const MOVED = 3; // Nothing was done: the actor is, or will be, elsewhere.
export const LOST = 4; // Nothing was done: there is no such actor here. Why.

export interface ActorResults {
  readonly type: "actor-results";
  /** Runs of calls: `first, count` each. */
  readonly ranges: readonly number[];
  /** What these returned, one after the other. */
  readonly values: readonly unknown[];
  /** Of those that ended otherwise: `call, how, value` each. */
  readonly odd?: readonly unknown[];
  /** This actor goes on elsewhere. To be answered with FAREWELL: until then, its worker stays. */
  readonly leaves?: ActorNumber;
}

export type ActorMessage = ActorCalls | ActorResults;

/** What its user says of an actor beside its class and arguments. */
export interface ActorOptions {
  /**
   * What becomes of it when its worker dies, or is restarted. `error` (the default): its calls fail with `ActorLostError`. `restart`: it
   * is made anew on another worker, with the same arguments; calls that were under way fail, later ones wait. If its class has methods
   * `checkpoint()` and `restore(state)`, it goes on from what the first returned last.
   */
  readonly onLoss?: "error" | "restart";
  /** Calls of async methods that may be under way at once; more wait, in order. Any number unless said. */
  readonly concurrency?: number;
}

/** A worker has made the instance, by running the task that asks. Answered with {@link Hosting}. */
export interface HostActor {
  readonly type: "host-actor";
  /** Whether its class has `checkpoint()` and `restore()`. */
  readonly hasCheckpoints: boolean;
}

export interface Hosting {
  readonly actor: ActorNumber;
  readonly options: ActorOptions;
  /** What it is to be restored from, if it is started anew. A {@link HandedValue}. */
  readonly state?: unknown;
}

/** It is restored, and can be called. Answered at once. */
export interface ActorReady {
  readonly type: "actor-ready";
  readonly actor: ActorNumber;
}

/** What the actor is to be restored from, if need be. Answered at once. */
export interface CheckpointActor {
  readonly type: "checkpoint-actor";
  readonly actor: ActorNumber;
  readonly state: PackedValue;
}

/** Where the actor is; there will be a direct link to there. Answered with {@link ActorPlace} as soon as it is known. */
export interface LocateActor {
  readonly type: "locate-actor";
  /** It is not that one any more. */
  readonly not: ActorNumber | undefined;
}

export interface ActorPlace {
  readonly worker: WorkerAddress;
  readonly actor: ActorNumber;
}

/** End it, for all who have handles. Answered at once. */
export interface EndActor {
  readonly type: "end-actor";
  readonly reason: string;
}

export type ActorAct = HostActor | ActorReady | CheckpointActor | LocateActor | EndActor;

/** An errand: nobody can call it any more. Answered when it is gone. */
export interface DropActor {
  readonly type: "drop-actor";
  readonly actor: ActorNumber;
  readonly reason: string;
}

/** An errand: the actor is to go on elsewhere. Answered when what it had begun is done, and its last checkpoint has been sent. */
export interface MoveActor {
  readonly type: "move-actor";
  readonly actor: ActorNumber;
}

export type ActorErrand = DropActor | MoveActor;

/** Either end of a direct link. */
export type LinkedParty = WorkerAddress | ClientId;
