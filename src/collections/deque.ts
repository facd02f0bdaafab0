/** A queue with two ends; taking from the front never moves what is behind it. */

const COMPACT_FROM = 1024;

export class Deque<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  pushFront(item: T): void {
    if (this.#head > 0) this.#items[--this.#head] = item;
    else this.#items.unshift(item);
  }

  /** The item `offset` places behind the front. */
  peek(offset = 0): T | undefined {
    return this.#items[this.#head + offset];
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out the item `offset` places behind the front; the items before it keep their order. */
  takeAt(offset: number): T | undefined {
    const at = this.#head + offset;
    const item = this.#items[at];
    for (let i = at; i > this.#head; i--) this.#items[i] = this.#items[i - 1];
    this.#items[this.#head] = item;
    return this.shift();
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
