/** What the scheduler knows of a worker, and of the functions that it sends there. */

import type { FunctionId, RunId, TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { Resources, ShippedFunction } from "../protocol/task-spec.ts";
import type { MemoryUsed } from "../protocol/worker-messages.ts";
import type { WorkerStatus } from "../protocol/worker-requests.ts";
import { WorkerOutbox } from "./outbox.ts";

/** What a slot is kept supplied with. Microseconds. */
export const WINDOW_US = 10_000;

/** A different function, however often it was submitted, and how long it takes. */
export interface FunctionRecord {
  readonly id: FunctionId;
  /** What it is found by: its hash and the name that it goes by, or for one that is not to be shared, more than that. */
  readonly name: string;
  readonly shipped: ShippedFunction;
  /** Moving average of one run in microseconds; -1 until one was seen. */
  durationUs: number;
  /** Whether the last runs that were told of took so much longer that something else may have held them up: see `durations.ts`. */
  wasHeldUp: boolean;
  /** Moving average of the bytes of its results that stayed with workers; 0 until there was one. */
  nbytes: number;
  /** Runs that have ended. */
  runs: number;
  /** What they have taken together, in microseconds. */
  spentUs: number;
}

/** What a cancelled run is known by that the thread may still be busy with. */
export function zombieName(id: TaskId, run: RunId): string {
  return `${id}:${run}`;
}

export class WorkerRecord {
  readonly address: WorkerAddress;
  readonly name: string;
  readonly nThreads: number;
  /** Tasks sent and not yet answered; which, {@link SchedulerState.processingOn} knows. */
  processing = 0;
  /** Cancelled runs it has not said to be rid of, with what they were expected to take. */
  readonly zombies = new Map<string, number>();
  /**
   * Values it holds, of tasks that it is computing again: fetched before they turned out to be lost, or left by a run that was
   * called off. Freeing them now might free what the present run puts in their place.
   */
  readonly strays = new Set<TaskId>();
  /** Expected work in `processing` and `zombies`, in microseconds. */
  occupancyUs = 0;
  /** Tasks among those in `processing` that wait for inputs from other workers, and leave their slot to another meanwhile. */
  fetching = 0;
  /** Runs in flight that have given their slot back, with what they were expected to take: see `nesting.ts`. */
  readonly seceded = new Map<string, number>();
  /** Slots given back by runs that nobody can tell from the others. */
  lent = 0;
  /** A suspect runs here, or is to as soon as it is idle: nothing else is sent meanwhile. */
  alone = false;
  /** When it was last sent a task, counted in dispatches: the warmest worker has the highest. */
  lastUsed = 0;
  /** Asked to end; takes nothing any more. */
  ending = false;
  status: WorkerStatus = "running";
  /** It need not be believed. */
  isForeign = false;
  /** It was elsewhere, and is to say what it holds before it is given anything to make. */
  isReturning = false;
  /** Work it is kept supplied with, beyond one task per slot, in microseconds. */
  windowUs: number;
  /** What it has for tasks that ask for such things. */
  readonly resources: Record<string, number> = {};
  /** What runs in its hands have of that, by {@link zombieName}: the cancelled ones too, until it is rid of them. */
  readonly used = new Map<string, Resources>();
  /** What it said last of the memory that it takes up. */
  memory: MemoryUsed | undefined = undefined;
  /** Actors that it hosts. */
  actors = 0;
  heapIndex = -1;
  /** Whether its outbox is to be emptied. */
  isDirty = false;
  readonly knows = new Set<FunctionRecord>();
  /** Functions that it was told to forget, and may still speak of. */
  readonly forgetting = new Set<FunctionRecord>();
  readonly linked = new Set<WorkerRecord>();
  readonly outbox = new WorkerOutbox();

  constructor(address: WorkerAddress, name: string, nThreads: number) {
    this.address = address;
    this.name = name;
    this.nThreads = nThreads;
    this.windowUs = WINDOW_US * nThreads;
  }

  /** Whether it may be sent tasks at all. */
  get takesTasks(): boolean {
    return !this.ending && !this.isReturning && this.status === "running";
  }

  get inFlight(): number {
    return this.processing + this.zombies.size;
  }

  /** Runs in flight that take a slot. */
  get running(): number {
    return Math.max(0, this.processing + this.zombies.size - this.seceded.size - this.lent);
  }
}
