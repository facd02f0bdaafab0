/** What there is in a cluster at one moment, for whoever shows it. */

import type { SharedKind } from "./coordination.ts";
import type { Key } from "./identity.ts";
import type { SchedulerInfo } from "./requests.ts";

/** Tasks that the scheduler has not forgotten, by the function's name. */
export interface NameCounts {
  readonly name: string;
  /** For other tasks. */
  readonly waiting: number;
  /** For a worker. */
  readonly queued: number;
  /** In a worker's hands. */
  readonly processing: number;
  /** Whose values are kept. */
  readonly memory: number;
  readonly erred: number;
  /** Runs that have ended since the cluster began, and what they took, in milliseconds. */
  readonly runs: number;
  readonly ms: number;
}

export interface SurveyedTask {
  readonly key: Key;
  readonly name: string;
  readonly state: string;
  /** What it needs, by place in the list. */
  readonly inputs: readonly number[];
}

/** Something that clients and tasks meet at. */
export interface MeetingPlace {
  readonly kind: SharedKind;
  readonly name: string;
  /** How many wait there. */
  readonly waiting: number;
  /** Whether it is as good as new. */
  readonly isIdle: boolean;
}

export interface Survey {
  readonly info: SchedulerInfo;
  readonly names: readonly NameCounts[];
  /** Undefined if there are too many. */
  readonly graph: readonly SurveyedTask[] | undefined;
  readonly meetingPlaces: readonly MeetingPlace[];
}
