/** Who is who: the names and numbers by which tasks, workers, functions and clients are known. */

/**
 * Names a task and, later, its result, in any client of the cluster. Numbers are used between two parties that know each
 * other (they are four times cheaper than text); a key is only spelled out when somebody asks for it.
 */
export type Key = string;

/** A task as one client numbers its own: 0, 1, 2, … in the order of submission. */
export type ClientTaskId = number;

/** A task as the scheduler numbers all of them. Never used twice. */
export type TaskId = number;

/** Which dispatch of a task this is: 1, 2, … Whatever comes back with an older one is ignored. */
export type RunId = number;

/** A function as the scheduler numbers the different ones it was given. */
export type FunctionId = number;

/** Where a worker can be reached, as `thread://3`; a thread that replaces another has a new one. */
export type WorkerAddress = string;

export type ClientId = string;

/** The key of a task that was not named by its user. */
export function keyOf(prefix: string, client: ClientId, id: ClientTaskId): Key {
  return `${prefix || "task"}-${client}-${id}`;
}
