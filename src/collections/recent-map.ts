/**
 * A map that forgets what was not asked for lately. At least the `most` entries that were used last are in it, and at most twice as many:
 * whatever is not used while so many others are added is gone, without a note being taken of each use.
 */
export class RecentMap<K, V> {
  readonly #most: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined || !this.#old.has(key)) return value;
    const old = this.#old.get(key) as V;
    this.#old.delete(key);
    this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#most) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
