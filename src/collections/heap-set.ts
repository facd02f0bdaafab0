/** A set that always knows its smallest member, and from which any member can be removed or moved when its rank changes. */

/** Where a member stands in the heap it is in; -1 outside. A member can be in one heap at a time. */
export interface HeapMember {
  heapIndex: number;
}

export class HeapSet<T extends HeapMember> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** `before(a, b)`: whether a comes out earlier than b; a strict order, or ties come out in no fixed order. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#items[item.heapIndex] === item;
  }

  /** Adds `item`, or puts it where it belongs after its rank changed. */
  update(item: T): void {
    if (!this.has(item)) {
      item.heapIndex = this.#items.length;
      this.#items.push(item);
    }
    this.#rise(item.heapIndex);
    this.#sink(item.heapIndex);
  }

  delete(item: T): boolean {
    if (!this.has(item)) return false;
    const at = item.heapIndex;
    const last = this.#items.pop() as T;
    item.heapIndex = -1;
    if (last !== item) {
      this.#place(last, at);
      this.#rise(at);
      this.#sink(last.heapIndex);
    }
    return true;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items[Symbol.iterator]();
  }

  #place(item: T, at: number): void {
    this.#items[at] = item;
    item.heapIndex = at;
  }

  #rise(from: number): void {
    let at = from;
    const item = this.#items[at] as T;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#items[parent] as T;
      if (!this.#before(item, above)) break;
      this.#place(above, at);
      at = parent;
    }
    if (at !== from) this.#place(item, at);
  }

  #sink(from: number): void {
    let at = from;
    const item = this.#items[at] as T;
    const size = this.#items.length;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(this.#items[child + 1] as T, this.#items[child] as T)) child += 1;
      const below = this.#items[child] as T;
      if (!this.#before(below, item)) break;
      this.#place(below, at);
      at = child;
    }
    if (at !== from) this.#place(item, at);
  }
}
