/** A many-to-many relation with two views that cannot disagree: left to rights, right to lefts, in the order they were added. */

const EMPTY: ReadonlySet<never> = new Set<never>();

export class Relation<L, R> {
  readonly #rights = new Map<L, Set<R>>();
  readonly #lefts = new Map<R, Set<L>>();

  add(left: L, right: R): void {
    setOf(this.#rights, left).add(right);
    setOf(this.#lefts, right).add(left);
  }

  delete(left: L, right: R): boolean {
    if (!drop(this.#rights, left, right)) return false;
    drop(this.#lefts, right, left);
    return true;
  }

  has(left: L, right: R): boolean {
    return this.#rights.get(left)?.has(right) ?? false;
  }

  rightsOf(left: L): ReadonlySet<R> {
    return this.#rights.get(left) ?? EMPTY;
  }

  leftsOf(right: R): ReadonlySet<L> {
    return this.#lefts.get(right) ?? EMPTY;
  }

  deleteLeft(left: L): void {
    for (const right of this.#rights.get(left) ?? EMPTY) drop(this.#lefts, right, left);
    this.#rights.delete(left);
  }

  deleteRight(right: R): void {
    for (const left of this.#lefts.get(right) ?? EMPTY) drop(this.#rights, left, right);
    this.#lefts.delete(right);
  }

  /** Pairs in the relation. */
  get size(): number {
    let size = 0;
    for (const rights of this.#rights.values()) size += rights.size;
    return size;
  }
}

function setOf<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key);
  if (set === undefined) {
    set = new Set();
    map.set(key, set);
  }
  return set;
}

function drop<K, V>(map: Map<K, Set<V>>, key: K, value: V): boolean {
  const set = map.get(key);
  if (set === undefined || !set.delete(value)) return false;
  if (set.size === 0) map.delete(key);
  return true;
}
