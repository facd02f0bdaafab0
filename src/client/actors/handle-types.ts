/** What users see of an actor's handle: the types of its methods and fields, from afar. */

import type { Argument } from "../arguments.ts";
import type { ActorCall, ActorStream } from "./actor-call.ts";

/** A class that actors can be made of. */
// biome-ignore lint/suspicious/noExplicitAny: any class will do, whatever it is made of.
export type ActorClass = abstract new (...args: any) => object;

type Called<R> = [R] extends [never]
  ? ActorCall<never>
  : R extends Generator<infer T, infer V, undefined> | AsyncGenerator<infer T, infer V, undefined>
    ? ActorStream<T, V>
    : ActorCall<Awaited<R>>;

type Remote<M> = M extends (...args: infer A) => infer R
  ? (...args: { readonly [I in keyof A]: Argument<A[I]> }) => Called<R>
  : PromiseLike<M>;

/**
 * Stands for an actor: `await handle.method(...)` calls it, `await handle.field` reads a field. It can be passed on, to tasks and in
 * their results, through queues and datasets, and keeps its actor alive. `using` lets go of it, and so does the garbage collector.
 */
export type ActorHandle<C extends ActorClass> = {
  readonly [K in Exclude<keyof InstanceType<C>, "then" | typeof Symbol.dispose | typeof Symbol.asyncDispose>]: Remote<
    InstanceType<C>[K]
  >;
} & Disposable & {
    /** @internal */
    readonly [actorClass]: C;
  };

declare const actorClass: unique symbol;
