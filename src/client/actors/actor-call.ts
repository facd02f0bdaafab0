/** ActorCall: what a call of an actor's method returns, a promise that can be looked at. */

import type { ErrorOnWire } from "../../protocol/errors.ts";
import type { Future } from "../future.ts";
import { giveUpOn } from "../future.ts";
import { STANDS_FOR } from "../stand-in.ts";

/** A promise of what a method returns, which is also a stream of what it yields if it is a generator. */
export interface ActorCall<T = unknown> extends Promise<T> {
  /** Whether it has ended, well or badly. */
  done(): boolean;
  /** The same promise; rejects earlier with the reason of `signal`, which gives up the wait and not the call. */
  result(options?: { readonly signal?: AbortSignal }): Promise<T>;
  /** @internal Known to `submit`, `gather`, `asCompleted` and `wait`. */
  readonly [STANDS_FOR]: () => Future<T>;
}

/** What a call gives that yields: items for `for await`, as many ahead as may be under way. */
export interface ActorStream<T = unknown, R = unknown> extends ActorCall<AsyncIterableIterator<T, R>> {
  [Symbol.asyncIterator](): AsyncIterableIterator<T, R>;
}

/** Makes a future for a call that somebody passes on. */
type MakeFuture = (call: PendingCall) => Future;

/** Both halves of the promise made last. */
let lastResolve: (value: unknown) => void;
let lastReject: (error: unknown) => void;

/** One function for all promises, as in `future.ts`. */
function keep(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  lastResolve = resolve as (value: unknown) => void;
  lastReject = reject;
}

export class PendingCall extends Promise<unknown> {
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  readonly #makeFuture: MakeFuture;
  #isDone = false;
  #future: Future | undefined;
  #wire: ErrorOnWire | undefined;

  constructor(makeFuture: MakeFuture) {
    super(keep);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
    this.#makeFuture = makeFuture;
  }

  done(): boolean {
    return this.#isDone;
  }

  result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    return signal === undefined ? this : giveUpOn(signal, this);
  }

  [STANDS_FOR](): Future {
    this.#future ??= this.#makeFuture(this);
    return this.#future;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, unknown> {
    const items = (await this) as Partial<AsyncIterable<unknown>> | null | undefined;
    if (typeof items?.[Symbol.asyncIterator] !== "function") {
      throw new TypeError("this method yields nothing: it is no generator; await what it returns");
    }
    return yield* items as AsyncIterable<unknown>;
  }

  static wire(call: PendingCall): ErrorOnWire | undefined {
    return call.#wire;
  }

  static succeed(call: PendingCall, value: unknown): void {
    call.#isDone = true;
    call.#resolve(value);
  }

  /** Nobody need look at a call that fails: a platform would make an end of the process. */
  static fail(call: PendingCall, error: unknown, wire?: ErrorOnWire): void {
    call.#isDone = true;
    call.#wire = wire;
    call.catch(() => {});
    call.#reject(error);
  }
}

/** Of a call that failed with `error`: as it travels. */
export function wireOf(call: PendingCall, error: unknown): ErrorOnWire {
  return PendingCall.wire(call) ?? asWire(error as Partial<Error> | undefined);
}

/** One that was made here, where nobody encodes errors otherwise. */
function asWire({ name = "Error", message = "", stack, ...fields }: Partial<Error> = {}): ErrorOnWire {
  return { type: "error", base: name, name, message, stack, fields };
}

// Of these, `then` makes plain promises, and `await` takes the short way that it takes with those.
Object.defineProperty(PendingCall.prototype, "constructor", { value: Promise });
