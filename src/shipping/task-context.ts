/** What a task can ask about itself and about the worker it runs on. */

import type { Key, WorkerAddress } from "../protocol/identity.ts";

export interface TaskContext {
  readonly key: Key;
  /** 1 for the first run, 2 for the one after the first failure or death of a worker, … */
  readonly attempt: number;
  /** Aborted when the task is cancelled. */
  readonly signal: AbortSignal;
  /** Tells whoever listens to the future's `onProgress` how far it is, from 0 to 1. */
  progress(fraction: number, note?: string): void;
}

export interface WorkerContext {
  readonly address: WorkerAddress;
  readonly name: string;
  /** Tasks it may have in flight. */
  readonly nThreads: number;
}

export interface Surroundings {
  readonly worker: WorkerContext;
  task: TaskContext | undefined;
  /** Says which task is running while many are run on end, and `task` is not kept up to date. */
  ask: (() => TaskContext) | undefined;
}

/**
 * A place every copy of the library in a thread agrees on: the worker's own, and the one that a user's module imports there.
 */
const PLACE = Symbol.for("manyhands.surroundings");
const places = globalThis as { [PLACE]?: Surroundings };

/** Makes this thread known as a worker's. */
export function surround(worker: WorkerContext): Surroundings {
  const surroundings: Surroundings = { worker, task: undefined, ask: undefined };
  places[PLACE] = surroundings;
  return surroundings;
}

/**
 * The task that is running.
 *
 * With more than one task in flight on a worker (`threadsPerWorker`), ask before the first `await`: afterwards another may run.
 *
 * @throws Error if called outside a task.
 */
export function getTask(): TaskContext {
  const place = places[PLACE];
  const task = place?.ask?.() ?? place?.task;
  if (task === undefined) {
    throw new Error(
      "getTask() was called outside a task; in an async task with threadsPerWorker > 1, call it before the first await",
    );
  }
  return task;
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
