/** MapStream: one task for each item of a source, with never more than so many between the source and the consumer. */

import { Deque } from "../collections/deque.ts";
import type { Future } from "./future.ts";

/** Without a limit of the user's it is twice what the workers can have in flight, and at least this. */
const LEAST_LIMIT = 16;

/** What it needs of the client. */
export interface MapStreamShell {
  submit(item: unknown, index: number): Future;
  /** How many tasks the workers can have in flight together. */
  countSlots(): Promise<number>;
}

export interface MapStreamPlan {
  readonly source: Iterable<unknown> | AsyncIterable<unknown>;
  readonly limit: number | undefined;
  readonly ordered: boolean;
  /** Whichever is aborted first ends it. */
  readonly signals: readonly AbortSignal[];
}

/** An item that was taken from the source and not handed on. */
interface Taken {
  /** Undefined for one that could not be submitted. */
  readonly future: Future | undefined;
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
}

interface Consumer<R> {
  readonly resolve: (result: IteratorResult<R, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

const OVER = { done: true, value: undefined } as const;

export class MapStream<R> implements AsyncIterableIterator<R, undefined> {
  readonly #shell: MapStreamShell;
  readonly #source: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #ordered: boolean;
  readonly #signals: readonly AbortSignal[];
  readonly #abort = () => {
    this.#stop({ error: this.#signals.find(({ aborted }) => aborted)?.reason });
    this.#advance();
  };
  #limit: number;
  /** Handed on since the limit was last looked at; undefined where the user has set it. */
  #handedOn: number | undefined;
  #count = 0;
  readonly #taken = new Set<Taken>();
  /** Those to be handed on next: all that are taken, as they came, or those that have ended, as they did. */
  readonly #line = new Deque<Taken>();
  readonly #consumers = new Deque<Consumer<R>>();
  #isPulling = false;
  /** Nothing more will come from the source. */
  #isSourceOver = false;
  /** What is to be thrown after everything in the line. */
  #failure: { readonly error: unknown } | undefined;

  constructor(shell: MapStreamShell, { source, limit, ordered, signals }: MapStreamPlan) {
    this.#shell = shell;
    this.#ordered = ordered;
    this.#signals = signals;
    this.#limit = limit ?? LEAST_LIMIT;
    this.#source =
      (source as AsyncIterable<unknown>)[Symbol.asyncIterator]?.() ?? (source as Iterable<unknown>)[Symbol.iterator]();
    if (limit === undefined) this.#learnLimit();
    if (signals.some(({ aborted }) => aborted)) this.#abort();
    else for (const signal of signals) signal.addEventListener("abort", this.#abort);
  }

  next(): Promise<IteratorResult<R, undefined>> {
    return new Promise((resolve, reject) => {
      this.#consumers.push({ resolve, reject });
      this.#advance();
    });
  }

  async return(): Promise<IteratorResult<R, undefined>> {
    const returned = this.#stop();
    this.#advance();
    await returned;
    return OVER;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Takes as many items as there is room for, and hands on what can be handed on. */
  #advance(): void {
    do this.#pull();
    while (this.#handNext());
  }

  /** False if nobody waits, or nothing is there for who does. */
  #handNext(): boolean {
    const consumer = this.#consumers.peek();
    if (consumer === undefined) return false;
    const first = this.#line.peek();
    if (first?.outcome !== undefined) {
      this.#consumers.shift();
      this.#line.shift();
      this.#taken.delete(first);
      this.#handOn(consumer, first.outcome);
      return true;
    }
    if (!this.#isSourceOver || this.#taken.size > 0) return false;
    this.#consumers.shift();
    this.#end(consumer);
    return true;
  }

  #handOn(consumer: Consumer<R>, outcome: NonNullable<Taken["outcome"]>): void {
    if ("error" in outcome) {
      // The task's error is what the consumer is to see; if the source fails to close as well, that is not news.
      this.#stop()?.then(undefined, () => {});
      consumer.reject(outcome.error);
      return;
    }
    consumer.resolve({ done: false, value: outcome.value as R });
    if (this.#handedOn === undefined) return;
    this.#handedOn += 1;
    if (this.#handedOn >= this.#limit) this.#learnLimit();
  }

  #end(consumer: Consumer<R>): void {
    this.#unsubscribe();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) consumer.resolve(OVER);
    else consumer.reject(failure.error);
  }

  #pull(): void {
    while (!this.#isPulling && !this.#isSourceOver && this.#taken.size < this.#limit) {
      this.#isPulling = true;
      try {
        const step = this.#source.next();
        if (!isThenable(step) && (step.done || !isThenable(step.value))) this.#take(step);
        else this.#takeLater(step);
      } catch (error) {
        this.#closeSource({ error });
      }
    }
  }

  /** A promise of an item is waited for, as `for await` does. */
  async #takeLater(step: IteratorResult<unknown> | Promise<IteratorResult<unknown>>): Promise<void> {
    try {
      const { done, value } = await step;
      this.#take(isThenable(step) ? { done, value } : { done, value: await value });
    } catch (error) {
      this.#closeSource({ error });
    }
    this.#advance();
  }

  #take({ done, value }: { readonly done?: boolean | undefined; readonly value: unknown }): void {
    this.#isPulling = false;
    if (this.#isSourceOver) return;
    if (done === true) {
      this.#isSourceOver = true;
      return;
    }
    let taken: Taken;
    try {
      const future = this.#shell.submit(value, this.#count++);
      taken = { future, outcome: undefined };
      future.result().then(
        (result) => this.#settle(taken, { value: result }),
        (error) => this.#settle(taken, { error }),
      );
    } catch (error) {
      taken = { future: undefined, outcome: { error } };
    }
    this.#taken.add(taken);
    if (this.#ordered || taken.outcome !== undefined) this.#line.push(taken);
  }

  #settle(taken: Taken, outcome: NonNullable<Taken["outcome"]>): void {
    if (!this.#taken.has(taken)) return;
    taken.outcome = outcome;
    taken.future?.release();
    if (!this.#ordered) this.#line.push(taken);
    this.#advance();
  }

  /** The source has failed: that is told after what came before. */
  #closeSource(failure: { readonly error: unknown }): void {
    this.#isPulling = false;
    if (this.#isSourceOver) return;
    this.#isSourceOver = true;
    this.#failure = failure;
  }

  /** Gives up all that is under way. What it returns settles when the source is closed, if it was asked for nothing before. */
  #stop(failure?: { readonly error: unknown }): Promise<unknown> | undefined {
    const futures = [...this.#taken].flatMap(({ future }) => future ?? []);
    this.#taken.clear();
    this.#line.clear();
    this.#failure = failure;
    this.#unsubscribe();
    for (const future of futures) {
      if (!future.done()) future.cancel({ reason: "the stream it belongs to was given up" });
      future.release();
    }
    if (this.#isSourceOver) return undefined;
    this.#isSourceOver = true;
    const returned = closeIterator(this.#source);
    if (!this.#isPulling) return returned;
    // It answers one call after the other, and the one before may take for ever.
    returned.catch(() => {});
    return undefined;
  }

  #unsubscribe(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#abort);
  }

  #learnLimit(): void {
    this.#handedOn = 0;
    const learn = (slots: number) => {
      this.#limit = Math.max(LEAST_LIMIT, 2 * slots);
      if (this.#count > 0) this.#pull();
    };
    this.#shell.countSlots().then(learn, () => {}); // Whatever is wrong, the tasks will say.
  }
}

async function closeIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

function isThenable<T>(value: T | PromiseLike<unknown>): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
