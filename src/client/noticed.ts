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
  #noticed: Noticed[] = [];

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

  /** Forgets these, which the cluster has forgotten. */
  forget(ids: readonly ClientTaskId[]): void {
    this.#noticed = this.#noticed.filter(({ id }) => !ids.includes(id));
  }

  /** Forgets all, and tells whom. */
  clear(tell: (id: ClientTaskId) => void): void {
    if (this.#noticed.length > 0) for (const { id } of this.#noticed.splice(0)) tell(id);
  }
}

/** An array buffer or a view on one that is worth the trouble. */
export function isLargeArray(value: object): value is ArrayBufferView | ArrayBuffer {
  if (ArrayBuffer.isView(value)) return value.byteLength >= NOTICE_FROM && value.buffer instanceof ArrayBuffer;
  return value instanceof ArrayBuffer && value.byteLength >= NOTICE_FROM;
}

function sameBytes(a: ArrayBufferView | ArrayBuffer, b: ArrayBufferView | ArrayBuffer): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const x = bytesOf(a);
  const y = bytesOf(b);
  // Node compares memory with memory, three times as fast as a loop does.
  const { Buffer } = globalThis as { Buffer?: { compare(x: Uint8Array, y: Uint8Array): number } };
  if (Buffer !== undefined) return Buffer.compare(x, y) === 0;
  const words = x.byteOffset % 4 === 0 && y.byteOffset % 4 === 0 ? x.length >> 2 : 0;
  const [v, w] = [x, y].map(({ buffer, byteOffset }) => new Int32Array(buffer, byteOffset, words)) as [
    Int32Array,
    Int32Array,
  ];
  for (let i = 0; i < words; i++) if (v[i] !== w[i]) return false;
  for (let i = 4 * words; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

function bytesOf(array: ArrayBufferView | ArrayBuffer): Uint8Array {
  return ArrayBuffer.isView(array)
    ? new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    : new Uint8Array(array);
}
