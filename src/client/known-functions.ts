/** The functions a client has submitted, and what the scheduler knows them by. */

import type { FunctionId } from "../protocol/identity.ts";
import { type AnyFunction, describeFunction, type FunctionSpec, futuresBoundIn } from "../shipping/function-source.ts";
import type { Future, FutureOwner, Origin } from "./future.ts";

/**
 * Functions that the scheduler knows by number for sure: the last that it was told of. It keeps twice as many (`scheduler/forgetting.ts`). An older one is
 * introduced again, under another number, before the next task that runs it.
 */
export const MOST_SPOKEN_OF = 128;

/** What functions have in common that do the same. */
export interface Introduction {
  readonly number: FunctionId;
  readonly spec: FunctionSpec;
  /** What they take along of futures. */
  readonly futures: readonly Future[] | undefined;
  /** Whether the scheduler has been told of it. */
  isSent: boolean;
}

export interface KnownFunction {
  readonly as: Introduction;
  /** What futures on its results have in common. */
  readonly origin: Origin;
}

export class KnownFunctions {
  /** In whose name something is asked for at the moment: the client's own, or that of one who speaks through it. */
  owner: FutureOwner;
  readonly #client: FutureOwner;
  readonly #known = new WeakMap<AnyFunction, KnownFunction>();
  /** Apart, so that nobody has to ask which of both a function is. */
  readonly #generators = new WeakMap<AnyFunction, KnownFunction>();
  /** A function that is written in a loop is another each time, and described by the same. */
  readonly #introduced = new WeakMap<FunctionSpec, Introduction>();
  #last: KnownFunction | undefined;
  #count = 0;

  constructor(owner: FutureOwner) {
    this.owner = owner;
    this.#client = owner;
  }

  /** What was submitted last is not to be kept alive by that: it may be the last that refers to futures and handles. */
  forgetLast(): void {
    this.#last = undefined;
  }

  originOf(origin: Origin): Origin {
    return this.owner === this.#client ? origin : { ...origin, owner: this.owner };
  }

  /** @throws TypeError if it is not a function, {@link UnserializableError} if it cannot travel. */
  know(fn: AnyFunction): KnownFunction {
    const last = this.#last;
    if (last && last.origin.fn === fn) return last;
    const known = this.#find(fn, this.#known);
    this.#last = known;
    return known;
  }

  /** The same for a function that is to give many values. */
  knowGenerator(fn: AnyFunction): KnownFunction {
    this.#last = undefined;
    return this.#find(fn, this.#generators);
  }

  #find(fn: AnyFunction, among: WeakMap<AnyFunction, KnownFunction>): KnownFunction {
    if (typeof fn !== "function") throw new TypeError(`the first argument must be a function, not ${typeof fn}`);
    const known = among.get(fn);
    if (known && this.#isSpokenOf(known.as)) return known;
    if (among === this.#known && /Generator/.test(Object.prototype.toString.call(fn))) {
      throw new TypeError(`${fn.name || "this"} is a generator function: client.stream() runs it and gives its items`);
    }
    const spec = describeFunction(fn);
    const origin = { owner: this.#client, prefix: spec.name, fn };
    const alike = this.#introduced.get(spec);
    if (alike && this.#isSpokenOf(alike)) return { as: alike, origin };
    const found = { as: this.#introduce(spec), origin };
    among.set(fn, found);
    return found;
  }

  #isSpokenOf({ number }: Introduction): boolean {
    return number >= this.#count - MOST_SPOKEN_OF;
  }

  #introduce(spec: FunctionSpec): Introduction {
    const futures = futuresBoundIn(spec) as unknown as ReadonlySet<Future> | undefined;
    const introduction = { number: this.#count++, spec, futures: futures && [...futures], isSent: false };
    this.#introduced.set(spec, introduction);
    return introduction;
  }
}
