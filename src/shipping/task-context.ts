/** What a task can ask about itself and about the worker it runs on. */

import type { Key, WorkerAddress } from "../protocol/identity.ts";
import type { Resources } from "../protocol/task-spec.ts";
import { goByNames } from "./own-names.ts";

export interface TaskContext {
  readonly key: Key;
  /** 1 for the first run, 2 for the one after the first failure or death of a worker, … */
  readonly attempt: number;
  /** Aborted when the task is cancelled, and when its attempt has taken longer than `with({ timeoutMs })` allows. */
  readonly signal: AbortSignal;
  /** Tells whoever listens to the future's `onProgress` how far it is, from 0 to 1. */
  progress(fraction: number, note?: string): void;
}

export interface WorkerContext {
  readonly address: WorkerAddress;
  readonly name: string;
  /** Tasks it may have in flight. */
  readonly nThreads: number;
  /**
   * Changes what this worker has to offer to tasks that ask for it with `with({ resources })`; of kinds that are not mentioned it has
   * as much as before. A thread that takes the place of this one begins with what the cluster said.
   *
   * @throws TypeError if these are no amounts.
   */
  setResources(resources: Resources): void;
}

/** A task as its worker knows it. */
export interface RunningTask extends TaskContext {
  /** What it gets from `getClient()`. */
  readonly client: unknown;
  secede(): void;
  rejoin(): void;
}

export interface Surroundings {
  readonly worker: WorkerContext;
  /** The task that is running, as far as that can be told. */
  task: RunningTask | undefined;
  /** Says which task is running while many are run on end, and `task` is not kept up to date. */
  ask: (() => RunningTask) | undefined;
  /** A client for whoever it is that runs; undefined if no task is in flight. */
  readonly anyClient: () => unknown;
}

/**
 * A place every copy of the library in a thread agrees on: the worker's own, and the one that a user's module imports there.
 */
const PLACE = Symbol.for("manyhands.surroundings");
const places = globalThis as { [PLACE]?: Surroundings };

/** Makes this thread known as a worker's. */
export function surround(worker: WorkerContext, anyClient: () => unknown): Surroundings {
  const surroundings: Surroundings = { worker, task: undefined, ask: undefined, anyClient };
  places[PLACE] = surroundings;
  return surroundings;
}

/**
 * The task that is running.
 *
 * Ask before the first `await`: afterwards another may run, if there are more in flight on the worker.
 *
 * @throws Error if called outside a task.
 */
export function getTask(): TaskContext {
  return taskAround("getTask()");
}

/**
 * Gives the running task's slot to another, for good or until `rejoin()`. The task runs on: with a long wait ahead, say.
 *
 * Waiting for futures of `getClient()` does so by itself, for as long as it takes.
 *
 * @returns how to rejoin, which needs no telling which task it is.
 * @throws Error if called outside a task; in an async one, call it before the first `await`.
 * @example
 * ```ts
 * const rejoin = secede();
 * await untilFileIsThere(path);
 * rejoin();
 * ```
 */
export function secede(): () => void {
  const task = taskAround("secede()");
  task.secede();
  return () => task.rejoin();
}

/**
 * The running task takes a slot again. It does not wait for one: until there is one, it counts beyond them, and nothing else is begun.
 *
 * @throws Error if called outside a task, or where it cannot be told which of several it is: then call what `secede()` returned.
 */
export function rejoin(): void {
  taskAround("rejoin()").rejoin();
}

function running(): RunningTask | undefined {
  const place = places[PLACE];
  return place?.ask?.() ?? place?.task;
}

function taskAround(call: string): RunningTask {
  const task = running();
  if (task === undefined) {
    throw new Error(
      `${call} was called outside a task; in an async task beside others, call it before the first await` +
        (call === "rejoin()" ? ", or call what secede() returned" : ""),
    );
  }
  return task;
}

/** The client for whoever asks; undefined outside of tasks. */
export function clientAround(): unknown {
  return running()?.client ?? places[PLACE]?.anyClient();
}

/**
 * The worker this code runs on.
 *
 * @throws Error if called outside a worker.
 */
export function getWorker(): WorkerContext {
  const worker = places[PLACE]?.worker;
  if (worker === undefined) throw new Error("getWorker() was called outside a worker");
  return worker;
}

goByNames({ getTask, getWorker, rejoin, secede });
