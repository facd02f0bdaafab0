/** Future: a claim on the result of a task, wherever it is. */

import { decodeError, type ErrorOnWire } from "../protocol/errors.ts";
import type { ClientTaskId, Key } from "../protocol/identity.ts";
import type { AnyFunction } from "../shipping/function-source.ts";
import { typeOf } from "../shipping/measure.ts";
import { FUTURE } from "../shipping/plain-data.ts";

export type FutureStatus = "pending" | "running" | "finished" | "error" | "cancelled" | "lost";

/** What a future asks of the client it belongs to. */
export interface FutureOwner {
  keyOf(future: Future<unknown>): Key;
  /**
   * The value is waited for: have it sent as soon as it is there, and see to it that the future lives so long.
   *
   * @param value - the promise of it that was given out, if one was.
   */
  requestValue(future: Future<unknown>, value?: Promise<unknown>): void;
  release(future: Future<unknown>): void;
  cancel(futures: readonly Future<unknown>[], options: CancelOptions | undefined): void;
  retry(futures: readonly Future<unknown>[]): void;
  /** For one that speaks through a client, as a task does: the client. */
  readonly client?: FutureOwner;
  /** For a task: somebody begins to wait for something of it. Returns how to say that this is over. */
  pause?(): () => void;
}

/** What the futures on results of one function have in common. */
export interface Origin {
  readonly owner: FutureOwner;
  /** What their keys begin with. */
  readonly prefix: string;
  /** Itself, where it was submitted here. */
  readonly fn?: AnyFunction;
}

export interface CancelOptions {
  /** End the thread that runs it, if need be, and cancel it even if other clients want it. */
  readonly force?: boolean;
  /** Told to whoever waits for it. */
  readonly reason?: string;
}

/** Somebody to be told when a future's state changes. It may stay entered with many futures at once. */
export interface Watcher {
  /** Returns whether it wants to hear more of this future. */
  changed(future: Future<unknown>): boolean;
}

/** A watcher, or the resolving half of a promise of the value: of these there are many, and they take little. */
type Waiting = Watcher | ((value: unknown) => void);

export interface Progress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly note: string | undefined;
}

/** Where the value is, once there is one: `stored` on a worker, `finished` here. */
export type FutureState = "pending" | "running" | "stored" | "finished" | "error" | "cancelled" | "lost";

/** Sizes and listeners that few futures have. */
interface Extras {
  nbytes: number | undefined;
  valueType: string | undefined;
  readonly progress: ((progress: Progress) => void)[];
  /** A task that uses it has been submitted while the value was in the cluster. */
  isInput: boolean;
}

/** Of futures of which there is nothing else to be told: of these there are many. Never changed. */
const INPUT: Extras = { nbytes: undefined, valueType: undefined, progress: [], isInput: true };

/** What the client does to futures and their users cannot. Filled in by the class. */
export interface FutureAccess {
  create<T>(origin: Origin, id: ClientTaskId): Future<T>;
  owner(future: Future<unknown>): FutureOwner;
  /** The owner, or the client that it speaks through. */
  client(future: Future<unknown>): FutureOwner;
  id(future: Future<unknown>): ClientTaskId;
  prefix(future: Future<unknown>): string;
  fn(future: Future<unknown>): AnyFunction | undefined;
  state(future: Future<unknown>): FutureState;
  /** Of a finished future. */
  value(future: Future<unknown>): unknown;
  /** Of one that failed or was cancelled. */
  error(future: Future<unknown>): unknown;
  isWatched(future: Future<unknown>): boolean;
  extras(future: Future<unknown>): Extras;
  /** The number of one that has no value yet and is `owner`'s, which is an input from now on: what is asked of most inputs, at once. */
  inputId(future: Future<unknown>, owner: FutureOwner): ClientTaskId | undefined;
  /** Brings news of the task and tells the watchers. For `finished` the value, else the error if there is one. */
  change(future: Future<unknown>, state: FutureState, outcome?: unknown): void;
  watch(future: Future<unknown>, watcher: Watcher): void;
}

export let futureAccess: FutureAccess;

/** What Node's console calls. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * A claim on the result of a task, which may not have run yet.
 *
 * It is deliberately not thenable: `await queue.get()` or an async function may hand a future on without dragging its value
 * along. `await future.result()` says what happens. A future that fails with nobody looking harms nothing. The result is kept in
 * the cluster until the last future on it is released, at the latest some time after it became unreachable.
 */
class Future<T = unknown> {
  readonly #origin: Origin;
  readonly #id: ClientTaskId;
  #state: FutureState = "pending";
  #outcome: unknown = undefined;
  #watchers: Waiting | Waiting[] | undefined = undefined;
  #extras: Extras | undefined = undefined;

  /** Futures come from a client; see {@link Client.submit}. */
  private constructor(origin: Origin, id: ClientTaskId) {
    this.#origin = origin;
    this.#id = id;
  }

  get [FUTURE](): true {
    return true;
  }

  /** Names the task in the whole cluster. */
  get key(): Key {
    return this.#origin.owner.keyOf(this);
  }

  get status(): FutureStatus {
    return this.#state === "stored" ? "finished" : this.#state;
  }

  /** Class or type of the result, as `Float32Array` or `number`, without fetching it; undefined until it is there. */
  get type(): string | undefined {
    return this.#state === "finished" ? typeOf(this.#outcome) : this.#extras?.valueType;
  }

  /** Bytes of the result, for those that were too large to come along; undefined for others. */
  get nbytes(): number | undefined {
    return this.#extras?.nbytes;
  }

  /** Whether it has ended: well, badly or cancelled. */
  done(): boolean {
    return this.#state !== "pending" && this.#state !== "running";
  }

  cancelled(): boolean {
    return this.#state === "cancelled";
  }

  /**
   * The value, fetched if it is elsewhere. Asked again, it is the same object.
   *
   * It is the caller's to change. Passed on as an argument afterwards, the future stands for the value as it is then.
   *
   * @throws the task's own error, {@link CancelledError}, {@link KilledWorkerError}, or the reason of `signal`: that gives up the
   * wait, not the task.
   */
  result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    switch (this.#state) {
      case "finished":
        return Promise.resolve(this.#outcome as T);
      case "error":
      case "cancelled":
      case "lost":
        return Promise.reject(errorOf(this.#outcome));
      default: {
        const value = new Promise<T>(keepResolve);
        Future.#addWatcher(this, lastResolve);
        this.#origin.owner.requestValue(this, value);
        return signal === undefined ? value : giveUpOn(signal, value);
      }
    }
  }

  /** The error it ended with, or undefined if it ended well; waits for the end. */
  exception({ signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const goOn = this.done() ? undefined : this.#origin.owner.pause?.();
    const end = new Promise<unknown>((resolve) => {
      Future.#whenDone(this, () => {
        goOn?.();
        resolve(hasFailed(this.#state) ? errorOf(this.#outcome) : undefined);
      });
    });
    return signal === undefined ? end : giveUpOn(signal, end);
  }

  /** The stack of the error it ended with, as the worker saw it; undefined if it ended well. Waits for the end. */
  async traceback(options: { readonly signal?: AbortSignal } = {}): Promise<string | undefined> {
    const error = await this.exception(options);
    return error instanceof Error ? error.stack : error === undefined ? undefined : String(error);
  }

  /** Calls `callback` once it has ended, in a turn of its own if it has already. What the callback throws is reported, and harms nobody. */
  addDoneCallback(callback: (future: this) => unknown): void {
    Future.#whenDone(this, () => queueMicrotask(() => attempt("a done callback", () => callback(this))));
  }

  /** Calls `listener` whenever the task reports progress with `getTask().progress()`. What it throws is reported, and harms nobody. */
  onProgress(listener: (progress: Progress) => unknown): void {
    Future.#moreThanUsual(this).progress.push((progress) => attempt("a progress listener", () => listener(progress)));
  }

  /**
   * Takes the task, and all that depends on it, out of the cluster. If it runs, its signal is aborted; code that does not look at
   * the signal runs on, unless `force` ends its thread.
   */
  cancel(options?: CancelOptions): void {
    this.#origin.owner.cancel([this], options);
  }

  /** Runs it again if it failed, and before it the inputs whose failure made it fail. */
  retry(): void {
    this.#origin.owner.retry([this]);
  }

  /** Gives up the claim. The future can still be read as far as it has been, and no further. */
  release(): void {
    this.#origin.owner.release(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** `Future`, its key and its status. */
  toString(): string {
    return `Future ${this.key} ${this.status}`;
  }

  [INSPECT](): string {
    return this.toString();
  }

  // Static, for a class with private methods adds a field to each of its instances, and of these there are many.

  static #whenDone(future: Future<unknown>, then: () => void): void {
    const watcher: Watcher = {
      changed: () => {
        if (!future.done()) return true;
        then();
        return false;
      },
    };
    if (watcher.changed(future)) Future.#addWatcher(future, watcher);
  }

  static #addWatcher(future: Future<unknown>, watcher: Waiting): void {
    if (future.#watchers === undefined) future.#watchers = watcher;
    else if (Array.isArray(future.#watchers)) future.#watchers.push(watcher);
    else future.#watchers = [future.#watchers, watcher];
  }

  static #tellWatchers(future: Future<unknown>): void {
    const watchers = future.#watchers;
    if (watchers === undefined) return;
    future.#watchers = undefined;
    if (!Array.isArray(watchers)) {
      if (Future.#tell(future, watchers)) Future.#addWatcher(future, watchers);
      return;
    }
    for (const watcher of watchers) if (Future.#tell(future, watcher)) Future.#addWatcher(future, watcher);
  }

  /** Returns whether it wants to hear more. */
  static #tell(future: Future<unknown>, watcher: Waiting): boolean {
    if (typeof watcher !== "function") return watcher.changed(future);
    if (future.#state === "finished") watcher(future.#outcome);
    else if (hasFailed(future.#state)) watcher(Promise.reject(errorOf(future.#outcome)));
    else return true;
    return false;
  }

  static #moreThanUsual(future: Future<unknown>): Extras {
    if (future.#extras === undefined || future.#extras === INPUT)
      future.#extras = { ...INPUT, progress: [], isInput: future.#extras === INPUT };
    return future.#extras;
  }

  static {
    futureAccess = {
      create: (origin, id) => new Future(origin, id),
      owner: (future) => future.#origin.owner,
      client: (future) => future.#origin.owner.client ?? future.#origin.owner,
      id: (future) => future.#id,
      prefix: (future) => future.#origin.prefix,
      fn: (future) => future.#origin.fn,
      state: (future) => future.#state,
      value: (future) => future.#outcome,
      error: (future) => errorOf(future.#outcome),
      isWatched: (future) => future.#watchers !== undefined,
      extras: (future) => Future.#moreThanUsual(future),
      inputId: (future, owner) => {
        if (future.#state === "finished" || future.#origin.owner !== owner) return undefined;
        future.#extras ??= INPUT;
        future.#extras.isInput = true;
        return future.#id;
      },
      change: (future, state, outcome) => {
        future.#state = state;
        future.#outcome = outcome;
        const watchers = future.#watchers;
        if (typeof watchers === "function" && state === "finished") {
          // What happens to most futures that are watched, without asking around.
          future.#watchers = undefined;
          watchers(outcome);
        } else if (watchers !== undefined) Future.#tellWatchers(future);
      },
      watch: (future, watcher) => {
        if (watcher.changed(future)) Future.#addWatcher(future, watcher);
      },
    };
  }
}

/** The resolving half of the promise made last. */
let lastResolve: (value: unknown) => void;

/** One function for all promises: a closure for each would be a third of what a waited-for future weighs. */
function keepResolve(resolve: (value: never) => void): void {
  lastResolve = resolve as (value: unknown) => void;
}

/**
 * What all copies of the library in a worker have in common: a module that a worker imports may bring its own, and what it is given
 * are futures of the worker's.
 */
const PLACE = Symbol.for("manyhands.futures");
const places = globalThis as { [PLACE]?: { readonly Future: typeof Future; readonly access: FutureAccess } };
const shared = places[PLACE];

type SharedFuture<T = unknown> = Future<T>;
const SharedFuture: typeof Future = shared?.Future ?? Future;

export { SharedFuture as Future };

if (shared !== undefined) futureAccess = shared.access;

/** Has every copy of the library that is loaded from now on take this one's futures for its own. */
export function shareFutures(): void {
  places[PLACE] = { Future: SharedFuture, access: futureAccess };
}

/** The error of a task as it came, made an object when somebody looks. */
export class RemoteError {
  readonly #wire: ErrorOnWire;
  #decoded: { readonly error: unknown } | undefined;

  constructor(wire: ErrorOnWire) {
    this.#wire = wire;
  }

  get error(): unknown {
    this.#decoded ??= { error: decodeError(this.#wire) };
    return this.#decoded.error;
  }
}

/** Whether it ended in an error of any kind. */
export function hasFailed(state: FutureState): boolean {
  return state === "error" || state === "cancelled" || state === "lost";
}

/** Calls what is the user's: its errors are none of ours, not even those that come later. */
async function attempt(what: string, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    console.error(`${what} threw:`, error);
  }
}

function errorOf(outcome: unknown): unknown {
  return outcome instanceof RemoteError ? outcome.error : outcome;
}

/** The same, unless `signal` is aborted first. */
export function giveUpOn<T>(signal: AbortSignal, value: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
