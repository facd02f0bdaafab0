/** Large arrays that are passed as arguments again and again: noticed, so that each worker gets them once. */

import type { ClientTaskId } from "../protocol/identity.ts";

/** From this size on it pays to look. Bytes. */
export const NOTICE_FROM = 256 * 1024;
/** How many are remembered. */
const MOST = 4;

interface Noticed {
  readonly original: WeakRef<object>;
  readonly copy: ArrayBufferView | ArrayBuffer;
  readonly id: ClientTaskId;
}

export class NoticedArrays {
  readonly #noticed: Noticed[] = [];

  /** The task that stands for `array`, if it was seen before and has not been changed since. */
  find(array: ArrayBufferView | ArrayBuffer): ClientTaskId | undefined {
    const known = this.#noticed.find(({ original, copy }) => original.deref() === array && sameBytes(array, copy));
    return known?.id;
  }

  /** Remembers that `id` holds `copy`, made of `array`. Returns whom it made forget. */
  remember(array: object, copy: ArrayBufferView | ArrayBuffer, id: ClientTaskId): ClientTaskId | undefined {
    this.#noticed.push({ original: new WeakRef(array), copy, id });
    return this.#noticed.length > MOST ? this.#noticed.shift()?.id : undefined;
  }

  /** Forgets all; returns whom. */
  clear(): readonly ClientTaskId[] {
    return this.#noticed.splice(0).map(({ id }) => id);
  }
}

/** An array buffer or a view on one that is worth the trouble. */
export function isLargeArray(value: object): value is ArrayBufferView | ArrayBuffer {
  if (ArrayBuffer.isView(value)) return value.byteLength >= NOTICE_FROM && value.buffer instanceof ArrayBuffer;
  return value instanceof ArrayBuffer && value.byteLength >= NOTICE_FROM;
}

function sameBytes(a: ArrayBufferView | ArrayBuffer, b: ArrayBufferView | ArrayBuffer): boolean {
  if (a.byteLength !== b.byteLength) return false;
  // Node compares memory with memory, three times as fast as a loop does.
  const { Buffer } = globalThis as { Buffer?: { compare(a: Uint8Array, b: Uint8Array): number } };
  if (Buffer !== undefined) return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  const whole = a.byteLength - (a.byteLength % 4);
  if (ArrayBuffer.isView(a) && a.byteOffset % 4 !== 0) return sameItems(bytesOf(a), bytesOf(b));
  return sameItems(wordsOf(a, whole), wordsOf(b, whole)) && sameItems(bytesOf(a, whole), bytesOf(b, whole));
}

function wordsOf(array: ArrayBufferView | ArrayBuffer, bytes: number): Int32Array {
  return ArrayBuffer.isView(array)
    ? new Int32Array(array.buffer, array.byteOffset, bytes / 4)
    : new Int32Array(array, 0, bytes / 4);
}

function bytesOf(array: ArrayBufferView | ArrayBuffer, from = 0): Uint8Array {
  if (ArrayBuffer.isView(array)) return new Uint8Array(array.buffer, array.byteOffset + from, array.byteLength - from);
  return new Uint8Array(array, from);
}

function sameItems(a: Int32Array | Uint8Array, b: Int32Array | Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
