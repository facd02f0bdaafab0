/** A queue with two ends; taking from the front never moves what is behind it. */

import { added } from "./added.ts";

const COMPACT_FROM = 1024;

export class Deque<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items = added(this.#items, item);
  }

  pushFront(item: T): void {
    if (this.#head > 0) this.#items[--this.#head] = item;
    else this.#items.unshift(item);
  }

  /** Adds `item` behind those that do not rank higher, in a queue that is in the order of its ranks. Most belong at the end, or near it. */
  insert(item: T, rank: (item: T) => number): void {
    const own = rank(item);
    const items = this.#items;
    let from = this.#head;
    let to = items.length;
    // Most belong at the end.
    let middle = to - 1;
    while (from < to) {
      if (rank(items[middle] as T) > own) to = middle;
      else from = middle + 1;
      middle = (from + to) >> 1;
    }
    items.splice(from, 0, item);
  }

  /** The item at the front. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    if (this.#items.length === 1) return this.#items.pop();
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

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
