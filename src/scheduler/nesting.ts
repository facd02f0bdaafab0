/**
 * Tasks that submit tasks.
 *
 * The tasks of a worker share one client. What it says and hears travels on the worker's own channel, it is there from its first word
 * on, and it goes with the worker: what only it wanted is let go then, and the task that wanted it runs again elsewhere.
 *
 * A run that waits for other tasks gives its slot back, here as in its worker, so that those have a place to run however deep
 * they are nested. When it goes on it counts again, if need be beyond the number of slots: it is not made to wait a second time. And deeper
 * tasks run first, so that what was begun comes to an end before more is begun.
 */

import { Deque } from "../collections/deque.ts";
import { clientOfWorker, type RunId, type TaskId } from "../protocol/identity.ts";
import type { TaskOptions } from "../protocol/task-spec.ts";
import { tell } from "./news.ts";
import { ClientRecord, FLAG_SECEDED, type TaskRecord } from "./records.ts";
import { stopFetching } from "./release.ts";
import type { Line, Queue, SchedulerState } from "./state.ts";
import { type WorkerRecord, zombieName } from "./worker-record.ts";

/** The client of a worker's tasks. */
export function clientOf(state: SchedulerState, worker: WorkerRecord): ClientRecord {
  const id = clientOfWorker(worker.address);
  let client = state.clients.get(id);
  if (client === undefined) {
    client = new ClientRecord(id, state.unfold, worker);
    state.clients.set(id, client);
  }
  return client;
}

/** A run has given its slot back. It may have been called off already, and still be at work. */
export function secede(state: SchedulerState, worker: WorkerRecord, id: TaskId, run: RunId): void {
  const name = zombieName(id, run);
  const task = runOf(state, worker, id, run);
  if (worker.seceded.has(name)) return;
  if (task !== undefined) {
    begin(state, task);
    task.flags |= FLAG_SECEDED;
    worker.seceded.set(name, task.expectedUs);
    worker.occupancyUs -= task.expectedUs;
    task.expectedUs = 0;
  } else {
    const zombieUs = worker.zombies.get(name);
    if (zombieUs === undefined) return;
    worker.seceded.set(name, zombieUs);
    worker.occupancyUs -= zombieUs;
    worker.zombies.set(name, 0);
  }
  if (worker.running === 0) worker.alone = false;
}

/** It counts again. */
export function rejoin(state: SchedulerState, worker: WorkerRecord, id: TaskId, run: RunId): void {
  const name = zombieName(id, run);
  const us = worker.seceded.get(name);
  if (us === undefined) return;
  worker.seceded.delete(name);
  worker.occupancyUs += us;
  const task = runOf(state, worker, id, run);
  if (task === undefined) worker.zombies.set(name, us);
  else task.expectedUs = us;
}

/** It has its inputs and has begun, which whoever wants it is told once. */
export function begin(state: SchedulerState, task: TaskRecord): void {
  stopFetching(task);
  if (task.started) return;
  task.started = true;
  tell(state, task, (id) => ({ type: "tasks-started", ids: [id] }));
}

function runOf(state: SchedulerState, worker: WorkerRecord, id: TaskId, run: RunId): TaskRecord | undefined {
  const task = state.tasks.get(id);
  return task?.runId === run && task.processingOn === worker ? task : undefined;
}

/** The options of tasks that a task submits, with how deep they are nested. */
export function nest(state: SchedulerState, options: TaskOptions): TaskOptions {
  if (options.parent === undefined) return options;
  const parent = state.tasks.get(options.parent);
  return { ...options, depth: (parent?.group.options.depth ?? 0) + 1 };
}

/** Where ready tasks wait that were submitted with such options. */
export function lineOf({ nested, dependents, roots }: Queue, { depth = 0 }: TaskOptions, hasInputs: boolean): Line {
  if (depth === 0) return hasInputs ? dependents : roots;
  while (nested.length < depth) nested.push(new Deque());
  return nested[depth - 1] as Line;
}

/** Those of `suspects` that are at work, and the tasks that submitted them: whoever wants a task that kills is to blame as well. */
export function culpritsAmong(state: SchedulerState, worker: WorkerRecord, suspects: readonly TaskRecord[]) {
  const atWork = suspects.filter((task) => !worker.seceded.has(zombieName(task.id, task.runId)));
  const culprits = new Set(atWork.length > 0 ? atWork : suspects);
  for (const { group } of culprits) {
    const parent = group.options.parent === undefined ? undefined : state.tasks.get(group.options.parent);
    if (parent !== undefined) culprits.add(parent);
  }
  return culprits;
}
