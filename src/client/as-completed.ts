/** asCompleted and wait: futures in the order in which they end. */

import { Deque } from "../collections/deque.ts";
import { goByNames } from "../shipping/own-names.ts";
import type { ActorCall } from "./actors/actor-call.ts";
import { type Future, type FutureOwner, futureAccess, giveUpOn, hasFailed, type Watcher } from "./future.ts";
import { asFuture } from "./stand-in.ts";

export interface AsCompletedOptions {
  /** Yield `[future, value]`, with the value fetched. */
  readonly withResults?: boolean;
  /** With results: whether a failed future ends the iteration with its error (the default), or is yielded as `[future, PromiseSettledResult]`. */
  readonly raiseErrors?: boolean;
}

/**
 * Futures in the order in which they end, for `for await`. Failed and cancelled ones come too.
 *
 * Futures can be added while it is iterated; one that is added twice comes twice. Iterated by several at once, each future goes to one of them.
 */
export class AsCompleted<Item> implements AsyncIterable<Item> {
  readonly #withResults: boolean;
  readonly #raiseErrors: boolean;
  #pending = 0;
  /** In whose name the future that was added last was asked for. */
  #owner: FutureOwner | undefined;
  readonly #ready = new Deque<Future>();
  #waiting: (() => void)[] = [];
  /** Changes with `clear()`: what ends afterwards of what was there before does not count. */
  #era = 0;

  constructor(futures: Iterable<Future | ActorCall>, { withResults = false, raiseErrors = true }: AsCompletedOptions) {
    this.#withResults = withResults;
    this.#raiseErrors = raiseErrors;
    this.update(futures);
  }

  /** A call of an actor's method comes as a future. */
  add(added: Future | ActorCall): void {
    const future = demandFuture(added, "asCompleted");
    this.#pending += 1;
    this.#owner = futureAccess.owner(future);
    const era = this.#era;
    const watcher: Watcher = {
      changed: () => {
        if (era !== this.#era) return false;
        if (!this.#isReady(future)) return true;
        this.#pending -= 1;
        this.#ready.push(future);
        this.#wake();
        return false;
      },
    };
    if (this.#withResults && !this.#isReady(future)) futureAccess.owner(future).requestValue(future);
    futureAccess.watch(future, watcher);
  }

  update(futures: Iterable<Future | ActorCall>): void {
    for (const future of futures) this.add(future);
  }

  /** How many are still to come. */
  count(): number {
    return this.#pending + this.#ready.length;
  }

  /** Drops all that are still to come; iterations end. */
  clear(): void {
    this.#era += 1;
    this.#pending = 0;
    this.#ready.clear();
    this.#wake();
  }

  /** All that have ended since the last time, as one array after the other. */
  async *batches(): AsyncGenerator<Item[], void, undefined> {
    for (let first = await this.#next(); first !== undefined; first = await this.#next()) {
      const batch = [this.#item(first)];
      // One that throws does so at the head of the next batch: what came before it is not lost.
      for (let next = this.#peek(); next !== undefined && !this.#throws(next); next = this.#peek()) {
        this.#ready.shift();
        batch.push(this.#item(next));
      }
      yield batch;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for (let next = await this.#next(); next !== undefined; next = await this.#next()) yield this.#item(next);
  }

  #isReady(future: Future): boolean {
    return this.#withResults ? future.done() && futureAccess.state(future) !== "stored" : future.done();
  }

  #throws(future: Future): boolean {
    return this.#withResults && this.#raiseErrors && hasFailed(futureAccess.state(future));
  }

  #item(future: Future): Item {
    if (!this.#withResults) return future as Item;
    if (this.#throws(future)) throw futureAccess.error(future);
    if (this.#raiseErrors) return [future, futureAccess.value(future)] as Item;
    const settled = hasFailed(futureAccess.state(future))
      ? { status: "rejected", reason: futureAccess.error(future) }
      : { status: "fulfilled", value: futureAccess.value(future) };
    return [future, settled] as Item;
  }

  /** The one that ended next, for whoever asks first; undefined if none is to come. */
  async #next(): Promise<Future | undefined> {
    for (;;) {
      if (this.#peek() !== undefined || this.#pending === 0) return this.#ready.shift();
      const goOn = this.#owner?.pause?.();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      goOn?.();
    }
  }

  /** The one that ended next, if it is there. One that runs again meanwhile has to end once more. */
  #peek(): Future | undefined {
    for (let next = this.#ready.peek(); next !== undefined; next = this.#ready.peek()) {
      if (this.#isReady(next)) return next;
      this.#ready.shift();
      this.add(next);
    }
    return undefined;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function demandFuture<T>(given: Future<T> | ActorCall<T>, caller: string): Future<T> {
  const future = typeof given === "object" && given !== null ? asFuture(given) : undefined;
  if (future === undefined) throw new TypeError(`${caller}() takes futures, as submit() and map() return them`);
  return future as Future<T>;
}

/**
 * @example
 * ```ts
 * for await (const future of asCompleted(client.map(render, tiles))) show(await future.result());
 * ```
 */
export function asCompleted<T>(
  futures: Iterable<Future<T> | ActorCall<T>>,
  options: AsCompletedOptions & { readonly withResults: true; readonly raiseErrors: false },
): AsCompleted<[Future<T>, PromiseSettledResult<T>]>;
export function asCompleted<T>(
  futures: Iterable<Future<T> | ActorCall<T>>,
  options: AsCompletedOptions & { readonly withResults: true },
): AsCompleted<[Future<T>, T]>;
export function asCompleted<T>(
  futures: Iterable<Future<T> | ActorCall<T>>,
  options?: AsCompletedOptions,
): AsCompleted<Future<T>>;
export function asCompleted(
  futures: Iterable<Future | ActorCall>,
  options: AsCompletedOptions = {},
): AsCompleted<unknown> {
  return new AsCompleted(futures, options);
}

export interface WaitOptions {
  /** How many have to end: all (the default), one, or so many. */
  readonly returnWhen?: "ALL_COMPLETED" | "FIRST_COMPLETED" | number;
  readonly signal?: AbortSignal;
}

/** Which of the futures had ended, and which had not, in the order given. */
export interface Waited<T> {
  readonly done: Set<Future<T>>;
  readonly notDone: Set<Future<T>>;
}

/**
 * Waits until futures have ended, whichever way: it does not throw for one that failed or was cancelled.
 *
 * @throws the reason of `signal`, if it is aborted first.
 */
export function wait<T>(
  futures: Iterable<Future<T> | ActorCall<T>>,
  { returnWhen = "ALL_COMPLETED", signal }: WaitOptions = {},
): Promise<Waited<T>> {
  const all = [...new Set(Array.from(futures, (each) => demandFuture(each, "wait")))];
  const wanted = { ALL_COMPLETED: all.length, FIRST_COMPLETED: 1 }[returnWhen as string] ?? Number(returnWhen);
  if (!(wanted >= 0))
    throw new TypeError(`returnWhen must be "ALL_COMPLETED", "FIRST_COMPLETED" or a number, not ${returnWhen}`);
  const waited = new Promise<Waited<T>>((resolve) => {
    let missing = Math.min(wanted, all.length);
    let goOn: (() => void) | undefined;
    const finish = () => {
      goOn?.();
      const done = new Set(all.filter((future) => future.done()));
      resolve({ done, notDone: new Set(all.filter((future) => !done.has(future))) });
    };
    if (missing <= 0) return finish();
    goOn = futureAccess.owner(all[0] as Future<T>).pause?.();
    const watcher: Watcher = {
      changed: (future) => {
        if (!future.done()) return true;
        missing -= 1;
        if (missing === 0) finish();
        return false;
      },
    };
    for (const future of all) futureAccess.watch(future, watcher);
  });
  return signal === undefined ? waited : giveUpOn(signal, waited);
}

goByNames({ AsCompleted, asCompleted, wait });
