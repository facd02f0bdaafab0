/** What a client can ask of the scheduler beside having tasks run. Each request is answered once: see `client-messages.ts`. */

import type { WorkerAddress } from "./identity.ts";

/** Who is there, and how busy. Answered with {@link SchedulerInfo}. */
export interface InfoRequest {
  readonly type: "scheduler-info";
}

/** Answered when so many workers are there. */
export interface WorkersRequest {
  readonly type: "wait-for-workers";
  readonly count: number;
}

export type Request = InfoRequest | WorkersRequest;

export interface WorkerInfo {
  readonly name: string;
  /** Tasks it may have in flight. */
  readonly nThreads: number;
  /** Tasks it has in hand. */
  readonly processing: number;
  /** Bytes of the values it holds. */
  readonly nbytes: number;
}

export interface SchedulerInfo {
  readonly workers: Readonly<Record<WorkerAddress, WorkerInfo>>;
  /** Tasks that wait for a worker. */
  readonly queued: number;
}
