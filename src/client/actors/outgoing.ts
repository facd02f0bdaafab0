/** Outgoing: one call on its way to an actor, and what becomes of it. */

import { NEXT, PACKED_ARGUMENTS, RETURN } from "../../protocol/actors.ts";
import type { ErrorOnWire } from "../../protocol/errors.ts";
import type { PackedFutures } from "../../protocol/packed-futures.ts";
import { captureOne, packFutures } from "../argument-capture.ts";
import type { Future } from "../future.ts";
import { reviverOf } from "../open-sessions.ts";
import { unpackFutures } from "../packed-futures.ts";
import { PendingCall } from "./actor-call.ts";
import type { ActorLine } from "./actor-line.ts";
import type { Route, RoutedCall } from "./routes.ts";

/** Items of a stream that are asked for before they are wanted. */
const AHEAD = 16;

const NOTHING: readonly never[] = [];

/** Whoever makes calls, and is kept for as long as some are under way. */
export interface Caller {
  readonly route: Route;
  /** A call has ended. */
  settled(): void;
}

export class Outgoing implements RoutedCall {
  readonly method: string | number;
  args: readonly unknown[];
  count: number;
  transfer: readonly object[] | undefined = undefined;
  order = 0;
  /** Says that the task which called does not wait any more. */
  goOn: (() => void) | undefined = undefined;
  readonly #call: PendingCall;
  readonly #caller: Caller;
  /** What futures among the arguments stand for is kept until the actor has claimed it, which it has when it answers. */
  #claims: readonly Future[] = NOTHING;

  constructor(call: PendingCall, caller: Caller, method: string | number, args: readonly unknown[]) {
    this.#call = call;
    this.#caller = caller;
    this.method = method;
    this.args = args;
    this.count = args.length;
    for (const arg of args) {
      if ((typeof arg !== "object" || arg === null) && typeof arg !== "function" && typeof arg !== "symbol") continue;
      this.#capture();
      return;
    }
  }

  get isDone(): boolean {
    return this.#call.done();
  }

  succeeded(value: unknown): void {
    this.#settle();
    PendingCall.succeed(this.#call, value);
  }

  failed(error: unknown, wire?: ErrorOnWire): void {
    this.#settle();
    PendingCall.fail(this.#call, error, wire);
  }

  streams(line: ActorLine, number: number): void {
    const { route } = this.#caller;
    this.succeeded(new ActorItems(line, number, this.#caller, route.name));
  }

  async packed(value: unknown): Promise<void> {
    const { session } = this.#caller.route;
    try {
      const claim = (key: string) => session.claim(key);
      this.succeeded(await unpackFutures(value as PackedFutures, claim, reviverOf(session)));
    } catch (error) {
      this.failed(error);
    }
    // Whatever is asked now is answered when the claims have been entered.
    await session.ask({ type: "wait-for-workers", count: 0 }).catch(() => {});
  }

  moved([count, ...args]: readonly unknown[]): void {
    this.args = args;
    this.count = count as number;
    this.transfer = undefined;
    this.#caller.route.sendAgain(this);
  }

  lost(reason: string): void {
    const error = this.#caller.route.lose(reason);
    this.failed(error);
  }

  refuse(error: unknown): void {
    this.#end();
    PendingCall.fail(this.#call, error);
  }

  #settle(): void {
    this.#end();
    this.#caller.route.settle();
  }

  #end(): void {
    this.goOn?.();
    for (const claim of this.#claims) claim.release();
    this.#claims = NOTHING;
    this.#caller.settled();
  }

  #capture(): void {
    const futures: Future[] = [];
    const captured = this.args.map((arg, i) => captureOne(arg, `args[${i}]`, futures));
    const values = captured.map(({ value }) => value);
    this.transfer = captured.flatMap(({ buffers }) => buffers);
    const isPacked = captured.some((one) => one.isPacked);
    this.args = isPacked ? [packFutures(values, futures)] : values;
    if (isPacked) this.count = PACKED_ARGUMENTS;
    const { session } = this.#caller.route;
    // What they stand for is kept for as long as something that holds them is.
    this.#claims = futures.length === 0 ? NOTHING : [session.scatter(futures, {}, undefined)];
  }
}

/** What a generator of an actor yields. Some items are asked for ahead; their order is that of the asking. */
class ActorItems implements AsyncIterableIterator<unknown, unknown, undefined> {
  readonly #line: ActorLine;
  readonly #number: number;
  readonly #caller: Caller;
  readonly #actor: string;
  readonly #ahead: Promise<IteratorResult<unknown, unknown>>[] = [];
  #isOver = false;

  constructor(line: ActorLine, number: number, caller: Caller, actor: string) {
    this.#line = line;
    this.#number = number;
    this.#caller = caller;
    this.#actor = actor;
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    while (!this.#isOver && this.#ahead.length < AHEAD) this.#ahead.push(this.#ask(NEXT));
    return this.#ahead.shift() ?? Promise.resolve({ done: true, value: undefined });
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    const wasOver = this.#isOver;
    this.#isOver = true;
    this.#ahead.length = 0;
    if (!wasOver) await this.#ask(RETURN);
    return { done: true, value };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Of each that is asked, the answer is an item, or the last value and that it is. */
  #ask(what: number): Promise<IteratorResult<unknown, unknown>> {
    const { route } = this.#caller;
    const answer = new Promise<IteratorResult<unknown, unknown>>((resolve, reject) => {
      const succeeded = (answered: unknown) => {
        const [value, isLast] = answered as [unknown, boolean?];
        if (isLast === true) this.#isOver = true;
        resolve(isLast === true ? { done: true, value } : { done: false, value });
      };
      const failed = (error: unknown) => {
        this.#isOver = true;
        reject(error);
      };
      this.#line.call(0, what, [this.#number], 1, undefined, {
        succeeded,
        failed,
        packed: async (value) => {
          const claim = (key: string) => route.session.claim(key);
          await Promise.resolve(unpackFutures(value as PackedFutures, claim, reviverOf(route.session))).then(
            succeeded,
            failed,
          );
          await route.session.ask({ type: "wait-for-workers", count: 0 }).catch(() => {});
        },
        streams: () => failed(new TypeError(`actor ${this.#actor} answered in a way that makes no sense here`)),
        moved: () => failed(new TypeError(`actor ${this.#actor} answered in a way that makes no sense here`)),
        lost: (reason) => failed(route.lose(reason)),
      });
    });
    answer.catch(() => {}); // Nobody may come to take it.
    return answer;
  }
}
