/** What a client does to all workers at once, beside the queue of tasks: the half of `Client` that few programs use. */

import { type AnyFunction, absoluteUrl, describeFunction } from "../shipping/function-source.ts";
import type { WorkerPlugin } from "../shipping/plugin.ts";
import { captureWithoutFutures } from "./argument-capture.ts";
import { DataControl } from "./data-control.ts";
import type { Session } from "./session.ts";

export class WorkerControl extends DataControl {
  readonly #session: Session;

  constructor(session: Session) {
    super(session);
    this.#session = session;
  }

  /**
   * Calls `fn(...args)` on every worker, now: not as a task, and whatever else is to be done. What it returns, by address.
   *
   * Workers that are just being started take part. One that is in the middle of synchronous code answers when it is between
   * tasks, one whose task awaits something at once. Function and arguments travel like those of tasks, but futures do not.
   *
   * Rejects once all have answered, with the error that came first; with `CommClosedError` if a worker ended before it answered.
   *
   * @throws TypeError if there are futures among the arguments.
   * @example
   * ```ts
   * await client.run(() => getWorker().name); // { "thread://worker/0": "worker-0", … }
   * ```
   */
  async run<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Record<string, Awaited<R>>> {
    const { value } = captureWithoutFutures(args, "args");
    const answer = this.#session.ask({ type: "run", fn: describeFunction(fn as AnyFunction), args: value });
    return answer as Promise<Record<string, Awaited<R>>>;
  }

  /**
   * Gives every worker a plugin: those that are there, and each that comes before its first task.
   *
   * Settles when all have set it up. If that fails on one of them, rejects with an error that names it, and the plugin is taken
   * off the others again. On a worker that comes later a failure is only warned of, and the worker does without.
   *
   * @example
   * ```ts
   * await client.registerPlugin({
   *   name: "tables",
   *   setup() {
   *     globalThis.squares = Array.from({ length: 1000 }, (_, i) => i * i);
   *   },
   * });
   * ```
   */
  async registerPlugin(plugin: WorkerPlugin): Promise<void> {
    const { capturePlugin } = await import("./plugin-capture.ts");
    await this.#session.ask({ type: "register-plugin", ...capturePlugin(plugin, captureWithoutFutures) });
  }

  /** Takes a plugin off every worker; its `teardown` is called there. One that is not there is none. */
  async unregisterPlugin(name: string): Promise<void> {
    await this.#session.ask({ type: "unregister-plugin", name });
  }

  /**
   * Has workers, by address or name, take no tasks for a while: what they have begun they finish, and tasks elsewhere can use the
   * values they hold.
   *
   * @throws RangeError if one of them is not there.
   */
  async pauseWorkers(workers: string | Iterable<string>): Promise<void> {
    await this.#session.ask({ type: "pause-workers", workers: namesIn(workers) });
  }

  /** Has them take tasks again. */
  async unpauseWorkers(workers: string | Iterable<string>): Promise<void> {
    await this.#session.ask({ type: "unpause-workers", workers: namesIn(workers) });
  }

  /**
   * Has workers, by address or name, leave in good order: they take nothing any more, finish what they have begun, and end when others
   * have what only they hold. Nobody takes their place.
   *
   * Settles when all are gone, with the addresses of those that left so; one that is not there, or died meanwhile, is not among them.
   * Given up by `signal`, those that are still there stay.
   */
  async retireWorkers(
    workers: string | Iterable<string>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly string[]> {
    signal?.throwIfAborted();
    const answer = this.#session.ask({ type: "retire-workers", workers: namesIn(workers) }, signal);
    return answer as Promise<readonly string[]>;
  }

  /**
   * Ends every thread, forgets every task, and starts others in their places. Every client's futures end as cancelled, but for those
   * whose value is there already; scattered values are gone. Plugins and modules are given to the new workers.
   *
   * Settles when these are there, or at once with `waitForWorkers: false`.
   */
  async restart({ waitForWorkers = true }: { readonly waitForWorkers?: boolean } = {}): Promise<void> {
    await this.#session.ask({ type: "restart", waits: waitForWorkers });
  }

  /**
   * Ends workers, by address or name, and starts others in their places: what they were at runs again, and what only they held is
   * computed again. That does not count as a death that a task might be to blame for. Settles when the others are there.
   *
   * @throws RangeError if one of them is not there.
   */
  async restartWorkers(workers: string | Iterable<string>): Promise<void> {
    await this.#session.ask({ type: "restart", workers: namesIn(workers), waits: true });
  }

  /**
   * Has every worker import a module: those that are there, and each that comes before its first task.
   *
   * Settles when all have; rejects with an error that names the worker if one cannot, and later workers are not asked to.
   *
   * @throws TypeError if `url` is not absolute: write `new URL("./work.js", import.meta.url)`.
   */
  async registerModule(url: { readonly href: string } | string): Promise<void> {
    await this.#session.ask({ type: "register-module", url: absoluteUrl(url) });
  }
}

function namesIn(workers: string | Iterable<string>): readonly string[] {
  return typeof workers === "string" ? [workers] : [...workers];
}
