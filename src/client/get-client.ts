/** getClient: the client of the task that is running. */

import { goByNames } from "../shipping/own-names.ts";
import { clientAround } from "../shipping/task-context.ts";
import type { Client } from "./client.ts";

/**
 * A client of the cluster that the running task belongs to, for the task to submit tasks with.
 *
 * While the task awaits futures, it takes no slot of its worker, so that tasks may submit tasks to any depth. What it submits runs
 * before other tasks of the same priority, and runs on if the task ends well. If the task fails, is cancelled or loses its worker, what it
 * has asked for is let go: of that, only what others want too runs on. What it scatters stays where it is, and is lost with the last worker
 * that holds it. A future may be returned, alone or inside of anything: whoever gets it has a future on the same task.
 *
 * Each task has its own client: ask for it before the first `await`. Afterwards, where several tasks are in flight on the worker, you get
 * one of which nobody can tell whose it is; it works as well, but the tasks submitted through it are not let go with yours.
 *
 * @throws Error if called outside a task.
 * @example
 * ```ts
 * async function fib(n: number): Promise<number> {
 *   if (n < 2) return n;
 *   const client = getClient();
 *   const [a, b] = await client.gather([client.submit(fib, n - 1), client.submit(fib, n - 2)]);
 *   return a + b;
 * }
 * await client.submit(fib, 10).result(); // 55
 * ```
 */
export function getClient(): Client {
  const client = clientAround();
  if (client !== undefined) return client as Client;
  throw new Error("getClient() was called outside a task; use the client that was made with new Client() there");
}

goByNames({ getClient });
