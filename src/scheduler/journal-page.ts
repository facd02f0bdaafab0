/** Entries of a journal being written: tasks that were submitted alike stand together. */

import type { TaskId } from "../protocol/identity.ts";
import type { JournalEntry, Origin, TasksEntered, ValuesMade } from "../protocol/journal.ts";
import { isReference } from "../protocol/task-spec.ts";
import type { ClientRecord, TaskGroup, TaskRecord } from "./records.ts";
import type { FunctionRecord } from "./worker-record.ts";

export class JournalPage {
  readonly functions: (readonly [number, FunctionRecord["shipped"]])[] = [];
  readonly forgotten: TaskId[] = [];
  readonly #entered: JournalEntry[] = [];
  readonly #others: JournalEntry[] = [];
  readonly #values: ValuesMade = { type: "values", ids: [], values: [], nbytes: [] };
  readonly #wants = { type: "wants", ids: [] as TaskId[], wants: [] as number[] } as const;
  readonly #ghostsOfWorkers: ReadonlySet<ClientRecord>;
  #open: { readonly group: TaskGroup; readonly fn: FunctionRecord; readonly entry: TasksEntered } | undefined;

  constructor(ghostsOfWorkers: ReadonlySet<ClientRecord>) {
    this.#ghostsOfWorkers = ghostsOfWorkers;
  }

  add(entry: JournalEntry): void {
    this.#others.push(entry);
  }

  want(id: TaskId, wants: number): void {
    this.#wants.ids.push(id);
    this.#wants.wants.push(wants);
  }

  value({ id, value, nbytes }: TaskRecord): void {
    this.#values.ids.push(id);
    this.#values.values.push(value);
    this.#values.nbytes.push(nbytes);
  }

  data(task: TaskRecord, wants: number): void {
    const { id, clientTask, group, name } = task;
    const prefix = task.at < 0 ? `${group.rows[0]}` : (group.options.name ?? task.function.shipped.name);
    const entry = { type: "data", ...this.#originOf(group.client), id, clientTask, prefix, wants } as const;
    this.#entered.push(name === undefined ? entry : { ...entry, name });
  }

  task(task: TaskRecord, wants: number): void {
    const { group, function: fn, slots, shape, name } = task;
    const open = this.#open;
    const isLikeLast =
      open?.fn === fn &&
      open.entry.slots === slots &&
      open.entry.shape === shape &&
      open.group.client === group.client &&
      open.group.options === group.options;
    const entry = isLikeLast ? open.entry : this.#begin(group, fn, slots, shape);
    if (name !== undefined) entry.names.push([entry.ids.length, name]);
    entry.ids.push(task.id);
    entry.clientTasks.push(task.clientTask);
    entry.wants.push(wants);
    const first = task.firstSlot;
    for (let slot = 0; slot < slots; slot++) {
      const item = group.rows[first + slot];
      entry.rows.push(isReference(shape, slot) ? (item as TaskRecord).id : item);
    }
  }

  #begin(group: TaskGroup, fn: FunctionRecord, slots: number, shape: number): TasksEntered {
    const { client, options } = group;
    const columns = { ids: [], clientTasks: [], rows: [], wants: [], names: [] };
    const entry: TasksEntered = {
      type: "tasks",
      ...this.#originOf(client),
      fn: fn.id,
      slots,
      shape,
      options,
      ...columns,
    };
    this.#entered.push(entry);
    this.#open = { group, fn, entry };
    return entry;
  }

  #originOf(client: ClientRecord): Origin {
    return { client: client.id, ofWorker: client.worker !== undefined || this.#ghostsOfWorkers.has(client) };
  }

  entries(): JournalEntry[] {
    const entries: JournalEntry[] = [];
    if (this.functions.length > 0) entries.push({ type: "functions", functions: this.functions });
    entries.push(...this.#entered);
    if (this.#values.ids.length > 0) entries.push(this.#values);
    entries.push(...this.#others);
    if (this.#wants.ids.length > 0) entries.push(this.#wants);
    if (this.forgotten.length > 0) entries.push({ type: "forget", ids: this.forgotten });
    return entries;
  }
}
