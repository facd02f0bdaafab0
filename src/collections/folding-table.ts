/** A table from growing integer ids to items, of which whole runs may stay folded until somebody asks for one of them. */

import { PagedTable } from "./paged-table.ts";

/** Places of folds that are gone, from which on it is worth to move up the others. */
const COMPACT_FROM = 64;

export class FoldingTable<T, S> {
  readonly #items = new PagedTable<T>();
  readonly #unfold: (fold: S) => void;
  /** Folds in the order of their ids; those before `#head`, and those that are undefined, are gone. */
  #folds: (S | undefined)[] = [];
  #firsts: number[] = [];
  #ends: number[] = [];
  #head = 0;
  #live = 0;

  /** `unfold` takes the fold out of the table, and sets every item that it stands for. */
  constructor(unfold: (fold: S) => void) {
    this.#unfold = unfold;
  }

  /** Items that are not folded. */
  get size(): number {
    return this.#items.size;
  }

  /** The item; if it is in a fold, that is unfolded. */
  get(id: number): T | undefined {
    const item = this.#items.get(id);
    if (item !== undefined || this.#live === 0) return item;
    const fold = this.foldAt(id);
    if (fold === undefined) return undefined;
    this.#unfold(fold);
    return this.#items.get(id);
  }

  set(id: number, item: T): void {
    this.#items.set(id, item);
  }

  /** Takes out an item that is not folded. */
  delete(id: number): boolean {
    return this.#items.delete(id);
  }

  /** Items that are not folded. */
  values(): IterableIterator<T> {
    return this.#items.values();
  }

  /** Enters items from `first` on as a fold. Their ids are higher than those of all folds before. */
  fold(first: number, count: number, fold: S): void {
    this.#folds.push(fold);
    this.#firsts.push(first);
    this.#ends.push(first + count);
    this.#live += 1;
  }

  /** The fold that holds `id`, if it is in one. */
  foldAt(id: number): S | undefined {
    if (this.#live === 0) return undefined;
    return this.#folds[this.#indexOf(id)];
  }

  /** Takes out the fold that holds `id`. */
  removeFold(id: number): void {
    const index = this.#indexOf(id);
    if (this.#folds[index] === undefined) return;
    this.#folds[index] = undefined;
    this.#live -= 1;
    while (this.#head < this.#folds.length && this.#folds[this.#head] === undefined) this.#head += 1;
    if (this.#head >= COMPACT_FROM && this.#head * 2 > this.#folds.length) this.#compact();
  }

  *folds(): IterableIterator<S> {
    for (const fold of this.#folds.slice(this.#head)) if (fold !== undefined) yield fold;
  }

  #indexOf(id: number): number {
    let low = this.#head;
    let high = this.#folds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    return low < this.#folds.length && (this.#firsts[low] as number) <= id ? low : -1;
  }

  #compact(): void {
    this.#folds = this.#folds.slice(this.#head);
    this.#firsts = this.#firsts.slice(this.#head);
    this.#ends = this.#ends.slice(this.#head);
    this.#head = 0;
  }
}
