/** What a task finds around it that is run here rather than on a worker. */

import type { RunningTask, Surroundings, WorkerContext } from "../shipping/task-context.ts";

/** Where `getTask()` and the like look: see `shipping/task-context.ts`. */
const PLACE = Symbol.for("manyhands.surroundings");
const places = globalThis as { [PLACE]?: Surroundings | undefined };

const HERE: WorkerContext = { address: "replay", name: "replay", nThreads: 1, setResources: () => {} };

/** Tasks that are being run here, the latest last: that is the one that asks, as far as can be told. */
const running: RunningTask[] = [];

/** Calls `run` so that it finds itself in `task`, until what it returns has settled. */
export async function asTask(task: RunningTask, run: () => unknown): Promise<unknown> {
  const before = places[PLACE];
  if (before !== undefined && before.worker !== HERE) return run(); // This is a worker, which has a task of its own running.
  running.push(task);
  look();
  try {
    return await run();
  } finally {
    running.splice(running.indexOf(task), 1);
    look();
  }
}

function look(): void {
  const task = running.at(-1);
  places[PLACE] = task === undefined ? undefined : { worker: HERE, task, ask: undefined, anyClient: () => task.client };
}

/**
 * Names that functions made of their source find in scope here, as on a worker. They are written anew: were they imported, every page
 * would load them.
 */
export const namesHere = {
  getTask: taskHere,
  getClient: () => taskHere()?.client,
  getWorker: () => places[PLACE]?.worker,
  secede: () => {
    const task = taskHere();
    task?.secede();
    return () => task?.rejoin();
  },
  rejoin: () => taskHere()?.rejoin(),
};

function taskHere(): RunningTask | undefined {
  return places[PLACE]?.ask?.() ?? places[PLACE]?.task;
}
