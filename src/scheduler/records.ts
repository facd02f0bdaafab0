/** The records of the scheduler: a task, a function, a worker, a client, and what ties them. */

import { Deque } from "../collections/deque.ts";
import { FoldingTable } from "../collections/folding-table.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import {
  type ClientId,
  type ClientTaskId,
  type Key,
  keyOf,
  type RunId,
  type TaskId,
  type WorkerAddress,
} from "../protocol/identity.ts";
import { ROW_HEADER, type TaskOptions } from "../protocol/task-spec.ts";
import type { Kin } from "./kin.ts";
import { ClientOutbox } from "./outbox.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

type Unfinished = "released" | "waiting" | "queued" | "no-worker" | "processing";
export type TaskState = Unfinished | "memory" | "erred" | "forgotten";

/** Stands for "no value here": `undefined` is a value like any other. */
export const NO_VALUE = Symbol("no value");

/** The deaths of threads a task may have a hand in; with the last of them it ends as `KilledWorkerError`. */
export const ALLOWED_FAILURES = 3;

/** What the tasks of one submission share. */
export interface TaskGroup {
  readonly client: ClientRecord;
  readonly rows: unknown[];
  /** Where they are all of one function, with so many slots each, of which the same refer: then the rows have no heads. */
  readonly uniform: { readonly fn: FunctionRecord; readonly slots: number; readonly shape: number } | undefined;
  readonly options: TaskOptions;
}

/** A claim on a task beyond that of whoever submitted it. */
export interface Claim {
  readonly client: ClientRecord;
  readonly id: ClientTaskId;
  awaited: boolean;
}

/** What few tasks have. */
interface Rarities {
  claims: Claim[] | undefined;
  name: Key | undefined;
  valueType: string;
  error: ErrorOnWire | undefined;
  deaths: WorkerAddress[] | undefined;
  witnessed: number;
  retriesUsed: number;
}

// Bits of TaskRecord.flags. Constants of their own, for those are written out where they are used.
export const FLAG_WANTED = 1;
export const FLAG_AWAITED = 2;
export const FLAG_KEEP = 4;
export const FLAG_REGISTERED = 8;
export const FLAG_FORMERLY_REGISTERED = 16;
export const FLAG_AT_CLIENT = 32;
export const FLAG_STARTED = 64;
export const FLAG_FINAL = 128;
export const FLAG_HAS_INPUTS = 256; // It refers to other tasks.
/** It has something that few tasks have. */
export const FLAG_IS_RARE = 512;
/** It was sent to a worker that has to fetch inputs for it, and has not said that it began. */
export const FLAG_FETCHING = 1024;
export const FLAG_SECEDED = 1 << 14; // Its run has given its slot back at least once.
export const FLAG_CARRIES = 1 << 15; // Its value has futures in it, packed.
export const FLAG_COPIED = 1 << 16; // A run of it is one of several, and what it comes to is not its value yet: see `quorum.ts`.
/** Something else than a client keeps it, see `kept-value.ts`; its copies are where somebody wants them. */
export const FLAG_KEPT = 2048;
export const FLAG_PINNED = 4096;

const NO_INPUTS: readonly never[] = [];

/**
 * A task from its submission until nobody can ask for it any more. A row of its group says what to run: there, the function is a
 * {@link FunctionRecord} and every reference is a `TaskRecord`, so that what a recipe needs lives as long as the recipe.
 *
 * There may be a million of these, and what they weigh is what collecting garbage costs: yes-or-noes share a number, and what
 * few tasks have is only made for those.
 */
export class TaskRecord {
  readonly id: TaskId;
  state: TaskState = "released";
  readonly group: TaskGroup;
  /** Where its row begins; -1 for what was scattered: then the rows are what the key begins with. */
  readonly at: number;
  /** The number by which whoever submitted it knows it. */
  readonly clientTask: ClientTaskId;
  /** Its yes-or-noes, each of which has a name below. */
  flags: number;
  #rarities: Rarities | undefined = undefined;
  /** What its row refers to, once per slot, for as long as the recipe is kept. */
  inputs: readonly TaskRecord[] = NO_INPUTS;
  /** Inputs that are not in memory, counted once per slot. */
  waitingOn = 0;
  /** Tasks whose rows refer to this one, once per slot. Those not `registered` any more are swept out now and then. */
  dependents: TaskRecord[] | undefined = undefined;
  /** Dependents, once per slot, that have still to run. The value is kept while there are any. */
  liveDependents = 0;
  /** The value, when the scheduler itself holds it. */
  value: unknown = NO_VALUE;
  /** Bytes of the result when it was last in memory; -1 if it never was. */
  nbytes = -1;
  processingOn: WorkerRecord | undefined = undefined;
  runId: RunId = 0;
  /** What its run was expected to take when it was sent, in microseconds. */
  expectedUs = 0;

  constructor(id: TaskId, clientTask: ClientTaskId, group: TaskGroup, at: number, flags: number) {
    this.id = id;
    this.clientTask = clientTask;
    this.group = group;
    this.at = at;
    this.flags = flags;
  }

  /** Who submitted it. Further claimants are in `claims`. */
  get client(): ClientRecord {
    return this.group.client;
  }

  /** Whether `client` still wants it. */
  get wanted(): boolean {
    return (this.flags & FLAG_WANTED) !== 0;
  }
  set wanted(on: boolean) {
    this.flags = on ? this.flags | FLAG_WANTED : this.flags & ~FLAG_WANTED;
  }

  /** Whether `client` waits for the value. */
  get awaited(): boolean {
    return (this.flags & FLAG_AWAITED) !== 0;
  }
  set awaited(on: boolean) {
    this.flags = on ? this.flags | FLAG_AWAITED : this.flags & ~FLAG_AWAITED;
  }

  /** Stays until it has run although nobody holds a future on it. */
  get keep(): boolean {
    return (this.flags & FLAG_KEEP) !== 0;
  }
  set keep(on: boolean) {
    this.flags = on ? this.flags | FLAG_KEEP : this.flags & ~FLAG_KEEP;
  }

  /** Whether it stands in the `dependents` of its inputs and is counted in their `liveDependents`. */
  get registered(): boolean {
    return (this.flags & FLAG_REGISTERED) !== 0;
  }
  set registered(on: boolean) {
    this.flags = on ? this.flags | FLAG_REGISTERED : this.flags & ~FLAG_REGISTERED;
  }

  /** Whether it may stand in their `dependents` from an earlier run. */
  get formerlyRegistered(): boolean {
    return (this.flags & FLAG_FORMERLY_REGISTERED) !== 0;
  }
  set formerlyRegistered(on: boolean) {
    this.flags = on ? this.flags | FLAG_FORMERLY_REGISTERED : this.flags & ~FLAG_FORMERLY_REGISTERED;
  }

  /** The only copy was moved to the client, who gives it back before using it in a task. */
  get atClient(): boolean {
    return (this.flags & FLAG_AT_CLIENT) !== 0;
  }
  set atClient(on: boolean) {
    this.flags = on ? this.flags | FLAG_AT_CLIENT : this.flags & ~FLAG_AT_CLIENT;
  }

  /** Whether the worker has said that it began. */
  get started(): boolean {
    return (this.flags & FLAG_STARTED) !== 0;
  }
  set started(on: boolean) {
    this.flags = on ? this.flags | FLAG_STARTED : this.flags & ~FLAG_STARTED;
  }

  /** Its value is safe with the scheduler, so what its row referred to has been let go. */
  get isFinal(): boolean {
    return (this.flags & FLAG_FINAL) !== 0;
  }
  set isFinal(on: boolean) {
    this.flags = on ? this.flags | FLAG_FINAL : this.flags & ~FLAG_FINAL;
    if (on) this.inputs = NO_INPUTS;
  }

  get claims(): Claim[] | undefined {
    return this.#rarities?.claims;
  }
  set claims(claims: Claim[] | undefined) {
    if (claims !== this.claims) TaskRecord.#rare(this).claims = claims;
  }

  /** Known by name: kept while wanted even when its value has been handed over, since others may ask. */
  get name(): Key | undefined {
    return this.#rarities?.name;
  }
  set name(name: Key | undefined) {
    TaskRecord.#rare(this).name = name;
  }

  /** What kind of value it is, for large results: `Float32Array`, `Object`, … */
  get valueType(): string {
    return this.#rarities?.valueType ?? "";
  }
  set valueType(type: string) {
    TaskRecord.#rare(this).valueType = type;
  }

  get error(): ErrorOnWire | undefined {
    return this.#rarities?.error;
  }
  set error(error: ErrorOnWire | undefined) {
    if (error !== this.error) TaskRecord.#rare(this).error = error;
  }

  /** Addresses of threads that died with this task in hand. */
  get deaths(): WorkerAddress[] | undefined {
    return this.#rarities?.deaths;
  }
  set deaths(deaths: WorkerAddress[] | undefined) {
    if (deaths !== this.deaths) TaskRecord.#rare(this).deaths = deaths;
  }

  /** Deaths of threads that had it in hand and that others are blamed for. When there are many, they may be its own doing. */
  get witnessed(): number {
    return this.#rarities?.witnessed ?? 0;
  }
  set witnessed(deaths: number) {
    if (deaths !== this.witnessed) TaskRecord.#rare(this).witnessed = deaths;
  }

  /** Times it was run again after an error of its own. */
  get retriesUsed(): number {
    return this.#rarities?.retriesUsed ?? 0;
  }
  set retriesUsed(times: number) {
    if (times !== this.retriesUsed) TaskRecord.#rare(this).retriesUsed = times;
  }

  // Static, for a class with private methods adds a field to each of its instances.
  static #rare(task: TaskRecord): Rarities {
    task.flags |= FLAG_IS_RARE;
    task.#rarities ??= {
      claims: undefined,
      name: undefined,
      valueType: "",
      error: undefined,
      deaths: undefined,
      witnessed: 0,
      retriesUsed: 0,
    };
    return task.#rarities;
  }

  get function(): FunctionRecord {
    return this.group.uniform?.fn ?? (this.group.rows[this.at] as FunctionRecord);
  }

  get slots(): number {
    return this.group.uniform?.slots ?? (this.group.rows[this.at + 1] as number);
  }

  get shape(): number {
    return this.group.uniform?.shape ?? (this.group.rows[this.at + 2] as number);
  }

  /** Where in the rows its slots begin. */
  get firstSlot(): number {
    return this.group.uniform === undefined ? this.at + ROW_HEADER : this.at;
  }

  get hasInputs(): boolean {
    return (this.flags & (FLAG_HAS_INPUTS | FLAG_FINAL)) === FLAG_HAS_INPUTS;
  }

  /** Whether a claim of any kind keeps it: a client's, or its own promise to run. */
  get isWanted(): boolean {
    return (this.flags & (FLAG_WANTED | FLAG_KEEP | FLAG_KEPT)) !== 0 || this.claims !== undefined;
  }

  get isNeeded(): boolean {
    return this.liveDependents > 0 || this.isWanted;
  }

  /** Whether tasks that need its value can have it. */
  get isAvailable(): boolean {
    return this.state === "memory" && !this.atClient;
  }

  get key(): Key {
    const prefix = this.at < 0 ? `${this.group.rows[0]}` : (this.group.options.name ?? this.function.shipped.name);
    return this.name ?? keyOf(prefix, this.client.id, this.clientTask);
  }
}

/** Tasks of a span in a worker's hands: `from` to `to`, counted from the span's first. */
export interface Sent {
  readonly worker: WorkerRecord;
  expectedUs: number;
  from: number;
  readonly to: number;
}

/** Plain tasks of one submission, numbered on end, that have not been looked at one by one: see `plain.ts`. */
export class Span {
  readonly group: TaskGroup;
  readonly fn: FunctionRecord;
  readonly slots: number;
  readonly firstTask: TaskId;
  readonly firstClientTask: ClientTaskId;
  readonly count: number;
  /** Tasks before this one have been sent. */
  next = 0;
  /** Tasks that the client has not said it has the value of. */
  left: number;
  sent: Sent[] = [];
  /** Tasks whose value the client waits for: one run of them. */
  awaitedFrom = 0;
  awaitedTo = 0;
  kin: Kin<Span, WorkerRecord> | undefined = undefined;
  /** Once it is unfolded: those of its tasks that were queued, which take its place in the line. */
  unfolded: TaskRecord[] | undefined = undefined;
  /** Those of them before this one have left the line. */
  cursor = 0;

  constructor(
    group: TaskGroup,
    uniform: NonNullable<TaskGroup["uniform"]>,
    firstTask: TaskId,
    firstClientTask: ClientTaskId,
    count: number,
  ) {
    this.group = group;
    this.fn = uniform.fn;
    this.slots = uniform.slots;
    this.firstTask = firstTask;
    this.firstClientTask = firstClientTask;
    this.count = count;
    this.left = count;
  }
}

/** Part of a span whose values are on their way to the client, with the column they are in. */
export interface DeliveredPart {
  readonly span: Span;
  readonly from: number;
  readonly count: number;
  readonly values: readonly unknown[];
  /** Where in `values` its first one is. */
  readonly at: number;
}

export class ClientRecord {
  readonly id: ClientId;
  readonly tasks: FoldingTable<TaskRecord, Span>;
  readonly functions = new Map<number, FunctionRecord>();
  /** Values the client holds itself since `batch`, once it says that this news has arrived. */
  readonly delivered = new Deque<Delivery>();
  #delivery: Delivery | undefined;
  /** The last number that was made up for a claim of its own: they count down from here, and the client counts up from 0. */
  granted: ClientTaskId = 0;
  /** Number of the batch of news being filled. */
  batch = 1;
  /** Whether its outbox is to be emptied. */
  isDirty = false;
  readonly outbox = new ClientOutbox();
  /** It need not be believed. */
  isForeign = false;
  /** Whose tasks share it, if it is theirs. */
  readonly worker: WorkerRecord | undefined;

  /** `unfold`: see {@link FoldingTable}. */
  constructor(id: ClientId, unfold: (span: Span) => void, worker?: WorkerRecord) {
    this.id = id;
    this.worker = worker;
    this.tasks = new FoldingTable(unfold);
  }

  /** What goes out with the batch of news being filled, and is the client's own from then on. */
  get handedOver(): Delivery {
    if (this.#delivery?.batch !== this.batch) {
      this.#delivery = { batch: this.batch, tasks: [], parts: [] };
      this.delivered.push(this.#delivery);
    }
    return this.#delivery;
  }
}

/** Values that went out with one batch of news. */
export interface Delivery {
  readonly batch: number;
  readonly tasks: TaskRecord[];
  parts: DeliveredPart[];
}
