/** Plugins: what users give to every worker, as it looks on both sides. */

import type { WorkerContext } from "./task-context.ts";

/** What a task's run can be, to a plugin: `erred` may be followed by another run. */
export type RunState = "ready" | "executing" | "memory" | "erred" | "released";

/**
 * Something that every worker has: those that are there, and each that comes, before its first task.
 *
 * An object, or an instance of a class. Its fields are copied, and its methods travel as source text, like functions that are
 * submitted: what they use of their surroundings has to be a field, or to be taken along with `closure()`. `this` is the
 * worker's own copy, so a method can keep things on it. Private names (`#field`) do not travel.
 */
export interface WorkerPlugin {
  /** A second one of the same name takes the place of the first. */
  readonly name: string;
  /** Called once on each worker; until it has settled, no task begins there. */
  setup?(worker: WorkerContext): unknown;
  /** Called when the plugin is unregistered or replaced, and when the worker is retired. */
  teardown?(worker: WorkerContext): unknown;
  /** Called when a task begins on the worker, and when its run ends. What it throws is only warned of. */
  transition?(key: string, from: RunState, to: RunState): void;
}
