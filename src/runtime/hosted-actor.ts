/** An actor in the worker that hosts it: its instance, what of it is under way, and what waits for its turn. */

import { type ActorNumber, type ActorOptions, MOVED } from "../protocol/actors.ts";
import type { FunctionId } from "../protocol/identity.ts";
import type { ActorCaller } from "./actor-caller.ts";

type Methods = Record<string, unknown>;

export class HostedActor {
  readonly number: ActorNumber;
  readonly name: string;
  /** Of its class. */
  readonly fn: FunctionId;
  readonly instance: Methods;
  readonly #concurrency: number;
  readonly savesItself: boolean;
  /** Calls of async methods that have not ended. */
  underWay = 0;
  /** Since its last checkpoint a call has ended. */
  isDirty = false;
  /** It goes on elsewhere; what has not begun is not begun any more. */
  isMoving = false;
  /** Called when nothing is under way. */
  whenIdle: (() => void) | undefined;
  /** Who has called it since, and was last told to look elsewhere. */
  readonly turnedAway = new Set<ActorCaller>();
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  constructor(
    { number, name, fn, instance }: Pick<HostedActor, "number" | "name" | "fn" | "instance">,
    { concurrency = Number.POSITIVE_INFINITY, onLoss }: ActorOptions,
  ) {
    this.number = number;
    this.name = name;
    this.fn = fn;
    this.instance = instance;
    this.#concurrency = concurrency;
    this.savesItself = onLoss === "restart" && hasCheckpoints(instance);
  }

  get className(): string {
    return this.instance.constructor.name || "the class";
  }

  /** Whether a call has to wait for others. */
  get isBusy(): boolean {
    return this.underWay >= this.#concurrency || this.#next < this.#waiting.length;
  }

  defer(begin: () => void): void {
    this.#waiting.push(begin);
  }

  /** An async call begins or ends. */
  count(change: number): void {
    this.underWay += change;
    while (!this.isMoving && this.#next < this.#waiting.length && this.underWay < this.#concurrency) this.#beginNext();
    if (this.underWay === 0) this.whenIdle?.();
  }

  /** Sends a call back to whoever made it. */
  turnAway(caller: ActorCaller, number: number, args: readonly unknown[], count: number): void {
    this.turnedAway.add(caller);
    caller.answerOdd(number, MOVED, [count, ...args]);
  }

  /** Begins all that waits: to learn that it is of no use any more. */
  flushWaiting(): void {
    while (this.#next < this.#waiting.length) this.#beginNext();
  }

  #beginNext(): void {
    const begin = this.#waiting[this.#next++] as () => void;
    if (this.#next === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#next = 0;
    }
    begin();
  }

  /** The method of this name; undefined if it has none. What every object has is none. */
  method(name: string): ((...args: readonly unknown[]) => unknown) | undefined {
    const found = this.instance[name];
    if (typeof found !== "function" || name === "constructor") return undefined;
    return found === Reflect.get(Object.prototype, name)
      ? undefined
      : (found as (...args: readonly unknown[]) => unknown);
  }

  /** What to say of a method that there is not. */
  missing(name: string): TypeError {
    const names = new Set<string>();
    for (
      let at: object | null = this.instance;
      at !== null && at !== Object.prototype;
      at = Object.getPrototypeOf(at)
    ) {
      for (const each of Object.getOwnPropertyNames(at)) {
        const { value } = Object.getOwnPropertyDescriptor(at, each) ?? {};
        if (typeof value === "function" && each !== "constructor") names.add(each);
      }
    }
    const there = names.size === 0 ? "it has none" : `it has ${[...names].join(", ")}`;
    const field = name in this.instance ? `; ${name} is a field: await it without calling it` : "";
    return new TypeError(`${this.className} has no method "${name}"; ${there}${field}`);
  }
}

/** Whether something can be made of it that another is restored from. */
export function hasCheckpoints(instance: Methods): boolean {
  return typeof instance["checkpoint"] === "function" && typeof instance["restore"] === "function";
}
