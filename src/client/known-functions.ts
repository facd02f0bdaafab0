/** The functions a client has submitted, and what the scheduler knows them by. */

import type { FunctionId } from "../protocol/identity.ts";
import { type AnyFunction, describeFunction, type FunctionSpec, futuresBoundIn } from "../shipping/function-source.ts";
import type { Future, FutureOwner, Origin } from "./future.ts";

/**
 * Functions that the scheduler knows by number for sure: the last that it was told of. It keeps twice as many (`scheduler/forgetting.ts`). An older one is
 * introduced again, under another number, before the next task that runs it.
 */
export const MOST_SPOKEN_OF = 128;

export interface KnownFunction {
  readonly number: FunctionId;
  /** What futures on its results have in common. */
  readonly origin: Origin;
  readonly spec: FunctionSpec;
  /** What it takes along of futures. */
  readonly futures: readonly Future[] | undefined;
  /** Whether the scheduler has been told of it. */
  isSent: boolean;
}

export class KnownFunctions {
  /** In whose name something is asked for at the moment: the client's own, or that of one who speaks through it. */
  owner: FutureOwner;
  readonly #client: FutureOwner;
  readonly #known = new WeakMap<AnyFunction, KnownFunction>();
  /** Apart, so that nobody has to ask which of both a function is. */
  readonly #generators = new WeakMap<AnyFunction, KnownFunction>();
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

  originOf({ origin }: KnownFunction): Origin {
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
    let known = among.get(fn);
    if (known && known.number >= this.#count - MOST_SPOKEN_OF) return known;
    if (among === this.#known && /Generator/.test(Object.prototype.toString.call(fn))) {
      throw new TypeError(`${fn.name || "this"} is a generator function: client.stream() runs it and gives its items`);
    }
    const spec = describeFunction(fn);
    const futures = futuresBoundIn(spec);
    known = {
      number: this.#count++,
      origin: { owner: this.#client, prefix: spec.name, fn },
      spec,
      futures: futures && ([...futures] as unknown as Future[]),
      isSent: false,
    };
    among.set(fn, known);
    return known;
  }
}
