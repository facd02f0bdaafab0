/** Generators that actors' methods have returned to one caller, who takes their items one by one. */

import { FAILED, STREAMS } from "../protocol/actors.ts";
import { encodeError, UnserializableError } from "../protocol/errors.ts";
import { measure } from "../shipping/measure.ts";
import type { ActorCaller } from "./actor-caller.ts";
import type { ActorShell } from "./actor-shell.ts";
import { isThenable } from "./thenable.ts";

type Items = Iterator<unknown> | AsyncIterator<unknown>;

/** Whether it gives items one by one, as a generator does. */
export function isItems(value: object): value is Items {
  return (
    typeof (value as Partial<Items>).next === "function" && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

export class ActorStreams {
  readonly #shell: ActorShell;
  readonly #caller: ActorCaller;
  /** By the calls that made them. */
  readonly #streams = new Map<number, Items>();

  constructor(shell: ActorShell, caller: ActorCaller) {
    this.#shell = shell;
    this.#caller = caller;
  }

  begin(number: number, items: Items): void {
    this.#streams.set(number, items);
    this.#caller.answerOdd(number, STREAMS, undefined);
  }

  /** Answers with one more item, or that there is none. `later`: it has, after a while. */
  next(number: number, stream: number, later: () => void): void {
    const items = this.#streams.get(stream);
    if (items === undefined) return this.#caller.answer(number, [undefined, true]);
    try {
      const next = this.#shell.apart(() => items.next());
      if (!isThenable(next)) return this.#give(number, stream, next);
      this.#shell.count(1);
      next
        .then((result) => this.#give(number, stream, result))
        .catch((error: unknown) => this.#fail(number, stream, error))
        .then(() => {
          this.#shell.count(-1);
          later();
        });
    } catch (error) {
      this.#fail(number, stream, error);
    }
  }

  /** No more items are wanted. */
  end(stream: number): void {
    const items = this.#streams.get(stream);
    this.#streams.delete(stream);
    close(items);
  }

  endAll(): void {
    for (const items of this.#streams.values()) close(items);
    this.#streams.clear();
  }

  #give(number: number, stream: number, { done, value }: IteratorResult<unknown>): void {
    if (done) this.#streams.delete(stream);
    const item = done ? [value, true] : [value];
    const { problem, hasFutures } = measure(value, structuredClone);
    if (problem !== undefined) {
      const path = `item${problem.path}`;
      const message = `${path} is ${problem.what}, which cannot leave the worker; yield plain data`;
      throw new UnserializableError(message, { path });
    }
    if (hasFutures) this.#caller.answerPacked(number, item, this.#shell.clients().pack(item).value);
    else this.#caller.answer(number, item);
  }

  #fail(number: number, stream: number, error: unknown): void {
    this.end(stream);
    this.#caller.answerOdd(number, FAILED, encodeError(error));
  }
}

/** Nobody hears of what its `finally` blocks throw. */
async function close(items: Items | undefined): Promise<void> {
  try {
    await items?.return?.();
  } catch {
    // There is nobody to tell.
  }
}
