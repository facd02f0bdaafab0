/** Client: what users submit functions to. Calls return at once; what they set going is followed through futures. */

import { demandCount } from "../protocol/counts.ts";
import type { Key } from "../protocol/identity.ts";
import type { SchedulerInfo } from "../protocol/requests.ts";
import { ACTOR } from "../protocol/task-spec.ts";
import type { AnyFunction } from "../shipping/function-source.ts";
import type { ActorClass, ActorHandle } from "./actors/handle-types.ts";
import type { Arguments, Columns, Gathered, MoreColumns } from "./arguments.ts";
import type { ScatterOptions } from "./call-options.ts";
import { Diagnostics } from "./diagnostics.ts";
import { type CancelOptions, Future, futureAccess, hasFailed, type Watcher } from "./future.ts";
import { fill, snapshot } from "./nesting.ts";
import { sessions } from "./open-sessions.ts";
import { listOf } from "./ownership.ts";
import type { ReplayOptions } from "./replay.ts";
import type { Session } from "./session.ts";
import { type Defaults, keyOfEach, submitSpecially } from "./special-submission.ts";
import {
  type MapStreamOptions,
  mapStream,
  type StreamMade,
  type StreamSource,
  stream,
  type TaskStream,
} from "./streaming.ts";
import { checkOptions, taskOptions, type WithOptions } from "./with-options.ts";

/** What a client is connected to, and what it owns of it. */
export interface Connection {
  readonly session: Session;
  /** Settles when tasks can run. */
  readonly ready: Promise<void>;
  /** Ends what was started for this client alone. */
  close(): Promise<void>;
}

export class Client extends Diagnostics {
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #options: Defaults;
  readonly #given: WithOptions;

  /** Made by the doors: `new Client()` there connects first. */
  constructor(connection: Connection, options: WithOptions = {}) {
    checkOptions(options);
    super(connection.session);
    const { key, name, pure = false, signal, limit, actor } = options;
    this.#connection = connection;
    this.#session = connection.session;
    sessions.set(this, connection.session);
    this.#given = options;
    this.#options = {
      task: taskOptions(options),
      key: typeof key === "string" ? key : undefined,
      keys: typeof key === "object" ? key : undefined,
      limit,
      special:
        pure || name !== undefined || signal !== undefined || actor
          ? { pure: pure && !actor, signal, kind: actor ? ACTOR : 0 }
          : undefined,
    };
  }

  /** Names this client in the cluster. */
  get id(): string {
    return this.#session.id;
  }

  /** Settles when the first worker is there. What is submitted before waits. */
  get ready(): Promise<void> {
    return this.#connection.ready;
  }

  /**
   * Runs `fn(...args)` on some worker and returns at once with a {@link Future} for its result.
   *
   * Futures among the arguments, at any depth, become dependencies: the task starts once they are in memory, and gets their
   * values. Arguments are captured now; what is done to them later is not seen. The function travels as its source: what it uses
   * of its surroundings has to be taken along with `closure()`, unless it comes from `fromModule()`.
   *
   * @throws {@link UnserializableError} if an argument or the function cannot travel; nothing is submitted.
   * @example Chain two tasks
   * ```ts
   * const sum = client.submit((a: number, b: number) => a + b, 1, 2);
   * await client.submit((a: number) => a * 10, sum).result(); // 30
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: a parameter whose type follows from its default would be unknown otherwise.
  submit<A extends readonly any[], R>(fn: (...args: A) => R, ...args: Arguments<A>): Future<Awaited<R>>;
  /** The same for a class, with `with({ actor: true })`: see {@link actor}. */
  submit<C extends ActorClass>(Class: C, ...args: Arguments<ConstructorParameters<C>>): Future<ActorHandle<C>>;
  submit(fn: unknown, ...args: readonly unknown[]): Future<never> {
    const row = args as unknown[];
    const future =
      this.#options.special === undefined
        ? this.#session.submit(fn as AnyFunction, row, this.#options)
        : submitSpecially(this.#session, fn as AnyFunction, [row], this.#options, () => this.#options.key)[0];
    return future as Future<never>;
  }

  /**
   * Makes an instance of `Class` on some worker, which lives on there: the future is one of a handle on it, whose methods are the
   * class's. `await handle.method(...)` calls one, straight from here to the worker; `await handle.field` reads a field.
   *
   * Calls of one client begin in the order in which they were made; async methods interleave where they await. An actor lives as long as
   * there is a handle on it, or a future of one. When its worker dies, its calls fail with {@link ActorLostError}, unless
   * `with({ actor: { onLoss: "restart" } })` says otherwise.
   *
   * @throws TypeError if it is no class, {@link UnserializableError} if it or an argument cannot travel.
   * @example
   * ```ts
   * class Counter { count = 0; increment() { return ++this.count; } }
   * const counter = await client.actor(Counter).result();
   * await counter.increment(); // 1
   * await counter.count; // 1
   * ```
   */
  actor<C extends ActorClass>(Class: C, ...args: Arguments<ConstructorParameters<C>>): Future<ActorHandle<C>> {
    const { actor = true } = this.#given;
    return this.with({ actor: actor || true }).submit(Class, ...args);
  }

  /**
   * One task for each element. Several iterables go in step, up to the end of the shortest.
   *
   * @example
   * ```ts
   * const squares = client.map((x: number) => x ** 2, [1, 2, 3]);
   * await client.gather(squares); // [1, 4, 9]
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: as for submit().
  map<A extends readonly any[], R>(fn: (...args: A) => R, ...iterables: Columns<A>): Future<Awaited<R>>[];
  /** The same for a function that does not look at all that it is given. */
  map<A extends readonly unknown[], R>(fn: (...args: A) => R, ...iterables: MoreColumns<A>): Future<Awaited<R>>[];
  map(fn: (...args: never[]) => unknown, ...iterables: readonly unknown[]): Future[] {
    if (iterables.length === 0) throw new TypeError("map() needs at least one iterable beside the function");
    const columns = iterables.map((iterable, i) => toArray(iterable as Iterable<unknown>, i));
    return this.#options.special === undefined
      ? this.#session.map(fn as AnyFunction, columns, this.#options, this.#options.keys)
      : submitSpecially(this.#session, fn as AnyFunction, rowsOf(columns), this.#options, (i) =>
          keyOfEach(this.#options, i),
        );
  }

  /**
   * Runs a generator function on some worker; what it yields comes back item by item, for `for await`.
   *
   * It runs at once, and stops when as many items as `with({ limit })` says wait to be taken: then its worker does something else.
   * `break` cancels it: its `getTask().signal` is aborted, and its `finally` blocks run. What it throws is thrown after the items
   * before it. If its worker dies it starts over, unless items of it have been taken: then the stream ends with {@link KilledWorkerError}.
   *
   * @example
   * ```ts
   * for await (const prime of client.stream(function* () { for (let n = 2; ; n++) if (isPrime(n)) yield n; })) show(prime);
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: as for submit().
  stream<A extends readonly any[], T, R>(
    fn: (...args: A) => StreamMade<T, R>,
    ...args: Arguments<A>
  ): TaskStream<T, Awaited<R>> {
    return stream<T, Awaited<R>>(this.#session, fn as AnyFunction, args as unknown as unknown[], this.#options);
  }

  /**
   * The results of `fn` for the items of a source, which may be endless: an async iterator, for `for await`.
   *
   * There are never more than `limit` items between the source and whoever takes the results: a slow consumer slows the source down.
   * An error of a task is thrown in its place, one of the source after the results before it; then, and after `break`, what is
   * under way is cancelled and the source is closed.
   *
   * @example
   * ```ts
   * for await (const page of client.mapStream(parse, readLines(file), { limit: 8 })) show(page);
   * ```
   */
  mapStream<T, R>(
    fn: (item: T) => R,
    source: StreamSource<T>,
    options: MapStreamOptions = {},
  ): AsyncIterableIterator<Awaited<R>, undefined> {
    return mapStream(this.#session, fn as AnyFunction, source, options, this.#options);
  }

  /**
   * The same nesting of arrays, plain objects, maps and sets with values in place of futures, fetched in parallel.
   *
   * @param options.errors - `throw` (the default): rejects with the first error. `skip`: failed futures are left out of arrays,
   * maps and sets, and undefined elsewhere.
   */
  gather<X>(collection: X, { errors = "throw" }: { readonly errors?: "throw" | "skip" } = {}): Promise<Gathered<X>> {
    if (errors !== "throw" && errors !== "skip") throw new TypeError(`errors is "throw" or "skip", not ${errors}`);
    const isFlat = Array.isArray(collection) && collection.every((each) => each instanceof Future);
    const futures: Future[] = isFlat ? collection.slice() : [];
    const shape = isFlat ? futures : snapshot(collection, futures);
    return new Promise((resolve, reject) => {
      let missing = futures.length;
      const finish = () => resolve(fill(shape, errors === "skip") as Gathered<X>);
      if (missing === 0) return finish();
      const watcher: Watcher = {
        changed: (future) => {
          const state = futureAccess.state(future);
          if (hasFailed(state)) {
            if (errors === "throw") {
              reject(futureAccess.error(future));
              return false;
            }
          } else if (state !== "finished") return true;
          missing -= 1;
          if (missing === 0) finish();
          return false;
        },
      };
      for (const future of futures) {
        const isThere =
          futureAccess.state(future) === "finished" || (future.done() && futureAccess.state(future) !== "stored");
        if (!isThere) futureAccess.owner(future).requestValue(future);
        futureAccess.watch(future, watcher);
      }
    });
  }

  /**
   * Gives a value to the cluster, to be used by many tasks: it reaches each worker that needs it once.
   *
   * It is captured now, or moved with `scatter(transfer(value, [value.buffer]))`.
   *
   * @throws {@link UnserializableError} if it cannot travel, and TypeError if it is to be named by its content and has none to be told by.
   */
  scatter<T>(value: T, options: ScatterOptions = {}): Future<T> {
    return this.#scatter(value, options, this.#options.key) as Future<T>;
  }

  /** One future for each of the values. */
  scatterAll<T>(values: Iterable<T>, options: ScatterOptions = {}): Future<T>[] {
    return Array.from(values, (value, i) => this.#scatter(value, options, keyOfEach(this.#options, i)) as Future<T>);
  }

  /** The same client with defaults for what is submitted through it, on top of those it has. */
  with(options: WithOptions): Client {
    const other = new Client(this.#connection, { ...this.#given, ...options });
    // Of the class of this one: those that the doors give away connect when they are made.
    return Object.setPrototypeOf(other, Object.getPrototypeOf(this));
  }

  /** Takes tasks, and all that depends on them, out of the cluster. See {@link Future.cancel}. */
  cancel(futures: Future | Iterable<Future>, options?: CancelOptions): void {
    this.#session.cancel(listOf(futures), options);
  }

  /** Runs failed tasks again, and before them the inputs whose failure made them fail. */
  retry(futures: Future | Iterable<Future>): void {
    this.#session.retry(listOf(futures));
  }

  /**
   * Runs a task once more, here: with the arguments that it had, fetched from the cluster or made again there. For a debugger, mostly.
   *
   * A function that this client has submitted is called itself, so that breakpoints are where they were set; that way it also sees the
   * variables around it, which on a worker it does not. Any other is made of its source, whoever submitted it: mind whom you trust. Of a
   * task that failed because of one of its inputs, it is the input that is run. `getTask()` tells of attempt 0.
   *
   * Tasks that ended well are forgotten with what they were given, unless their results are large and still in the cluster.
   *
   * @throws what the task throws, or an Error that says what is not there any more.
   * @example
   * ```ts
   * await client.replay(failed, { debugger: true });
   * ```
   */
  async replay<T>(future: Future<T>, options: ReplayOptions = {}): Promise<T> {
    const { replay } = await import("./replay.ts");
    return (await replay(this, this.#session, future, options)) as T;
  }

  /** A claim on the task known as `key`, whichever client submitted it. */
  future<T = unknown>(key: Key): Future<T> {
    return this.#session.claim(key) as Future<T>;
  }

  /** Has tasks run to their end even if every future on them is released. */
  fireAndForget(futures: Future | Iterable<Future>): void {
    this.#session.fireAndForget(listOf(futures));
  }

  /** Who is there, and how busy. */
  schedulerInfo(): Promise<SchedulerInfo> {
    return this.#session.ask({ type: "scheduler-info" }) as Promise<SchedulerInfo>;
  }

  /** Settles when so many workers are there; rejects with the reason of `signal`. */
  async waitForWorkers(count: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    demandCount("count", count ?? Number.NaN, 0);
    await this.#session.ask({ type: "wait-for-workers", count }, signal);
  }

  /** Ends the conversation: what is pending ends as cancelled. A cluster that was started for this client ends too. */
  async close(): Promise<void> {
    this.#session.close("the client was closed");
    await this.#connection.close();
  }

  /** Ends the cluster, for every client of it: what they wait for ends with an error that says so. Then this one is closed, too. */
  async shutdown(): Promise<void> {
    // It is not answered, for then there is nobody any more.
    await this.#session.ask({ type: "shutdown" }).catch(() => {});
    await this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #scatter(value: unknown, options: ScatterOptions, key: Key | undefined): Future {
    const { workers = this.#given.workers } = options;
    if (workers === undefined) return this.#session.scatter(value, options, key);
    checkOptions({ workers });
    return this.#session.scatter(value, { ...options, workers }, key);
  }
}

/** Has tasks run to their end even if every future on them is released. */
export function fireAndForget(futures: Future | Iterable<Future>): void {
  for (const future of listOf(futures)) (futureAccess.owner(future) as Session).fireAndForget([future]);
}

function toArray(iterable: Iterable<unknown>, index: number): readonly unknown[] {
  if (Array.isArray(iterable)) return iterable;
  if (typeof iterable?.[Symbol.iterator] !== "function") {
    throw new TypeError(`argument ${index + 1} of map() must be iterable, as an array is`);
  }
  return [...iterable];
}

/** Element by element what stands side by side, up to the end of the shortest. */
function rowsOf(columns: readonly (readonly unknown[])[]): unknown[][] {
  const length = Math.min(...columns.map((column) => column.length));
  return Array.from({ length }, (_, i) => columns.map((column) => column[i]));
}
