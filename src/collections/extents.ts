/** Which bytes of a file are free: what was given back between others, and all behind the last. */

interface Gap {
  at: number;
  bytes: number;
}

export class Extents {
  readonly #capacity: number;
  /** In the order of where they are; none touches another, nor the end. */
  readonly #gaps: Gap[] = [];
  #end = 0;

  /** @param capacity - bytes that the file may come to. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Nothing is in use from here on. */
  get end(): number {
    return this.#end;
  }

  /** Where there are so many bytes in a row; from then on they are in use. Undefined if there are not. */
  take(bytes: number): number | undefined {
    const index = this.#gaps.findIndex((gap) => gap.bytes >= bytes);
    const gap = this.#gaps[index];
    if (gap === undefined) {
      const at = this.#end;
      if (at + bytes > this.#capacity) return undefined;
      this.#end += bytes;
      return at;
    }
    const { at } = gap;
    gap.at += bytes;
    gap.bytes -= bytes;
    if (gap.bytes === 0) this.#gaps.splice(index, 1);
    return at;
  }

  /** They are not in use any more. */
  giveBack(at: number, bytes: number): void {
    if (bytes === 0) return;
    const index = this.#indexBehind(at);
    const [before, after] = [this.#gaps[index - 1], this.#gaps[index]];
    const gap = { at, bytes };
    let [from, replaced] = [index, 0];
    if (before !== undefined && before.at + before.bytes === at) {
      gap.at = before.at;
      gap.bytes += before.bytes;
      from -= 1;
      replaced += 1;
    }
    if (after !== undefined && at + bytes === after.at) {
      gap.bytes += after.bytes;
      replaced += 1;
    }
    const isLast = gap.at + gap.bytes === this.#end;
    if (isLast) this.#end = gap.at;
    this.#gaps.splice(from, replaced, ...(isLast ? [] : [gap]));
  }

  /** Of the first gap that is behind this place. */
  #indexBehind(at: number): number {
    let [from, to] = [0, this.#gaps.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#gaps[middle] as Gap).at < at) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
