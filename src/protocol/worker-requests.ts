/** What can be asked about how many workers there are, and what they are to take. */

import type { ErrandRequest } from "./errands.ts";
import type { WorkerAddress } from "./identity.ts";

/** Have these workers, by address or name, take no tasks for a while. Answered at once. */
export interface PauseRequest {
  readonly type: "pause-workers" | "unpause-workers";
  readonly workers: readonly WorkerAddress[];
}

/** Have these workers, by address or name, leave in good order. Answered with the addresses of those that have. */
export interface RetireTheseRequest {
  readonly type: "retire-workers";
  readonly workers: readonly WorkerAddress[];
}

/** The same for as many, whichever can best be spared. */
export interface RetireSomeRequest {
  readonly type: "retire-some";
  readonly count: number;
}

export type RetireRequest = RetireTheseRequest | RetireSomeRequest;

/** How much there is to be done. Answered with {@link Load}. */
export interface LoadRequest {
  readonly type: "load";
}

export interface Load {
  /** What all that is queued or in a worker's hands is expected to take, in microseconds. */
  readonly workUs: number;
  /** How many tasks that are. */
  readonly tasks: number;
  /** Workers in the middle of something that may take long. */
  readonly busy: number;
}

/** End these workers now, by address or name, and start others in their places; without names all, and forget every task. */
export interface RestartRequest {
  readonly type: "restart";
  readonly workers?: readonly WorkerAddress[] | undefined;
  /** Answer when the others are there, not at once. */
  readonly waits: boolean;
}

/** Everything that is asked about workers rather than about tasks. */
export type WorkerRequest = ErrandRequest | PauseRequest | RetireRequest | LoadRequest | RestartRequest;

/**
 * `running` takes tasks; `paused` takes none until it is unpaused; `retiring` takes none any more, and ends when it has done what it has
 * begun and others have what it holds.
 */
export type WorkerStatus = "running" | "paused" | "retiring";
