/** What clients ask for: new tasks, values to keep, claims on tasks and their release, cancelling, retrying. */

import type { CancelKeys, ClientDesiresKey, Scatter, UpdateGraph } from "../protocol/client-messages.ts";
import type { ClientTaskId, Key } from "../protocol/identity.ts";
import { hasReferences, isOrdinary, isReference, ROW_HEADER } from "../protocol/task-spec.ts";
import { lineOf, tellOfValue, wakeDependents } from "./compute.ts";
import { inputsOf } from "./dependencies.ts";
import { awaitValue } from "./gather.ts";
import { forEachClaim, tellPending } from "./news.ts";
import { admitSpan, awaitSpan, forgetPart } from "./plain.ts";
import {
  type ClientRecord,
  type DeliveredPart,
  FLAG_AT_CLIENT,
  FLAG_CARRIES,
  FLAG_FINAL,
  FLAG_HAS_INPUTS,
  FLAG_IS_RARE,
  FLAG_KEEP,
  FLAG_KEPT,
  FLAG_PINNED,
  FLAG_WANTED,
  NO_VALUE,
  type TaskGroup,
  TaskRecord,
} from "./records.ts";
import { endWorker, releaseClaim } from "./release.ts";
import type { SchedulerState } from "./state.ts";
import { move } from "./transitions.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

export function updateGraph(state: SchedulerState, client: ClientRecord, message: UpdateGraph): void {
  for (const [number, shipped] of message.functions) {
    const foreign = client.isForeign ? state.hosts?.functionOf(client, shipped) : undefined;
    // The one introduced last stands last: see `forgetting.ts`.
    client.functions.delete(number);
    client.functions.set(number, foreign ?? state.functionOf(shipped));
    state.introductions += 1;
  }
  if (message.uniform === undefined) addTasks(state, client, message);
  else addUniformTasks(state, client, message, message.uniform);
}

function addUniformTasks(
  state: SchedulerState,
  client: ClientRecord,
  message: UpdateGraph,
  { fn, slots, shape }: NonNullable<UpdateGraph["uniform"]>,
): void {
  const { first, count, rows, keys, options } = message;
  const uniform = { fn: client.functions.get(fn) as FunctionRecord, slots, shape };
  if (shape !== 0) {
    if (state.weaving?.admit(client, message, uniform)) return;
    const spelledOut: unknown[] = [];
    for (let i = 0; i < count; i++) spelledOut.push(fn, slots, shape, ...rows.slice(i * slots, (i + 1) * slots));
    return addTasks(state, client, { ...message, rows: spelledOut });
  }
  const group: TaskGroup = { client, rows, uniform, options };
  if (keys === undefined && (state.watch ?? state.durability) === undefined && isOrdinary(options)) {
    admitSpan(state, group, uniform, first, count, lineOf(state, options, false));
    return;
  }
  for (let i = 0; i < count; i++) addTask(state, group, first + i, keys?.[i], i * slots, FLAG_WANTED);
}

function addTasks(
  state: SchedulerState,
  client: ClientRecord,
  { first, count, rows, keys, options }: UpdateGraph,
): void {
  const group: TaskGroup = { client, rows, uniform: undefined, options };
  for (let i = 0, at = 0; i < count; i++) {
    rows[at] = client.functions.get(rows[at] as number);
    const slots = rows[at + 1] as number;
    const hasInputs = hasReferences(rows[at + 2] as number, slots);
    addTask(state, group, first + i, keys?.[i], at, hasInputs ? FLAG_WANTED | FLAG_HAS_INPUTS : FLAG_WANTED);
    at += ROW_HEADER + slots;
  }
}

function addTask(
  state: SchedulerState,
  group: TaskGroup,
  id: ClientTaskId,
  key: Key | undefined,
  at: number,
  flags: number,
): void {
  const { client } = group;
  if (key !== undefined && claimExisting(state, client, id, key)) return;
  if (state.durability?.resume(group, at, id)) return;
  const task = new TaskRecord(state.nextTaskId++, id, group, at, flags);
  const isWhole = resolveReferences(task);
  client.tasks.set(id, task);
  if (key !== undefined) name(state, task, key);
  if (isWhole) move(state, task, "waiting");
  else cancelTask(state, task, "it depends on a future that was released or cancelled before");
}

/** Puts the records in place of the client's numbers. False if the client itself has let go of one of them. */
function resolveReferences(task: TaskRecord): boolean {
  if (!task.hasInputs) return true;
  const { group, shape, slots } = task;
  const first = task.firstSlot;
  const inputs: TaskRecord[] = [];
  for (let slot = 0; slot < slots; slot++) {
    if (!isReference(shape, slot)) continue;
    const input = group.client.tasks.get(group.rows[first + slot] as ClientTaskId);
    if (input === undefined) {
      task.isFinal = true;
      return false;
    }
    group.rows[first + slot] = input;
    inputs.push(input);
  }
  task.inputs = inputs;
  return true;
}

function name(state: SchedulerState, task: TaskRecord, key: Key): void {
  task.name = key;
  state.named.set(key, task);
}

/** Claims the task that is known as `key`, if there is one, and tells the client how far it is. */
function claimExisting(
  state: SchedulerState,
  client: ClientRecord,
  id: ClientTaskId,
  key: Key,
): TaskRecord | undefined {
  const task = state.named.get(key) ?? findByKey(state, key);
  if (task === undefined || task.state === "forgotten") return undefined;
  enterClaim(client, id, task);
  tellHowFar(state, client, id, task);
  return task;
}

/** Enters a claim beyond that of whoever submitted the task. */
export function enterClaim(client: ClientRecord, id: ClientTaskId, task: TaskRecord): void {
  task.claims ??= [];
  task.claims.push({ client, id, awaited: false });
  client.tasks.set(id, task);
}

/** Tells one that has just claimed it what has become of a task so far. */
export function tellHowFar(state: SchedulerState, client: ClientRecord, id: ClientTaskId, task: TaskRecord): void {
  state.durability?.claimed(client, task);
  if (task.atClient) state.recommend(task, "released");
  else if (task.state === "memory") tellOfValue(state, task, client, id);
  else if (task.state === "erred" && task.error !== undefined)
    state.toClient(client).send({ type: "task-erred", id, error: task.error });
  else if (task.started) state.toClient(client).send({ type: "tasks-started", ids: [id] });
}

/** A task nobody named, by the key that is spelled out when somebody asks for it: `prefix-client-number`. */
function findByKey(state: SchedulerState, key: Key): TaskRecord | undefined {
  const parts = /^.+-(.+?)-(\d+)$/.exec(key);
  if (parts === null) return undefined;
  const client = parts[1] as string;
  const number = Number(parts[2]);
  const task = state.clients.get(client)?.tasks.get(number);
  if (task?.key === key) return task;
  // Whoever submitted it may have let go of it, or have left.
  for (const each of state.tasks.values()) {
    if (each.clientTask === number && each.client.id === client && each.key === key) return each;
  }
  return undefined;
}

export function desireKey(state: SchedulerState, client: ClientRecord, message: ClientDesiresKey): void {
  const { id, key } = message;
  if (claimExisting(state, client, id, key) !== undefined) return;
  const reason =
    `there is no task ${key}, or not any more: once a small result has come to the client that submitted the task, it is that ` +
    "client's alone, unless it named the task: with({ key })";
  state.toClient(client).send({ type: "cancelled-keys", ids: [id], reason });
}

/** A value from a client: new, or one that had been moved to it and is needed in tasks again. */
export function scatter(state: SchedulerState, client: ClientRecord, message: Scatter): void {
  const known = client.tasks.get(message.id);
  if (known !== undefined) {
    if (!known.atClient) return;
    known.value = message.value;
    known.nbytes = message.nbytes;
    known.atClient = false;
    wakeDependents(state, known);
    return;
  }
  const { id, key, broadcast: count, workers } = message;
  const existing = key === undefined ? undefined : claimExisting(state, client, id, key);
  const task = existing ?? enterValue(state, client, message);
  if (task.value === NO_VALUE) return;
  if (workers === undefined) broadcast(state, task, count === true ? state.workers.size : Number(count ?? 0));
  else state.demands?.spread(task, workers, count === true ? Number.POSITIVE_INFINITY : Number(count || 1));
}

function enterValue(state: SchedulerState, client: ClientRecord, message: Scatter): TaskRecord {
  const { id, key, prefix = "data" } = message;
  const group: TaskGroup = { client, rows: [prefix], uniform: undefined, options: {} };
  const task = new TaskRecord(state.nextTaskId++, id, group, -1, FLAG_WANTED | FLAG_FINAL);
  task.value = message.value;
  task.nbytes = message.nbytes;
  task.state = "memory";
  state.tasks.set(task.id, task);
  client.tasks.set(id, task);
  if (key !== undefined) name(state, task, key);
  state.durability?.touch(task);
  return task;
}

/** Sends a value to so many workers before a task needs it there. */
function broadcast(state: SchedulerState, task: TaskRecord, count: number): void {
  const takers = [...state.workers.values()].filter(({ takesTasks }) => takesTasks);
  for (const worker of takers.slice(0, count)) putData(state, task, worker);
}

export function putData(state: SchedulerState, task: TaskRecord, worker: WorkerRecord): void {
  if (state.replicas.has(task, worker)) return;
  task.flags |= FLAG_PINNED;
  state.replicas.add(task, worker);
  state.toWorker(worker).send({ type: "put-data", id: task.id, value: task.value, nbytes: task.nbytes });
}

export function gather(state: SchedulerState, client: ClientRecord, ranges: readonly number[]): void {
  for (let i = 0; i < ranges.length; i += 2) {
    const first = ranges[i] as ClientTaskId;
    const end = first + (ranges[i + 1] as number);
    for (let id = first; id < end; ) {
      const count = awaitSpan(client, id, end - id);
      if (count === 0) awaitValue(state, client, id++);
      id += count;
    }
  }
}

/** News up to `batch` has arrived: the client holds those values itself. */
export function receiveAcknowledgement(state: SchedulerState, client: ClientRecord, batch: number): void {
  for (;;) {
    const delivery = client.delivered.peek();
    if (delivery === undefined || delivery.batch > batch) return;
    client.delivered.shift();
    // The last delivery is remembered until there is another, but not what was in it.
    const { parts } = delivery;
    delivery.parts = [];
    for (let i = 0; i < parts.length; i++) {
      const { span, count } = parts[i] as DeliveredPart;
      forgetPart(state, span, count);
    }
    if (delivery.tasks.length === 0) continue;
    for (const task of delivery.tasks.splice(0)) {
      if (task.wanted && !forgetDelivered(state, client, task)) releaseClaim(state, client, task.clientTask);
    }
  }
}

/** What makes somebody beside its submitter interested in a task. */
const UNUSUAL = FLAG_CARRIES | FLAG_IS_RARE | FLAG_KEEP | FLAG_KEPT | FLAG_AT_CLIENT;

/** The short way for a task whose value is the client's and that nobody else has anything to do with. False if somebody may have. */
function forgetDelivered(state: SchedulerState, client: ClientRecord, task: TaskRecord): boolean {
  const isSimple = (task.flags & UNUSUAL) === 0 && task.liveDependents === 0;
  if (!isSimple || task.state !== "memory" || task.value === NO_VALUE || state.watch !== undefined) return false;
  if (task.nbytes > 0 && state.replicas.rightsOf(task).size > 0) return false;
  task.wanted = false;
  task.state = "forgotten";
  task.dependents = undefined;
  client.tasks.delete(task.clientTask);
  state.tasks.delete(task.id);
  return true;
}

export function cancel(state: SchedulerState, client: ClientRecord, message: CancelKeys): void {
  for (const id of message.ids) {
    const task = client.tasks.get(id);
    if (task === undefined) continue;
    const worker = task.processingOn;
    const isKept = (task.flags & FLAG_KEPT) !== 0;
    const isShared = isKept || task.claims !== undefined || (task.client !== client && task.wanted);
    if (isShared && !message.force) {
      releaseClaim(state, client, id);
      continue;
    }
    cancelTask(state, task, message.reason);
    if (message.force && worker !== undefined) endWorker(state, worker, "its task was cancelled by force");
  }
}

/** Takes a task and all that depends on it out of the graph; everybody who wanted any of them is told. */
export function cancelTask(state: SchedulerState, first: TaskRecord, reason: string): void {
  const doomed = new Set([first]);
  for (const task of doomed) {
    for (const dependent of task.dependents ?? []) if (dependent.registered) doomed.add(dependent);
    forEachClaim(task, (client, id) => {
      state.toClient(client).send({ type: "cancelled-keys", ids: [id], reason });
      client.tasks.delete(id);
    });
    task.wanted = false;
    task.claims = undefined;
    task.flags &= ~(FLAG_KEEP | FLAG_KEPT);
    state.kept.deleteLeft(task);
  }
  // Dependents first: a task is kept for as long as one is entered with it.
  for (const task of [...doomed].reverse()) {
    state.recommend(task, "released");
    state.recommend(task, "forgotten");
  }
}

/** Runs failed tasks again, and before them the inputs whose failure made them fail. */
export function retry(state: SchedulerState, client: ClientRecord, ids: readonly ClientTaskId[]): void {
  const failed = new Set<TaskRecord>();
  for (const id of ids) {
    const task = client.tasks.get(id);
    // Somebody else may have cancelled it, or have had it run again, before this was heard.
    if (task === undefined) state.toClient(client).send({ type: "cancelled-keys", ids: [id], reason: "it is gone" });
    else if (task.isAvailable) tellOfValue(state, task, client, id);
    else failed.add(task);
  }
  for (const task of failed) {
    // One that nobody but its dependents wanted is forgotten, and its failure still stands for what they need.
    if (task.state !== "erred" && (task.state !== "forgotten" || task.error === undefined)) failed.delete(task);
    else for (const input of inputsOf(task)) failed.add(input);
  }
  for (const task of failed) {
    task.error = undefined;
    task.deaths = undefined;
    task.witnessed = 0;
    task.retriesUsed = 0;
    if (task.state === "forgotten") continue;
    move(state, task, "released");
    tellPending(state, task);
  }
}

export function fireAndForget(client: ClientRecord, ids: readonly ClientTaskId[]): void {
  for (const id of ids) {
    const task = client.tasks.get(id);
    if (task !== undefined && task.state !== "memory" && task.state !== "erred") task.keep = true;
  }
}
