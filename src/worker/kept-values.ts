/** The values that a worker has: which are in memory, in the order of their use, which are out, and how many bytes those are. */

import type { TaskId } from "../protocol/identity.ts";

export interface Kept {
  readonly id: TaskId;
  readonly nbytes: number;
  /** What it goes by in the store; 0 if it is not there. */
  number: number;
  isWriting: boolean;
  /** It cannot be written: something in it does not survive that, or is shared. */
  isStuck: boolean;
}

export class KeptValues {
  /** In memory: whatever was used least lately first. */
  readonly #in = new Map<TaskId, Kept>();
  readonly #out = new Map<TaskId, Kept>();
  /** Those in memory that the store does not have, is not at, and can take: in the same order, as far as nothing has failed. */
  readonly #unwritten = new Map<TaskId, Kept>();
  #inBytes = 0;
  #outBytes = 0;
  #writingBytes = 0;
  #unwrittenBytes = 0;

  /** Bytes in memory. */
  get inBytes(): number {
    return this.#inBytes;
  }

  get outBytes(): number {
    return this.#outBytes;
  }

  /** Bytes of those that the store is at. */
  get writingBytes(): number {
    return this.#writingBytes;
  }

  /** Bytes in memory that cannot be let go of before they are written. */
  get unwrittenBytes(): number {
    return this.#unwrittenBytes;
  }

  /** In memory, whatever was used least lately first. */
  inMemory(): Iterable<Kept> {
    return this.#in.values();
  }

  unwritten(): Iterable<Kept> {
    return this.#unwritten.values();
  }

  ids(): TaskId[] {
    return [...this.#in.keys(), ...this.#out.keys()];
  }

  isIn(id: TaskId): boolean {
    return this.#in.has(id);
  }

  out(id: TaskId): Kept | undefined {
    return this.#out.get(id);
  }

  /** Whether this, and no later value of the same name, is in memory. */
  holds(kept: Kept): boolean {
    return this.#in.get(kept.id) === kept;
  }

  addIn(kept: Kept): void {
    this.#in.set(kept.id, kept);
    this.#inBytes += kept.nbytes;
    if (kept.number === 0 && !kept.isWriting && !kept.isStuck) this.#addUnwritten(kept);
  }

  addOut(kept: Kept): void {
    this.#out.set(kept.id, kept);
    this.#outBytes += kept.nbytes;
  }

  remove(id: TaskId): Kept | undefined {
    const kept = this.#in.get(id) ?? this.#out.get(id);
    if (kept === undefined) return undefined;
    if (this.#in.delete(id)) this.#inBytes -= kept.nbytes;
    if (this.#out.delete(id)) this.#outBytes -= kept.nbytes;
    this.#removeUnwritten(kept);
    return kept;
  }

  touch(id: TaskId): void {
    for (const values of [this.#in, this.#unwritten]) {
      const kept = values.get(id);
      if (kept === undefined) return;
      values.delete(id);
      values.set(id, kept);
    }
  }

  beginWrite(kept: Kept): void {
    kept.isWriting = true;
    this.#writingBytes += kept.nbytes;
    this.#removeUnwritten(kept);
  }

  /** The store is through with it: it has it by this number, or has not; then it may be that it never will. */
  endWrite(kept: Kept, number: number, isStuck = false): void {
    kept.isWriting = false;
    kept.number = number;
    kept.isStuck = isStuck;
    this.#writingBytes -= kept.nbytes;
    if (number === 0 && !isStuck && this.holds(kept)) this.#addUnwritten(kept);
  }

  #addUnwritten(kept: Kept): void {
    this.#unwritten.set(kept.id, kept);
    this.#unwrittenBytes += kept.nbytes;
  }

  #removeUnwritten(kept: Kept): void {
    if (this.#unwritten.get(kept.id) !== kept) return;
    this.#unwritten.delete(kept.id);
    this.#unwrittenBytes -= kept.nbytes;
  }
}
