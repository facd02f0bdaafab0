/** StreamItems: asks for what a generator has made, when somebody waits for it, and says what has been used. */

import { decodeError } from "../protocol/errors.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import type { StreamItems as Items } from "../protocol/requests.ts";
import { type Future, futureAccess, hasFailed } from "./future.ts";
import type { Session } from "./session.ts";

const OVER = { done: true, value: undefined } as const;

const UNWANTED = "its items are not wanted any more";

/** Of a stream whose future may be out of reach. */
export async function giveUpItems(session: Session, id: ClientTaskId): Promise<void> {
  if (session.closed !== undefined) return;
  session.parts.ledger.find(id)?.cancel({ reason: UNWANTED });
  await session.ask({ type: "stream-close", id }, undefined, undefined, true);
}

export class StreamItems<T> implements AsyncIterableIterator<T, undefined> {
  readonly #session: Session;
  readonly #future: Future;
  readonly #limit: number;
  /** Here, and not used. */
  #items: readonly unknown[] = [];
  #at = 0;
  /** Used since that was said last: so many more may be made. */
  #used = 0;
  /** No more are to come. */
  #hasEnded = false;
  /** What is to be thrown after those that are here. */
  #failure: { readonly error: unknown } | undefined;
  /** Nobody wants any more. */
  #givenUp = new AbortController();
  /** Settles when the step before has been made: each waits for its turn. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: Session, future: Future, limit: number) {
    this.#session = session;
    this.#future = future;
    this.#limit = limit;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    if (this.#givenUp.signal.aborted) return OVER;
    this.#givenUp.abort();
    if (!this.#future.done()) this.#future.cancel({ reason: UNWANTED });
    this.#tell({ type: "stream-close" });
    return OVER;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #step(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#givenUp.signal.aborted) return OVER;
      if (this.#at < this.#items.length) return { done: false, value: this.#take() };
      if (!this.#hasEnded) await this.#fetch();
      else {
        const failure = this.#failure;
        this.#failure = undefined;
        if (failure === undefined) return OVER;
        throw failure.error;
      }
    }
  }

  #take(): T {
    const item = this.#items[this.#at++] as T;
    this.#used += 1;
    // Half is time enough for more to be made before all is used.
    if (this.#used * 2 >= this.#limit && this.#at < this.#items.length) {
      this.#tell({ type: "stream-credit", credit: this.#used });
      this.#used = 0;
    }
    return item;
  }

  async #fetch(): Promise<void> {
    const credit = this.#used;
    this.#used = 0;
    this.#items = [];
    this.#at = 0;
    try {
      const request = { type: "stream-items", id: futureAccess.id(this.#future), credit } as const;
      const { items, ended, error } = (await this.#session.ask(request, this.#givenUp.signal)) as Items;
      this.#items = items;
      this.#hasEnded = ended;
      if (ended) this.#failure = this.#failureOf(error === undefined ? undefined : { error: decodeError(error) });
    } catch (error) {
      this.#hasEnded = true;
      this.#failure = this.#failureOf({ error });
    }
  }

  /** What became of the task, where that is known, says more than what became of a question. */
  #failureOf(other: { readonly error: unknown } | undefined): { readonly error: unknown } | undefined {
    return hasFailed(futureAccess.state(this.#future)) ? { error: futureAccess.error(this.#future) } : other;
  }

  #tell(what: { readonly type: "stream-close" } | { readonly type: "stream-credit"; readonly credit: number }): void {
    if (this.#session.closed === undefined)
      this.#session.ask({ ...what, id: futureAccess.id(this.#future) }).catch(() => {});
  }
}
