/** Every event the scheduler hears, and every instruction it gives. */

import type { LinkedParty } from "../protocol/actors.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import type {
  CarryKeys,
  ClientMessage,
  ClientRequest,
  SchedulerToClientMessage,
  UpdateGraph,
  WithdrawRequest,
} from "../protocol/client-messages.ts";
import type { SharedTarget } from "../protocol/coordination.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import type { Route } from "../protocol/host-messages.ts";
import type { ClientId, ClientTaskId, Key, RunId, TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { JournalEntries } from "../protocol/journal.ts";
import type { WorkerLog } from "../protocol/logs.ts";
import type { HostLink } from "../protocol/requests.ts";
import type { Resources, ShippedFunction } from "../protocol/task-spec.ts";
import type { Trace } from "../protocol/tracing.ts";
import type {
  ErrandDone,
  MissingData,
  NestedMessage,
  SchedulerToWorkerMessage,
  TaskItems,
  TaskStored,
  WorkerHolds,
  WorkerMessage,
} from "../protocol/worker-messages.ts";
import type { ClientRecord, Span, TaskGroup, TaskRecord } from "./records.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

export type SchedulerEvent =
  | { readonly type: "client-message"; readonly client: ClientId; readonly message: ClientMessage }
  | {
      readonly type: "add-client";
      readonly client: ClientId;
      /** It speaks from elsewhere, and need not be believed: see `distrust.ts`. */
      readonly isForeign?: boolean | undefined;
      /** The last number that another scheduler made up for a claim of its own, 0 or less: those are not given again. */
      readonly granted?: ClientTaskId | undefined;
    }
  | { readonly type: "remove-client"; readonly client: ClientId }
  | { readonly type: "worker-message"; readonly worker: WorkerAddress; readonly message: WorkerMessage }
  | {
      readonly type: "add-worker";
      readonly worker: WorkerAddress;
      readonly name: string;
      readonly nThreads: number;
      readonly resources?: Resources;
      /** It speaks from elsewhere, and need not be believed: see `distrust.ts`. */
      readonly isForeign?: boolean | undefined;
      /** It will say what it holds, and is sent nothing before. */
      readonly isReturning?: boolean | undefined;
    }
  | {
      readonly type: "remove-worker";
      readonly worker: WorkerAddress;
      readonly reason: string;
      /** Whether it was asked to go: then nothing it had in hand is to blame. */
      readonly expected: boolean;
    }
  /** A page or process is gone, with all workers in it: one death, whatever number of threads there were. */
  | {
      readonly type: "remove-host";
      readonly workers: readonly WorkerAddress[];
      readonly reason: string;
      /** As for a worker. */
      readonly expected: boolean;
    }
  | LinkMeasured
  /** So many workers are on their way: started, and not there yet. */
  | { readonly type: "workers-starting"; readonly count: number }
  /** A worker has so much of these from now on; of what is not named, as much as before. */
  | { readonly type: "set-resources"; readonly worker: WorkerAddress; readonly resources: Resources }
  /** Where in its code a worker was found, of which that was asked. */
  | { readonly type: "looked-into"; readonly worker: WorkerAddress; readonly stack: StackTaken | undefined }
  /** It is as late as was asked for, or somewhat later. */
  | { readonly type: "time-passed" }
  /** A while has passed since it was seen that work is not shared evenly. */
  | { readonly type: "look-around" };

/**
 * How fast values get from one host to another: what a host is called is in its workers' addresses, see `protocol/hosts.ts`. Averaged
 * with what was measured before, and taken to hold in both directions as long as nothing is known of the other.
 */
export interface LinkMeasured {
  readonly type: "link-measured";
  readonly from: string;
  /** Or {@link SCHEDULER_HOST}: then workers there are kept supplied with as much more as a message and its answer take. */
  readonly to: string;
  /** One way. */
  readonly latencyMs?: number;
  readonly bytesPerMs?: number;
  /** Between two hosts: which way bytes go from now on. */
  readonly route?: Route;
}

export type SchedulerInstruction =
  | {
      readonly type: "send-to-worker";
      readonly worker: WorkerAddress;
      readonly messages: readonly SchedulerToWorkerMessage[];
    }
  | {
      readonly type: "send-to-client";
      readonly client: ClientId;
      readonly batch: number;
      readonly messages: readonly SchedulerToClientMessage[];
    }
  /** These two, or a client and a worker, will have something to say to each other directly; always given before the message that makes them do so. */
  | { readonly type: "link-workers"; readonly from: LinkedParty; readonly to: WorkerAddress }
  | { readonly type: "end-worker"; readonly worker: WorkerAddress; readonly reason: string }
  /** Somebody wants to know where in its code it is: `looked-into` follows. */
  | { readonly type: "look-into"; readonly worker: WorkerAddress }
  /** A client has asked for the end of the whole cluster. */
  | { readonly type: "end-cluster"; readonly reason: string }
  /** It has said what it cannot: nothing more is heard of it, and its comm is to be closed. `remove-client` follows from that. */
  | { readonly type: "end-client"; readonly client: ClientId; readonly reason: string }
  /** Say when it is that late. What was asked for before need not be. */
  | { readonly type: "wake-me-at"; readonly atMs: number }
  /** There is something to be written down: see {@link DurabilityRules.take}. */
  | { readonly type: "write-journal" }
  /** Keep this value beside the journal, as it is now, and say whether it is kept. */
  | { readonly type: "keep-value"; readonly id: TaskId; readonly value: unknown };

/** What only whoever keeps the journal carries out. */
export type JournalInstruction = Extract<SchedulerInstruction, { readonly type: "write-journal" | "keep-value" }>;

/** What the machine is taught when a client first asks something: see `requests.ts`. */
export interface RequestRules {
  hear(client: ClientRecord, message: ClientRequest): void;
  withdraw(client: ClientRecord, message: WithdrawRequest): void;
  /** Tells a client what it should look into, and notes that. */
  warn(client: ClientRecord, text: string): void;
  removeClient(client: ClientRecord): void;
  /** There is no task of this name any more. */
  unname(key: Key): void;
  /** Has datasets, queues and their like be as they were. */
  restore(meetings: RecoveredMeetings): void;
  addWorker(worker: WorkerRecord): void;
  /** `expected`: it was asked to go. */
  removeWorker(worker: WorkerRecord, reason: string, expected: boolean): void;
  /** A worker sends a value that it was asked for. */
  receiveValue(worker: WorkerRecord, task: TaskRecord, value: unknown): void;
  /** A worker could not fetch a value that it was to keep; undefined if that is gone. */
  hearNotAcquired(worker: WorkerRecord, task: TaskRecord | undefined): void;
  /** Takes back what others could do sooner. */
  lookAround(): void;
  /** A worker has said what it takes up. */
  hearMemory(worker: WorkerRecord): void;
  /** Whether no worker may hold all that the task needs: then it fails. */
  refuses(task: TaskRecord): boolean;
  hearErrandDone(worker: WorkerRecord, message: ErrandDone): void;
  /** Where in its code a worker was found. */
  hearStack(worker: WorkerAddress, stack: StackTaken | undefined): void;
  /** A worker tells what it did, or what was written to its console. */
  hearTrace(worker: WorkerRecord, told: Trace | WorkerLog): void;
  /** A stream has been sent to a worker. */
  followStream(task: TaskRecord): void;
  /** Items of a stream have come from its worker. */
  hearItems(task: TaskRecord, message: TaskItems): void;
  /** Whether a run of the task cannot be repeated, for what it gave has been used. */
  isUsed(task: TaskRecord): boolean;
  /** The worker that ran it is gone. True if the task has failed with that. */
  interrupt(task: TaskRecord, worker: WorkerAddress, reason: string): boolean;
  /** Answers what can be answered now. Called after every event, with that. */
  settle(event: SchedulerEvent): void;
}

/** What the machine is taught when a task first submits tasks: see `nesting.ts`. */
export interface NestingRules {
  hear(worker: WorkerRecord, message: NestedMessage): void;
  carry(client: ClientRecord, message: CarryKeys): void;
  /** What to say of a scattered value that is needed again and nowhere any more. */
  lossOf(task: TaskRecord): ErrorOnWire;
  /** Nobody can ask for the task any more. */
  forget(task: TaskRecord): void;
  /** Lets go of values that hold futures on each other, and that nobody else wants. */
  dropRings(): void;
  /** What is kept for the futures that it holds. */
  carriedBy(task: TaskRecord): readonly ValueWithTasks[];
  /** Keeps these for as long as the task. */
  hold(task: TaskRecord, tasks: readonly TaskRecord[], isInValue: boolean): void;
  /** Those of `suspects` that are at work, and the tasks that submitted them: whoever wants a task that kills is to blame as well. */
  culpritsAmong(worker: WorkerRecord, suspects: readonly TaskRecord[]): ReadonlySet<TaskRecord>;
}

/** What a copy of a task has come to: a small value, a large one that came along, or an error. */
export type CopyOutcome =
  | { readonly value: unknown }
  | Pick<TaskStored, "nbytes" | "valueType" | "pushed">
  | { readonly error: ErrorOnWire };

/** What the machine is taught when a task first demands something: see `demands.ts`. */
export interface DemandRules {
  /** Takes in a task that has become ready and may not run everywhere. False if that is not so. */
  enqueue(task: TaskRecord): boolean;
  /** Notes that it may run nowhere for now. */
  park(task: TaskRecord): void;
  /** Forgets what there was to be done about the task in the state that it leaves. */
  leave(task: TaskRecord): void;
  /** Sends those that may not run everywhere and are at least so urgent. */
  assign(priority: number): void;
  /** Who is there, or what they have, has changed. */
  reconsider(): void;
  /** Sends a scattered value to such workers: to so many, or to all. */
  spread(task: TaskRecord, workers: readonly string[], count: number): void;
  /** A worker says that it begins. */
  begun(task: TaskRecord): void;
  /** A copy of a task has come to a result: see `quorum.ts`. */
  hearCopy(task: TaskRecord, worker: WorkerRecord, outcome: CopyOutcome): void;
  /** The task is to wait before it is tried again. */
  delay(task: TaskRecord): void;
  /** Whether something is to happen to the task later, unless it leaves its state before. */
  isTimed(task: TaskRecord): boolean;
  /** Has `ring` called after so long. */
  later(afterMs: number, ring: () => void): void;
  ring(): void;
}

/** What the machine is taught, at the latest when tasks first refer to others: to keep them together. See `woven.ts`. */
export interface WeavingRules {
  /** Takes in the tasks of a message as a span. False if they are to be taken one by one. */
  admit(client: ClientRecord, message: UpdateGraph, uniform: NonNullable<TaskGroup["uniform"]>): boolean;
  /** Notes values of a span to which others refer, and tells the client of them. */
  note(span: Span, from: number, count: number, values: readonly unknown[], at: number): void;
  /** Whether task `id` is one of many that take so little, by what is known now, that nobody need know when it begins. */
  isBrief(id: TaskId): boolean;
  /** Whether the worker has such tasks in hand. */
  occupies(worker: WorkerRecord): boolean;
  /** Sends what can be sent. */
  assign(): void;
  /** Gives each task a record. */
  unfold(): void;
}

/** What the machine is taught when others than this page or process take part: see `hosts.ts`. */
export interface HostRules {
  measure(measured: LinkMeasured): void;
  /** What is known of how a worker is reached. */
  linkOf(worker: WorkerRecord): Partial<Pick<HostLink, "latencyMs" | "bandwidth">> | undefined;
  /** The ways between hosts that values have been moved by. */
  ways(): readonly HostLink[];
  /** Where the task would be done first, as {@link closest} in `placement.ts`, by what is known of links. */
  closest(task: TaskRecord, leastBusy: WorkerRecord, canTake: (worker: WorkerRecord) => boolean): WorkerRecord;
  /** The same holders, whoever `worker` gets values from soonest first. */
  nearest(worker: WorkerRecord, holders: ReadonlySet<WorkerRecord>): Iterable<WorkerRecord>;
  addWorker(worker: WorkerRecord): void;
  removeWorker(worker: WorkerRecord, expected: boolean): void;
  removeHost(event: SchedulerEvent & { readonly type: "remove-host" }): void;
  /** Workers that died while they ran the task beside the one that ran it last. */
  deathsBeside(task: TaskRecord): readonly WorkerAddress[];
  /** A worker has been elsewhere, and holds these. */
  hearHeld(worker: WorkerRecord, message: WorkerHolds): void;
  /** A client has submitted so many tasks. */
  adopt(client: ClientRecord, first: ClientTaskId, count: number): void;
  /** A worker says that it begins. */
  begun(task: TaskRecord): void;
  /** A run has ended well that is not its task's last. If it was left to go on, the task is its own again. */
  win(worker: WorkerRecord, id: TaskId, run: RunId): TaskRecord | undefined;
  /** A task came back to be sent again, for want of an input. Whether it has failed instead, for it came back too often. */
  hearLack(task: TaskRecord, worker: WorkerRecord, message: MissingData): boolean;
  /** Whether something is wrong with a message. Then whoever said it has been dealt with, and it is not to be heard. */
  refuses(worker: WorkerRecord, message: WorkerMessage): boolean;
  refusesClient(client: ClientRecord, message: ClientMessage): boolean;
  /** What a client from elsewhere means by a function. That it goes by the same hash as somebody else's need not be true. */
  functionOf(client: ClientRecord, shipped: ShippedFunction): FunctionRecord;
  /** These are sent. */
  note(worker: WorkerRecord, messages: readonly SchedulerToWorkerMessage[]): void;
  noteNews(client: ClientRecord, messages: readonly SchedulerToClientMessage[]): void;
  /** Called after every event. */
  settle(): void;
}

/** What is told of every move while somebody records what is done: see `move-log.ts`. Unlike watching, that leaves spans folded. */
export interface MoveNotes {
  /** Of tasks whose numbers have one of these bits, nothing need be told: nearly all of them, where there are more than anybody could follow. */
  readonly mask: number;
  note(task: TaskRecord, from: string, to: string, worker: WorkerRecord | undefined): void;
  /** The same of `count` tasks of a span from its `at`-th on. */
  noteMany(span: Span, at: number, count: number, to: string, worker?: WorkerRecord): void;
  /** Before something happens, or nothing. */
  passTime(nowMs: number): void;
}

/** A value as it is kept, with its futures' tasks. */
export interface ValueWithTasks {
  readonly value: unknown;
  readonly tasks: readonly TaskRecord[];
}

/** What clients met at, in a scheduler before this one. */
export interface RecoveredMeetings {
  readonly datasets: readonly (ValueWithTasks & { readonly name: string })[];
  readonly places: readonly {
    readonly target: SharedTarget;
    /** Its queue has ended, or its event is set. */
    readonly isOn: boolean;
    /** What it holds, in its order. */
    readonly items: readonly ValueWithTasks[];
  }[];
}

/** What is told of what clients meet at: see `durable-places.ts`. */
export interface PlaceRules {
  publish(name: string, kept: ValueWithTasks): void;
  unpublish(name: string): void;
  /** There is such an object, and its queue has ended, or its event is set. */
  describe(target: SharedTarget, isOn: boolean): void;
  /** Nobody could tell it from a new one. */
  forget(target: SharedTarget): void;
  /** `order`: where in its queue it stands. */
  put(target: SharedTarget, kept: ValueWithTasks, order: number): void;
  /** It is there no more. */
  remove(kept: ValueWithTasks): void;
}

/** What the machine is taught when what it knows is to outlive it: see `durability.ts`. */
export interface DurabilityRules {
  /** How many schedulers there have been with this journal, the present one among them. */
  readonly epoch: number;
  readonly places: PlaceRules;
  /** The task has changed. */
  touch(task: TaskRecord): void;
  /** A client has just claimed it. */
  claimed(client: ClientRecord, task: TaskRecord): void;
  /** Whether it is kept for those who wanted it and are gone. */
  isOfPast(task: TaskRecord): boolean;
  /** Whether the client had this task before, in the group's row at `at`, and has it again. */
  resume(group: TaskGroup, at: number, id: ClientTaskId): boolean;
  /** A large value has come from a worker, for whomever. */
  receiveValue(task: TaskRecord, value: unknown): void;
  /** Whether a value could be kept beside the journal. */
  valueKept(id: TaskId, isKept: boolean): void;
  /** What has changed since this was asked before; with `isWhole`, all there is. */
  take(isWhole?: boolean): JournalEntries;
  /** Called after every event. */
  settle(): void;
  /** The shell carries out an instruction of these rules: whoever keeps the journal has said how. */
  hear(instruction: JournalInstruction): void;
}

/** One move in the table of transitions, for whoever watches. */
export interface TransitionRecord {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** Number of the event that caused it. */
  readonly stimulus: number;
  readonly worker: WorkerAddress | undefined;
}
