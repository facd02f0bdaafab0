/** A table from growing integer ids to items: as fast as an array, and it forgets pages whose items are all gone. */

const PAGE_BITS = 8;
const PAGE_SIZE = 1 << PAGE_BITS;
const OFFSET_MASK = PAGE_SIZE - 1;

interface Page<T> {
  readonly items: (T | undefined)[];
  live: number;
}

const NO_PAGE: Page<never> = { items: [], live: 0 };
/** Of no page: ids may be negative. */
const NO_NUMBER = -(2 ** 30);

export class PagedTable<T> {
  readonly #pages = new Map<number, Page<T>>();
  /** The page touched last: ids come in runs, so it is nearly always the next one too. */
  #recent: Page<T> = NO_PAGE;
  #recentNumber = NO_NUMBER;
  /** The page of the highest ids stays even when it is empty: the next id will need it. */
  #newest = NO_NUMBER;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  // The look at the recent page is written out in each: it is what nearly every call consists of.

  get(id: number): T | undefined {
    const offset = id & OFFSET_MASK;
    if ((id - offset) / PAGE_SIZE === this.#recentNumber) return this.#recent.items[offset];
    return this.#turnTo((id - offset) / PAGE_SIZE)?.items[offset];
  }

  set(id: number, item: T): void {
    const offset = id & OFFSET_MASK;
    const number = (id - offset) / PAGE_SIZE;
    const page = number === this.#recentNumber ? this.#recent : (this.#turnTo(number) ?? this.#add(number));
    if (page.items[offset] === undefined) {
      page.live += 1;
      this.#size += 1;
    }
    page.items[offset] = item;
  }

  /** Takes the item out, and returns it. */
  take(id: number): T | undefined {
    const offset = id & OFFSET_MASK;
    const number = (id - offset) / PAGE_SIZE;
    const page = number === this.#recentNumber ? this.#recent : this.#turnTo(number);
    const item = page?.items[offset];
    if (page === undefined || item === undefined) return undefined;
    page.items[offset] = undefined;
    page.live -= 1;
    this.#size -= 1;
    if (page.live === 0 && number !== this.#newest) {
      this.#pages.delete(number);
      this.#forgetRecent();
    }
    return item;
  }

  delete(id: number): boolean {
    return this.take(id) !== undefined;
  }

  /** Items in the order of their pages' first use; items may be deleted meanwhile. */
  *values(): IterableIterator<T> {
    for (const page of [...this.#pages.values()]) {
      for (const item of page.items) if (item !== undefined) yield item;
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#forgetRecent();
    this.#newest = NO_NUMBER;
    this.#size = 0;
  }

  #turnTo(number: number): Page<T> | undefined {
    const page = this.#pages.get(number);
    if (page !== undefined) {
      this.#recent = page;
      this.#recentNumber = number;
    }
    return page;
  }

  #add(number: number): Page<T> {
    const page: Page<T> = { items: new Array<T | undefined>(PAGE_SIZE).fill(undefined), live: 0 };
    this.#pages.set(number, page);
    this.#recent = page;
    this.#recentNumber = number;
    if (number > this.#newest) {
      if (this.#pages.get(this.#newest)?.live === 0) this.#pages.delete(this.#newest);
      this.#newest = number;
    }
    return page;
  }

  #forgetRecent(): void {
    this.#recent = NO_PAGE;
    this.#recentNumber = NO_NUMBER;
  }
}
