/** Reads what `FrameWriter` wrote, and believes nothing: whatever is not there, or too much, is a `ProtocolError`. */

import { ProtocolError } from "../protocol/errors.ts";
import { ASCII, LATIN1, LONGEST_KEPT, platform, SAME_STRING, SHORTEST_KEPT, WIDE } from "./frame-tags.ts";

const LONG_STRING = 32;
/** Units of a string that are made at once: each is an argument on the stack. */
const PIECE = 4096;

const textDecoder = platform.TextDecoder === undefined ? undefined : new platform.TextDecoder("utf-8", {});

export class FrameReader {
  readonly bytes: Uint8Array;
  at = 0;
  #known: DataView | undefined;
  readonly #strings: string[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Made when it is needed: few short messages have anything in them that takes it. */
  get #view(): DataView {
    this.#known ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.#known;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw cutShort();
    return this.bytes[this.at++] as number;
  }

  count(): number {
    let count = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const byte = this.byte();
      count += (byte & 127) * scale;
      if (byte < 128) {
        if (count > Number.MAX_SAFE_INTEGER) break;
        return count;
      }
    }
    throw new ProtocolError("A number in a message is too large.");
  }

  int(): number {
    const zigzag = this.count();
    if (zigzag > 0xffff_ffff) throw new ProtocolError("A number in a message is too large.");
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  double(): number {
    return this.#view.getFloat64(this.skip(8), true);
  }

  /** The place of the next `count` bytes, which are there, and taken. */
  skip(count: number): number {
    const { at } = this;
    if (count > this.bytes.length - at) throw cutShort();
    this.at = at + count;
    return at;
  }

  /** Puts `count` numbers of `width` bytes each into `items` from `place` on; 8 for doubles. */
  run(items: unknown[], place: number, count: number, width: 1 | 2 | 4 | 8): void {
    let at = this.skip(count * width);
    const end = this.at;
    const view = this.#view;
    let i = place;
    if (width === 1) for (; at < end; at++) items[i++] = view.getInt8(at);
    else if (width === 2) for (; at < end; at += 2) items[i++] = view.getInt16(at, true);
    else if (width === 4) for (; at < end; at += 4) items[i++] = view.getInt32(at, true);
    else for (; at < end; at += 8) items[i++] = view.getFloat64(at, true);
  }

  string(): string {
    return this.stringOf(this.byte());
  }

  /** Whose first byte was `tag`. */
  stringOf(tag: number): string {
    if (tag === SAME_STRING) {
      const known = this.#strings[this.count()];
      if (known === undefined) throw new ProtocolError("A message refers to a string that is not in it.");
      return known;
    }
    const length = this.count();
    const text = this.#spelt(tag, length);
    if (length >= SHORTEST_KEPT && length <= LONGEST_KEPT) this.#strings.push(text);
    return text;
  }

  #spelt(tag: number, length: number): string {
    switch (tag) {
      case ASCII: {
        const at = this.skip(length);
        if (length > LONG_STRING && textDecoder !== undefined)
          return textDecoder.decode(this.bytes.subarray(at, at + length));
        return narrow(this.bytes, at, length);
      }
      case LATIN1:
        return narrow(this.bytes, this.skip(length), length);
      case WIDE: {
        const at = this.skip(2 * length);
        return pieces(new Uint16Array(this.bytes.slice(at, at + 2 * length).buffer));
      }
      default:
        throw new ProtocolError(`A string was to come, not what begins with ${tag}.`);
    }
  }
}

function narrow(bytes: Uint8Array, at: number, length: number): string {
  if (length > 12) return pieces(bytes.subarray(at, at + length));
  let text = "";
  for (let i = at; i < at + length; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

function pieces(units: Uint8Array | Uint16Array): string {
  if (units.length <= PIECE) return fromUnits(units);
  let text = "";
  for (let at = 0; at < units.length; at += PIECE) text += fromUnits(units.subarray(at, at + PIECE));
  return text;
}

function fromUnits(units: Uint8Array | Uint16Array): string {
  return String.fromCharCode.apply(null, units as unknown as number[]);
}

function cutShort(): ProtocolError {
  return new ProtocolError("A message ends before it is whole.");
}
