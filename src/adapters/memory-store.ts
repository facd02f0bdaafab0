/** A store in memory, for tests and for the simulation: with so much room, and as slow as its clock has it. */

import type { ValueStore } from "../ports/value-store.ts";

export interface MemoryStoreOptions {
  /** Bytes it has room for. */
  readonly room?: number;
  /** Settles when an operation may go on. */
  readonly pause?: () => Promise<void>;
}

export class MemoryStore implements ValueStore {
  readonly #values = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #pause: () => Promise<void>;
  /** Bytes there is still room for. */
  room: number;

  constructor({ room = Number.POSITIVE_INFINITY, pause = () => Promise.resolve() }: MemoryStoreOptions = {}) {
    this.room = room;
    this.#pause = pause;
  }

  /** Values it holds. */
  get size(): number {
    return this.#values.size;
  }

  async write(number: number, chunks: readonly Uint8Array[]): Promise<void> {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    await this.#pause();
    if (length > this.room) throw new Error("there is no room for it");
    this.room -= length;
    this.#values.set(number, whole);
  }

  async read(number: number, lengths: readonly number[]): Promise<ArrayBuffer[]> {
    await this.#pause();
    const whole = this.#values.get(number);
    if (whole === undefined) throw new Error(`nothing was written as ${number}`);
    if (lengths.reduce((sum, length) => sum + length, 0) !== whole.length) throw new Error("it is of another length");
    let at = 0;
    return lengths.map((length) => {
      at += length;
      return whole.buffer.slice(at - length, at);
    });
  }

  async remove(number: number): Promise<void> {
    this.room += this.#values.get(number)?.length ?? 0;
    this.#values.delete(number);
  }

  async close(): Promise<void> {
    for (const number of [...this.#values.keys()]) await this.remove(number);
  }
}
