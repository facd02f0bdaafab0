/**
 * Brings back what a journal tells of: tasks under the numbers and keys that they had, with what has become of them, and what clients met at.
 *
 * What was not done goes on. Whoever wanted a task is gone, so it is kept in the name of what was wanted before, until somebody claims it: by its
 * key, by submitting it again under its name, or with a dataset it is in. What nobody has claimed for long is let go of. What a task submitted
 * that was at work is not kept for its own sake: that runs again, and so submits it again.
 */

import type { SharedTarget } from "../protocol/coordination.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import type { ClientId, FunctionId, Key, TaskId } from "../protocol/identity.ts";
import {
  type DataEntered,
  type ItemPut,
  type JournalEntries,
  type PackedEntry,
  type TaskHolds,
  type TasksEntered,
  TO_BE_RUN,
  WANT_BITS,
  WANTED,
} from "../protocol/journal.ts";
import { hasReferences, isReference, type ShippedFunction } from "../protocol/task-spec.ts";
import { failure } from "./answers.ts";
import type { ValueWithTasks } from "./contract.ts";
import type { Durability } from "./durability.ts";
import type { ClientRecord, TaskGroup, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord } from "./worker-record.ts";

/** How long it is kept what nobody has claimed since whoever wanted it is gone. Milliseconds. */
const UNCLAIMED_MS = 7 * 24 * 60 * 60 * 1000;

/** A task, put together of all that was written of it. */
interface Remembered {
  readonly entry: TasksEntered | DataEntered;
  /** Which of the entry's it is. */
  readonly place: number;
  readonly name: Key | undefined;
  wants: number;
  value?: { readonly value: unknown; readonly nbytes: number };
  stored?: { readonly nbytes: number; readonly valueType: string };
  error?: ErrorOnWire;
  holds?: { readonly tasks: readonly TaskId[]; readonly isInValue: boolean }[];
}

/** What a journal comes to. */
export class Memory {
  readonly tasks = new Map<TaskId, Remembered>();
  readonly functions = new Map<FunctionId, ShippedFunction>();
  readonly datasets = new Map<string, PackedEntry>();
  readonly places = new Map<string, { readonly target: SharedTarget; readonly isOn: boolean }>();
  readonly items = new Map<number, ItemPut>();
  epoch = 0;
  times: readonly (readonly [number, number])[] = [];
  nextTask: TaskId = 1;

  read(entries: JournalEntries): void {
    for (const entry of entries) {
      switch (entry.type) {
        case "epoch":
          this.epoch = entry.epoch;
          this.times = entry.times;
          this.nextTask = entry.nextTask;
          break;
        case "functions":
          for (const [number, shipped] of entry.functions) this.functions.set(number, shipped);
          break;
        case "tasks":
          this.#readTasks(entry);
          break;
        case "data":
          this.tasks.set(entry.id, { entry, place: 0, name: entry.name, wants: entry.wants });
          break;
        case "values":
          for (const [i, id] of entry.ids.entries()) {
            const task = this.tasks.get(id);
            if (task) task.value = { value: entry.values[i], nbytes: entry.nbytes[i] as number };
          }
          break;
        case "stored": {
          const task = this.tasks.get(entry.id);
          if (task) task.stored = { nbytes: entry.nbytes, valueType: entry.valueType };
          break;
        }
        case "failed": {
          const task = this.tasks.get(entry.id);
          if (task) task.error = entry.error;
          break;
        }
        case "holds":
          this.#readHolds(entry);
          break;
        case "wants":
          for (const [i, id] of entry.ids.entries()) {
            const task = this.tasks.get(id);
            if (task) task.wants = entry.wants[i] as number;
          }
          break;
        case "forget":
          for (const id of entry.ids) this.tasks.delete(id);
          break;
        case "dataset":
          this.datasets.delete(entry.name);
          this.datasets.set(entry.name, entry);
          break;
        case "no-dataset":
          this.datasets.delete(entry.name);
          break;
        case "place":
          this.places.set(entry.target.name, entry);
          break;
        case "no-place":
          this.places.delete(entry.name);
          break;
        case "item":
          this.items.set(entry.item, entry);
          break;
        case "no-items":
          for (const item of entry.items) this.items.delete(item);
          break;
        default:
          entry satisfies never;
      }
    }
  }

  #readHolds(entry: TaskHolds): void {
    const task = this.tasks.get(entry.id);
    if (task === undefined) return;
    task.holds ??= [];
    task.holds.push(entry);
  }

  #readTasks(entry: TasksEntered): void {
    const names = new Map(entry.names);
    for (let place = 0; place < entry.ids.length; place++) {
      this.tasks.set(entry.ids[place] as TaskId, {
        entry,
        place,
        name: names.get(place),
        wants: entry.wants[place] as number,
      });
    }
  }

  /** Tasks whose values are beside the journal. */
  get stored(): readonly TaskId[] {
    return [...this.tasks].flatMap(([id, { stored }]) => (stored === undefined ? [] : [id]));
  }
}

export interface Circumstances {
  /** Large values, by task; those that are not there are made again. */
  readonly values: ReadonlyMap<TaskId, { readonly value: unknown }>;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Has the scheduler, which must have learnt to answer requests, know what it is told. */
export function recover(
  state: SchedulerState,
  tools: RequestTools,
  durability: Durability,
  memory: Memory,
  { values, nowMs }: Circumstances,
): void {
  durability.isRecovering = true;
  const recovery = new Recovery(state, tools, durability, memory, values);
  for (const id of [...memory.tasks.keys()].sort((a, b) => a - b)) recovery.enter(id, nowMs);
  recovery.restoreWhatIsHeld();
  tools.settleRecommendations(state);
  durability.isRecovering = false;
}

class Recovery {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #durability: Durability;
  readonly #memory: Memory;
  readonly #values: Circumstances["values"];
  readonly #records = new Map<TaskId, TaskRecord>();
  readonly #functions = new Map<FunctionId, FunctionRecord>();
  readonly #groups = new Map<TasksEntered, TaskGroup>();
  readonly #clients = new Map<string, ClientRecord>();
  /** Those that nothing needed when they were entered. */
  readonly #unneeded: TaskRecord[] = [];

  constructor(
    state: SchedulerState,
    tools: RequestTools,
    durability: Durability,
    memory: Memory,
    values: Circumstances["values"],
  ) {
    this.#state = state;
    this.#tools = tools;
    this.#durability = durability;
    this.#memory = memory;
    this.#values = values;
    let next = Math.max(state.nextTaskId, memory.nextTask);
    for (const id of memory.tasks.keys()) next = Math.max(next, id + 1);
    state.nextTaskId = next;
  }

  /** Enters a task, after all with lower numbers, among which is what it refers to. */
  enter(id: TaskId, nowMs: number): void {
    const remembered = this.#memory.tasks.get(id) as Remembered;
    const { entry, wants } = remembered;
    const value = remembered.value ?? this.#values.get(id);
    const task =
      entry.type === "tasks" &&
      value === undefined &&
      remembered.error === undefined &&
      this.#memory.functions.has(entry.fn)
        ? this.#withRecipe(id, entry, remembered.place)
        : this.#withOutcome(id, remembered, value);
    this.#records.set(id, task);
    this.#state.tasks.set(id, task);
    if (!entry.ofWorker) task.client.tasks.set(task.clientTask, task);
    const { name } = remembered;
    if (name !== undefined) {
      task.name = name;
      this.#state.named.set(name, task);
    }
    if ((wants & TO_BE_RUN) !== 0) task.keep = true;
    if ((wants & WANTED) !== 0) this.#wantStill(task, Math.floor(wants / WANT_BITS), nowMs);
    if (task.state === "released") this.#tools.move(this.#state, task, "waiting");
    if (!task.isNeeded) this.#unneeded.push(task);
  }

  /** Puts back what holds tasks; then lets go of those that nothing does. */
  restoreWhatIsHeld(): void {
    for (const [id, { holds }] of this.#memory.tasks) {
      for (const { tasks, isInValue } of holds ?? []) {
        const task = this.#records.get(id) as TaskRecord;
        this.#state.nesting?.hold(
          task,
          tasks.map((each) => this.#recordOf(each)),
          isInValue,
        );
      }
    }
    const { datasets, places, items } = this.#memory;
    const inOrder = [...items.values()].sort((a, b) => a.order - b.order);
    this.#state.requests?.restore({
      datasets: Array.from(datasets, ([name, packed]) => ({ name, ...this.#unpacked(packed) })),
      places: Array.from(places.values(), ({ target, isOn }) => ({
        target,
        isOn,
        items: inOrder.filter(({ place }) => place === target.name).map((item) => this.#unpacked(item)),
      })),
    });
    for (const task of this.#unneeded) if (!task.isNeeded) this.#state.recommend(task, "released");
  }

  #withRecipe(id: TaskId, entry: TasksEntered, place: number): TaskRecord {
    const group = this.#groupOf(entry);
    const { slots, shape } = entry;
    const { FLAG_HAS_INPUTS } = this.#tools;
    const flags = hasReferences(shape, slots) ? FLAG_HAS_INPUTS : 0;
    const task = new this.#tools.TaskRecord(id, entry.clientTasks[place] as number, group, place * slots, flags);
    if (flags === 0) return task;
    const inputs: TaskRecord[] = [];
    for (let slot = 0; slot < slots; slot++) {
      if (!isReference(shape, slot)) continue;
      const input = this.#recordOf(group.rows[task.firstSlot + slot] as TaskId);
      group.rows[task.firstSlot + slot] = input;
      inputs.push(input);
    }
    task.inputs = inputs;
    return task;
  }

  #withOutcome(id: TaskId, remembered: Remembered, value: { readonly value: unknown } | undefined): TaskRecord {
    const { entry, place, stored, error } = remembered;
    const isTask = entry.type === "tasks";
    const prefix = isTask ? (entry.options.name ?? this.#memory.functions.get(entry.fn)?.name ?? "") : entry.prefix;
    const clientTask = isTask ? (entry.clientTasks[place] as number) : entry.clientTask;
    const task = this.#finalRecord(id, clientTask, this.#clientOf(entry), prefix);
    if (value !== undefined) {
      task.value = value.value;
      task.nbytes = remembered.value?.nbytes ?? stored?.nbytes ?? 0;
      if (stored !== undefined) task.valueType = stored.valueType;
      task.state = "memory";
      if (stored !== undefined) this.#durability.foundStored(task);
    } else {
      task.error = error ?? lossOf(task.key, "its value was not kept, nor how it was made");
      task.state = "erred";
    }
    return task;
  }

  #finalRecord(id: TaskId, clientTask: number, client: ClientRecord, prefix: string): TaskRecord {
    const group: TaskGroup = { client, rows: [prefix], uniform: undefined, options: {} };
    return new this.#tools.TaskRecord(id, clientTask, group, -1, this.#tools.FLAG_FINAL);
  }

  /** The past wants it, unless it has for so long that nobody will come for it. */
  #wantStill(task: TaskRecord, lostIn: number, nowMs: number): void {
    const { epoch, times } = this.#durability;
    const since = lostIn === 0 ? epoch : lostIn;
    const at = times.find(([number]) => number === since)?.[1] ?? 0;
    const isOver = task.state !== "released" && nowMs - at > UNCLAIMED_MS;
    if (isOver) return;
    this.#durability.lostIn.set(task, since);
    task.flags |= this.#tools.FLAG_KEPT;
  }

  #groupOf(entry: TasksEntered): TaskGroup {
    let group = this.#groups.get(entry);
    if (group === undefined) {
      const { slots, shape, options, rows } = entry;
      group = {
        client: this.#clientOf(entry),
        rows,
        uniform: { fn: this.#functionOf(entry.fn), slots, shape },
        options,
      };
      this.#groups.set(entry, group);
    }
    return group;
  }

  #functionOf(number: FunctionId): FunctionRecord {
    let fn = this.#functions.get(number);
    if (fn !== undefined) return fn;
    fn = this.#state.functionOf(this.#memory.functions.get(number) as ShippedFunction);
    this.#functions.set(number, fn);
    return fn;
  }

  #clientOf({ client: id, ofWorker }: { readonly client: ClientId; readonly ofWorker: boolean }): ClientRecord {
    const known = this.#clients.get(`${ofWorker} ${id}`);
    if (known !== undefined) return known;
    const client = new this.#tools.ClientRecord(id, this.#state.unfold);
    this.#clients.set(`${ofWorker} ${id}`, client);
    if (ofWorker) this.#durability.ghostsOfWorkers.add(client);
    else {
      this.#durability.ghosts.set(id, client);
      this.#state.clients.set(id, client);
    }
    return client;
  }

  /** The record of a task; of one that could not be kept, one that says so. */
  #recordOf(id: TaskId): TaskRecord {
    let task = this.#records.get(id);
    if (task === undefined) {
      task = this.#finalRecord(id, id, this.#clientOf({ client: "lost", ofWorker: true }), "lost");
      task.error = lossOf(task.key, "what gives many values, makes an actor or cannot be written down is not kept");
      task.state = "erred";
      this.#records.set(id, task);
      this.#state.tasks.set(id, task);
      this.#unneeded.push(task);
    }
    return task;
  }

  #unpacked({ value, tasks }: PackedEntry): ValueWithTasks {
    return { value, tasks: tasks.map((id) => this.#recordOf(id)) };
  }
}

function lossOf(key: Key, why: string): ErrorOnWire {
  const reason = `the scheduler that knew it is gone, and ${why}`;
  return failure("CancelledError", `${key} is lost: ${reason}`, { key, reason });
}
