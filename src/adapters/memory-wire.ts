/** A wire within one thread: the reference for every other, and what simulations cut, hold up and clog. */

import type { Wire } from "../ports/wire.ts";

export interface MemoryWireOptions {
  readonly maxMessageBytes?: number;
  /** Below this much on its way, there is room for more. */
  readonly lowWaterBytes?: number;
  /** When a message arrives: calls `arrive` at once or later, in order. At the end of the turn if not given. */
  readonly carry?: (arrive: () => void) => void;
}

const standard = { maxMessageBytes: 2 ** 20, lowWaterBytes: 2 ** 18, carry: queueMicrotask };

/** Two ends; what one sends the other hears, by reference. */
export function memoryWire(options: MemoryWireOptions = {}): readonly [MemoryWire, MemoryWire] {
  const [left, right] = [new MemoryWire(options), new MemoryWire(options)];
  left.connect(right);
  right.connect(left);
  return [left, right];
}

export class MemoryWire implements Wire {
  readonly maxMessageBytes: number;
  readonly closed: Promise<string>;
  bufferedBytes = 0;
  readonly #lowWaterBytes: number;
  readonly #carry: (arrive: () => void) => void;
  #settleClosed: (reason: string) => void = () => {};
  #other: MemoryWire | undefined;
  #onMessage: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  #drained: () => void = () => {};
  #held: Uint8Array<ArrayBuffer>[] = [];
  #isClosed = false;

  constructor(options: MemoryWireOptions) {
    const { maxMessageBytes, lowWaterBytes, carry } = { ...standard, ...options };
    this.maxMessageBytes = maxMessageBytes;
    this.#lowWaterBytes = lowWaterBytes;
    this.#carry = carry;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  connect(other: MemoryWire): void {
    this.#other = other;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    if (bytes.length > this.maxMessageBytes) {
      this.close(`a message of ${bytes.length} bytes is larger than ${this.maxMessageBytes}`);
      return;
    }
    this.bufferedBytes += bytes.length;
    this.#carry(() => this.#arrive(bytes));
  }

  #arrive(bytes: Uint8Array<ArrayBuffer>): void {
    const before = this.bufferedBytes;
    this.bufferedBytes -= bytes.length;
    this.#other?.receive(bytes);
    const isLow = before > this.#lowWaterBytes && this.bufferedBytes <= this.#lowWaterBytes;
    if (isLow && !this.#isClosed) this.#drained();
  }

  receive(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    if (this.#onMessage === undefined) this.#held.push(bytes);
    else this.#onMessage(bytes);
  }

  listen(onMessage: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#onMessage = onMessage;
    for (const bytes of this.#held.splice(0)) if (!this.#isClosed) onMessage(bytes);
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  /** What is on its way arrives before the other end is closed. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#end(reason);
    this.#carry(() => this.#other?.endThere(reason));
  }

  /** Both ends at once; what is on its way is lost. */
  cut(reason: string): void {
    this.#end(reason);
    this.#other?.endThere(reason);
  }

  /** The other end is closed. */
  endThere(reason: string): void {
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#settleClosed(reason);
  }
}
