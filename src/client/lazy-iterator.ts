/** LazyIterator: an async iterator whose code is loaded when it is first asked for something. */

export class LazyIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #load: () => Promise<AsyncIterableIterator<T, undefined>>;
  #loaded: Promise<AsyncIterableIterator<T, undefined>> | undefined;

  constructor(load: () => Promise<AsyncIterableIterator<T, undefined>>) {
    this.#load = load;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    this.#loaded ??= this.#load();
    return (await this.#loaded).next();
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#loaded ??= this.#load();
    return (await this.#loaded).return?.() ?? { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
