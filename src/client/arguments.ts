/** What may be given where values are asked for, and what becomes of it: the types of calls. */

import type { ActorCall } from "./actors/actor-call.ts";
import type { Future } from "./future.ts";

/** Where a `T` is asked for, a future on one will do, at any depth of arrays, plain objects, maps and sets. */
export type Argument<T> =
  | T
  | Future<T>
  | ActorCall<T>
  | (T extends (...args: never) => unknown
      ? never
      : T extends Map<infer K, infer V>
        ? Map<Argument<K>, Argument<V>>
        : T extends Set<infer V>
          ? Set<Argument<V>>
          : T extends readonly unknown[]
            ? { readonly [I in keyof T]: Argument<T[I]> }
            : T extends Iterable<infer V>
              ? // Where any iterable will do, one with futures in it will; of typed arrays and the like there are none.
                readonly V[] extends T
                ? readonly Argument<V>[] | ReadonlySet<Argument<V>>
                : never
              : T extends object
                ? { readonly [P in keyof T]: Argument<T[P]> }
                : never);

export type Arguments<A extends readonly unknown[]> = { readonly [I in keyof A]: Argument<A[I]> };

/** The iterables that a function of such parameters can be mapped over. */
export type Columns<A extends readonly unknown[]> = { readonly [I in keyof A]: Iterable<Argument<A[I]>> };

/** The same with more iterables than the function has parameters, as a callback need not take all that it is given. */
export type MoreColumns<A extends readonly unknown[]> = number extends A["length"]
  ? readonly never[]
  : readonly [...Columns<A>, Iterable<unknown>, ...Iterable<unknown>[]];

/** What becomes of a collection of futures when it is gathered. */
export type Gathered<X> = X extends Future<infer T> | ActorCall<infer T>
  ? T
  : X extends Map<infer K, infer V>
    ? Map<Gathered<K>, Gathered<V>>
    : X extends Set<infer V>
      ? Set<Gathered<V>>
      : X extends readonly unknown[]
        ? { -readonly [I in keyof X]: Gathered<X[I]> }
        : X extends (...args: never) => unknown
          ? X
          : X extends object
            ? { -readonly [P in keyof X]: Gathered<X[P]> }
            : X;
