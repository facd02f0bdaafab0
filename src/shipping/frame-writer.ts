/** Bytes that grow as they are written, and how numbers and strings are written in them. */

import { ASCII, LATIN1, LONGEST_KEPT, platform, SAME_STRING, SHORTEST_KEPT, WIDE } from "./frame-tags.ts";

/** What is written for short messages lies in one piece of memory after the other: making one for each would take longer than writing it. */
const SLAB_BYTES = 16 * 1024;
/** With less than this left, another is begun. */
const SCANT_BYTES = 512;
/** Longer strings are left to the platform, which copies many units at a time but takes a while to begin. */
const LONG_STRING = 64;
const CACHE_SIZE = 1024;

const textEncoder = platform.TextEncoder === undefined ? undefined : new platform.TextEncoder();

export class FrameWriter {
  bytes = new Uint8Array(SLAB_BYTES);
  at = 0;
  /** Where this message begins. */
  #start = 0;
  #view = new DataView(this.bytes.buffer);
  /** Strings of late, where their units put them, and their numbers; those below `#firstString` were in messages before this one. */
  readonly #strings: string[] = new Array(CACHE_SIZE).fill("");
  readonly #numbers = new Float64Array(CACHE_SIZE).fill(-1);
  #firstString = 0;
  #nextString = 0;

  /** Bytes written of this message. */
  get length(): number {
    return this.at - this.#start;
  }

  /** Writes another byte where this message had one. */
  amend(place: number, byte: number): void {
    this.bytes[this.#start + place] = byte;
  }

  /** What was written; another message begins behind it. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(this.#start, this.at);
    this.#start = this.at;
    this.reset();
    return taken;
  }

  /** What was written of this message is given up. */
  reset(): void {
    this.at = this.#start;
    this.#firstString = this.#nextString;
    if (this.bytes.length > SLAB_BYTES || this.bytes.length - this.at < SCANT_BYTES) {
      this.#use(new Uint8Array(SLAB_BYTES));
      this.at = 0;
      this.#start = 0;
    }
  }

  /** Makes room for so many bytes more. */
  room(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const written = this.bytes.subarray(this.#start, this.at);
    const larger = new Uint8Array(Math.max(SLAB_BYTES, 2 * (written.length + count)));
    larger.set(written);
    this.#use(larger);
    this.at = written.length;
    this.#start = 0;
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  byte(byte: number): void {
    if (this.at === this.bytes.length) this.room(1);
    this.bytes[this.at++] = byte;
  }

  /** Not negative, and at most 2 ** 53. */
  count(count: number): void {
    this.room(8);
    let rest = count;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 128;
    for (; rest > 127; rest >>>= 7) this.bytes[this.at++] = (rest & 127) | 128;
    this.bytes[this.at++] = rest;
  }

  int(value: number): void {
    this.count(((value << 1) ^ (value >> 31)) >>> 0);
  }

  double(value: number): void {
    this.room(8);
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Numbers `from` up to `to` of `items`, each `width` bytes; 8 for doubles. */
  run(items: readonly unknown[], from: number, to: number, width: 1 | 2 | 4 | 8): void {
    this.room((to - from) * width);
    const view = this.#view;
    let at = this.at;
    if (width === 1) for (let i = from; i < to; i++) this.bytes[at++] = items[i] as number;
    else if (width === 2) for (let i = from; i < to; i++, at += 2) view.setInt16(at, items[i] as number, true);
    else if (width === 4) for (let i = from; i < to; i++, at += 4) view.setInt32(at, items[i] as number, true);
    else for (let i = from; i < to; i++, at += 8) view.setFloat64(at, items[i] as number, true);
    this.at = at;
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  string(text: string): void {
    const { length } = text;
    if (length < SHORTEST_KEPT || length > LONGEST_KEPT) {
      this.#spell(text);
      return;
    }
    const mixed =
      (length * 31 + text.charCodeAt(0)) * 31 + text.charCodeAt(length >> 1) * 7 + text.charCodeAt(length - 1);
    const place = mixed & (CACHE_SIZE - 1);
    const number = this.#numbers[place] as number;
    if (number >= this.#firstString && this.#strings[place] === text) {
      this.byte(SAME_STRING);
      this.count(number - this.#firstString);
      return;
    }
    this.#strings[place] = text;
    this.#numbers[place] = this.#nextString++;
    this.#spell(text);
  }

  #spell(text: string): void {
    const { length } = text;
    if (length > LONG_STRING && textEncoder !== undefined && this.#spellLong(text)) return;
    this.room(length + 10);
    const start = this.at++;
    this.count(length);
    const { bytes } = this;
    let at = this.at;
    let all = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      all |= unit;
      bytes[at++] = unit;
    }
    if (all > 255) {
      this.#spellWide(text);
      return;
    }
    bytes[start] = all > 127 ? LATIN1 : ASCII;
    this.at = at;
  }

  /** If it is ASCII; else nothing was written. */
  #spellLong(text: string): boolean {
    const { length } = text;
    this.room(length + 10);
    const start = this.at;
    this.byte(ASCII);
    this.count(length);
    const { read, written } = textEncoder?.encodeInto(text, this.bytes.subarray(this.at, this.at + length)) ?? {};
    const isAscii = read === length && written === length;
    this.at = isAscii ? this.at + length : start;
    return isAscii;
  }

  /** Over what was begun of it. */
  #spellWide(text: string): void {
    const { length } = text;
    this.room(2 * length);
    this.bytes[this.at - countBytes(length) - 1] = WIDE;
    let { at } = this;
    for (let i = 0; i < length; i++, at += 2) this.#view.setUint16(at, text.charCodeAt(i), true);
    this.at = at;
  }
}

/** Bytes that `count` takes. */
export function countBytes(count: number): number {
  let bytes = 1;
  for (let rest = count; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
