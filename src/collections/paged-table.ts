/** A table from growing integer ids to items: as fast as an array, and it forgets pages whose items are all gone. */

const PAGE_BITS = 8;
const PAGE_SIZE = 1 << PAGE_BITS;
const OFFSET_MASK = PAGE_SIZE - 1;

interface Page<T> {
  readonly items: (T | undefined)[];
  live: number;
}

export class PagedTable<T> {
  readonly #pages = new Map<number, Page<T>>();
  /** The page touched last: ids come in runs, so it is nearly always the next one too. */
  #recent: Page<T> | undefined;
  #recentNumber = -1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#page(id)?.items[id & OFFSET_MASK];
  }

  set(id: number, item: T): void {
    let page = this.#page(id);
    if (page === undefined) {
      page = { items: new Array<T | undefined>(PAGE_SIZE).fill(undefined), live: 0 };
      this.#recentNumber = Math.floor(id / PAGE_SIZE);
      this.#recent = page;
      this.#pages.set(this.#recentNumber, page);
    }
    const offset = id & OFFSET_MASK;
    if (page.items[offset] === undefined) {
      page.live += 1;
      this.#size += 1;
    }
    page.items[offset] = item;
  }

  delete(id: number): boolean {
    const page = this.#page(id);
    const offset = id & OFFSET_MASK;
    if (page === undefined || page.items[offset] === undefined) return false;
    page.items[offset] = undefined;
    page.live -= 1;
    this.#size -= 1;
    if (page.live === 0) {
      this.#pages.delete(this.#recentNumber);
      this.#recent = undefined;
      this.#recentNumber = -1;
    }
    return true;
  }

  /** Items in the order of their pages' first use; items may be deleted meanwhile. */
  *values(): IterableIterator<T> {
    for (const page of [...this.#pages.values()]) {
      for (const item of page.items) if (item !== undefined) yield item;
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#recent = undefined;
    this.#recentNumber = -1;
    this.#size = 0;
  }

  #page(id: number): Page<T> | undefined {
    const number = Math.floor(id / PAGE_SIZE);
    if (number !== this.#recentNumber) {
      const page = this.#pages.get(number);
      if (page === undefined) return undefined;
      this.#recent = page;
      this.#recentNumber = number;
    }
    return this.#recent;
  }
}
