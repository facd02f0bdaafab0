/** Rules forward: from released through waiting, queued and processing to memory, or to erred. */

import { Deque } from "../collections/deque.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import { SMALL_VALUE_LIMIT, type TaskOptions } from "../protocol/task-spec.ts";
import { forEachDependency } from "./dependencies.ts";
import { fetchForClients } from "./gather.ts";
import { ageOf } from "./line.ts";
import { tell } from "./news.ts";
import { ALLOWED_FAILURES, type ClientRecord, FLAG_CARRIES, FLAG_KEPT, NO_VALUE, type TaskRecord } from "./records.ts";
import { freeReplicas, leaveQueue, releaseInputs } from "./release.ts";
import type { Line, Queue, SchedulerState } from "./state.ts";

/** Dependents that are done with a task are swept from its list when they outnumber the others by this factor. */
const SWEEP_FACTOR = 2;
const SWEEP_FROM = 32;

/**
 * released -> waiting, forgotten -> waiting: it is wanted, so its inputs are.
 *
 * Inputs that were let go since are computed again; an input that failed is the task's own failure, with the same error.
 */
export function awaitInputs(state: SchedulerState, task: TaskRecord): void {
  state.tasks.set(task.id, task);
  // It may have to wait for its time to come, too.
  task.waitingOn = task.group.options.demands !== undefined && state.demands?.isTimed(task) ? 1 : 0;
  task.error = task.at < 0 && task.value === NO_VALUE ? state.nesting?.lossOf(task) : undefined;
  if (task.hasInputs) {
    if (!task.registered) register(task);
    for (let i = 0; i < task.inputs.length; i++) {
      const input = task.inputs[i] as TaskRecord;
      if (input.state === "erred") task.error = input.error;
      // Let go, perhaps by this very event, but its value is still here; for some there is no recipe any more.
      if ((input.state === "forgotten" || input.state === "released") && input.value !== NO_VALUE) {
        input.state = "memory";
        state.tasks.set(input.id, input);
      }
      if (input.isAvailable) continue;
      task.waitingOn += 1;
      // A client gives back what a new task needs. That an old one needs it again, it does not know.
      if (input.atClient && task.formerlyRegistered) state.recommend(input, "released");
      else if (input.state === "released" || input.state === "forgotten") state.recommend(input, "waiting");
    }
  }
  if (task.error !== undefined) state.recommend(task, "erred");
  else if (task.waitingOn === 0) state.recommend(task, "queued");
  else state.candidates.push(task);
}

/** Enters `task` in the lists of its inputs, once per slot. */
function register(task: TaskRecord): void {
  if (task.formerlyRegistered) {
    forEachDependency(task, (input) => {
      input.dependents = input.dependents?.filter((dependent) => dependent !== task);
    });
  }
  task.registered = true;
  for (let i = 0; i < task.inputs.length; i++) {
    const input = task.inputs[i] as TaskRecord;
    input.liveDependents += 1;
    if (input.dependents === undefined) {
      input.dependents = [task];
      continue;
    }
    if (input.dependents.length > SWEEP_FROM && input.dependents.length > input.liveDependents * SWEEP_FACTOR) {
      input.dependents = input.dependents.filter((other) => other.registered);
    }
    input.dependents.push(task);
  }
}

/** Whether it is to run alone, so that the next death of a thread has one culprit. */
export function isSuspect(task: TaskRecord): boolean {
  return task.deaths !== undefined || task.witnessed >= ALLOWED_FAILURES;
}

/** waiting -> queued: everything it needs is in memory; which worker it goes to is decided once all news of the event is in. */
export function enqueue(state: SchedulerState, task: TaskRecord): void {
  state.queued += 1;
  if (task.hasInputs && state.requests?.refuses(task)) return;
  if (task.group.options.demands !== undefined && state.demands?.enqueue(task)) return;
  if (isSuspect(task)) {
    state.suspects.push(task);
    return;
  }
  lineOf(state, task.group.options, task.hasInputs).insert(task, ageOf);
}

/** queued -> no-worker: nobody who is there may run it. */
export function park(state: SchedulerState, task: TaskRecord): void {
  leaveQueue(state, task);
  state.demands?.park(task);
}

/** Where ready tasks wait that were submitted with such options. */
export function lineOf(state: SchedulerState, { priority = 0, depth = 0 }: TaskOptions, hasInputs: boolean): Line {
  const { nested, dependents, roots } = queueOf(state, priority);
  if (depth === 0) return hasInputs ? dependents : roots;
  while (nested.length < depth) nested.push(new Deque());
  return nested[depth - 1] as Line;
}

function queueOf(state: SchedulerState, priority: number): Queue {
  let at = 0;
  for (; at < state.queues.length; at++) {
    const queue = state.queues[at] as Queue;
    if (queue.priority === priority) return queue;
    if (queue.priority < priority) break;
  }
  const queue: Queue = { priority, nested: [], dependents: new Deque(), roots: new Deque() };
  state.queues.splice(at, 0, queue);
  return queue;
}

/**
 * processing -> memory: a worker finished it. Its value, or the worker as its holder, has been noted already.
 *
 * A value that came along is safe here, so the recipe and with it the claim on its inputs can go. Where dependents run is
 * not decided here: other results of the same event may still change which worker is closest.
 */
export function settle(state: SchedulerState, task: TaskRecord): void {
  task.deaths = undefined;
  task.witnessed = 0;
  releaseInputs(state, task);
  if (task.value !== NO_VALUE) dropRecipe(task);
  if (task.wanted) tellOfValue(state, task, task.client, task.clientTask);
  for (const { client, id } of task.claims ?? []) tellOfValue(state, task, client, id);
  if (task.value === NO_VALUE) fetchForClients(state, task);
  wakeDependents(state, task);
  task.keep = false;
  if (!task.isNeeded) state.recommend(task, "released");
}

/** Lets go of the tasks its row refers to; the function stays, since the key is made of its name. */
function dropRecipe(task: TaskRecord): void {
  const { rows } = task.group;
  const first = task.firstSlot;
  for (let i = first, end = first + task.slots; i < end; i++) rows[i] = undefined;
  task.isFinal = true;
}

/** Tells one claimant that the value is there; a small one goes along, and is the submitter's own from then on. */
export function tellOfValue(state: SchedulerState, task: TaskRecord, client: ClientRecord, id: ClientTaskId): void {
  if (task.value === NO_VALUE || task.nbytes > SMALL_VALUE_LIMIT) {
    if (!task.atClient)
      state.toClient(client).send({ type: "key-stored", id, nbytes: task.nbytes, valueType: task.valueType });
    return;
  }
  if ((task.flags & FLAG_CARRIES) !== 0 || state.durability !== undefined) {
    // It stays here for as long as the client's future, and with it the futures in it; and the journal of what is durable.
    const { value, nbytes } = task;
    return state.toClient(client).send({ type: "value-fetched", id, value, nbytes, shared: true, moved: false });
  }
  const isObject = typeof task.value === "object" && task.value !== null;
  const isShared = isObject && (task.liveDependents > 0 || task.name !== undefined || isOthersToo(task));
  state.toClient(client).inMemory(id, task.value, isShared);
  if (task.name === undefined && client === task.client && id === task.clientTask) client.handedOver.tasks.push(task);
}

/** Whether others than its submitter want it. */
function isOthersToo(task: TaskRecord): boolean {
  return task.claims !== undefined || (task.flags & FLAG_KEPT) !== 0;
}

/** Lets the tasks go on that waited for this one's value. */
export function wakeDependents(state: SchedulerState, task: TaskRecord): void {
  if (task.dependents === undefined) return;
  for (const dependent of task.dependents) {
    if (dependent.state !== "waiting" || !dependent.registered) continue;
    dependent.waitingOn -= 1;
    if (dependent.waitingOn === 0) state.recommend(dependent, "queued");
  }
}

/** -> erred, of its own or through an input: whoever depends on it ends with the same error. */
export function fail(state: SchedulerState, task: TaskRecord): void {
  leaveQueue(state, task);
  freeReplicas(state, task);
  const { error } = task;
  if (error !== undefined) {
    tell(state, task, (id) => ({ type: "task-erred", id, error }));
    for (const dependent of task.dependents ?? []) {
      if (!dependent.registered) continue;
      dependent.error = error;
      state.recommend(dependent, "erred");
    }
  }
  releaseInputs(state, task);
  task.keep = false;
  if (!task.isNeeded) state.recommend(task, "released");
}
