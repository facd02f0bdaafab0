/** A map in the order of adding, whose first entry is found at once: a platform's own map walks past all that was there before it. */

interface Link<K, V> {
  readonly key: K;
  readonly value: V;
  before: Link<K, V> | undefined;
  after: Link<K, V> | undefined;
}

export class LinkedMap<K, V> {
  readonly #links = new Map<K, Link<K, V>>();
  #first: Link<K, V> | undefined;
  #last: Link<K, V> | undefined;

  get size(): number {
    return this.#links.size;
  }

  get(key: K): V | undefined {
    return this.#links.get(key)?.value;
  }

  first(): readonly [key: K, value: V] | undefined {
    return this.#first && [this.#first.key, this.#first.value];
  }

  /** Adds an entry behind all others; in place of one that has the same key. */
  push(key: K, value: V): void {
    this.delete(key);
    const link: Link<K, V> = { key, value, before: this.#last, after: undefined };
    this.#links.set(key, link);
    if (this.#last === undefined) this.#first = link;
    else this.#last.after = link;
    this.#last = link;
  }

  /** The same, before all others. */
  pushFront(key: K, value: V): void {
    this.delete(key);
    const link: Link<K, V> = { key, value, before: undefined, after: this.#first };
    this.#links.set(key, link);
    if (this.#first === undefined) this.#last = link;
    else this.#first.before = link;
    this.#first = link;
  }

  delete(key: K): boolean {
    const link = this.#links.get(key);
    if (link === undefined) return false;
    this.#links.delete(key);
    if (link.before === undefined) this.#first = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.#last = link.before;
    else link.after.before = link.before;
    return true;
  }

  /** Takes the first entry. */
  shift(): readonly [key: K, value: V] | undefined {
    const first = this.first();
    if (first !== undefined) this.delete(first[0]);
    return first;
  }

  *[Symbol.iterator](): IterableIterator<readonly [key: K, value: V]> {
    for (let link = this.#first; link !== undefined; link = link.after) yield [link.key, link.value];
  }
}
