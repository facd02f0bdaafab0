/** What comes out of a shared object one after the other, for `for await`. */

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Where it comes from. */
export interface IterationSource<T> {
  /** The next one. Is not called again before it has settled. */
  pull(signal: AbortSignal): Promise<IteratorResult<T, undefined>>;
  /** Whether an error means no more than that it is over. */
  isOver(): boolean;
  /** Nothing will be asked for any more. */
  stop(): void;
}

/** Unlike a generator, it can be ended while somebody waits for what comes next. */
export class Iteration<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #source: IterationSource<T>;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = new AbortController();
  readonly #giveUp = () => this.#abort.abort(this.#signal?.reason);
  #isEnded = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: IterationSource<T>, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
    if (signal?.aborted) this.#giveUp();
    else signal?.addEventListener("abort", this.#giveUp);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const next = this.#last.then(() => this.#pull());
    this.#last = next.catch(() => {});
    return next;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#end();
    this.#abort.abort();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #pull(): Promise<IteratorResult<T, undefined>> {
    if (this.#isEnded) return DONE;
    try {
      const next = await this.#source.pull(this.#abort.signal);
      if (next.done) this.#end();
      return next;
    } catch (error) {
      if (this.#isEnded) return DONE;
      this.#end();
      if (this.#source.isOver()) return DONE;
      throw error;
    }
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#signal?.removeEventListener("abort", this.#giveUp);
    this.#source.stop();
  }
}
