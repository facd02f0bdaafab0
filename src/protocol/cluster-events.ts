/** What is noted of what happens in the cluster, and how clients ask for it. */

import type { ClientId, WorkerAddress } from "./identity.ts";

/** Note something under these topics. Answered with nothing. */
export interface LogEventRequest {
  readonly type: "log-event";
  readonly topics: readonly string[];
  readonly message: unknown;
}

/** What is kept of a topic. Answered with {@link NotedEvents}. */
export interface EventsRequest {
  readonly type: "events";
  readonly topic: string;
  /** Only what was noted after so many of this topic, and answered once there is something. */
  readonly after?: number;
}

/** Everything that is noted is also under this topic. */
export const ALL_TOPICS = "all";

export interface NotedEvent {
  /** Counts all that was ever noted. */
  readonly number: number;
  readonly topic: string;
  /** By the scheduler's clock. */
  readonly atMs: number;
  readonly from: ClientId | WorkerAddress | "scheduler";
  readonly message: unknown;
}

export interface NotedEvents {
  readonly events: readonly NotedEvent[];
  /** How many were ever noted under this topic. */
  readonly count: number;
  /** What time it is, by the same clock. */
  readonly nowMs: number;
  /** So many that should have been among them were not kept for so long. */
  readonly missed: number;
}

/** What the scheduler notes itself, under the topic that stands first. */
export type SchedulerNote =
  | ["workers", { readonly type: "worker-added"; readonly worker: WorkerAddress; readonly name: string }]
  | [
      "workers",
      {
        readonly type: "worker-removed";
        readonly worker: WorkerAddress;
        readonly name: string;
        readonly reason: string;
        /** Whether it was asked to go. */
        readonly expected: boolean;
      },
    ]
  | ["clients", { readonly type: "client-removed"; readonly client: ClientId }]
  | ["tasks", { readonly type: "task-killed-workers"; readonly key: string; readonly workers: readonly string[] }]
  | ["cluster", { readonly type: string; readonly client: ClientId; readonly about: string | undefined }]
  /** About what a client does, or how a worker fares. */
  | ["warnings", { readonly type: "warning"; readonly text: string; readonly client: ClientId }]
  | [
      "warnings",
      { readonly type: "warning"; readonly text: string; readonly worker: WorkerAddress; readonly name: string },
    ];
