/** Gathers frames into messages of a wire: small ones share one. */

import { HEAD_BYTES, putCount } from "./trunk-words.ts";

const SLAB_BYTES = 64 * 1024;

export class Batch {
  readonly #send: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Written once, front to back: frames that may have to be sent again are views of it. */
  #slab = new Uint8Array(SLAB_BYTES);
  #from = 0;
  #at = 0;

  constructor(send: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#send = send;
  }

  /** Bytes that are gathered and not sent. */
  get pending(): number {
    return this.#at - this.#from;
  }

  /** A frame as it was written. `most`: no message of the wire may be larger. */
  frame(byte: number, numbers: readonly number[], parts: readonly Uint8Array[], most: number): Uint8Array<ArrayBuffer> {
    let bytes = HEAD_BYTES;
    for (const part of parts) bytes += part.length;
    if (this.pending + bytes > most) this.flush();
    if (this.#at + bytes > this.#slab.length) {
      this.flush();
      this.#slab = new Uint8Array(Math.max(SLAB_BYTES, bytes));
      this.#from = 0;
      this.#at = 0;
    }
    const slab = this.#slab;
    const start = this.#at;
    let at = start;
    slab[at++] = byte;
    for (const number of numbers) at = putCount(slab, at, number);
    for (const part of parts) {
      slab.set(part, at);
      at += part.length;
    }
    this.#at = at;
    return slab.subarray(start, at);
  }

  flush(): void {
    if (this.#at === this.#from) return;
    const bytes = this.#slab.subarray(this.#from, this.#at);
    this.#from = this.#at;
    this.#send(bytes);
  }

  /** What was gathered is not to be sent. */
  drop(): void {
    this.#from = this.#at;
  }
}
