/** What a channel still has to send: messages, pieces of messages that pass through, and its end. */

import { CommClosedError, UnserializableError } from "../protocol/errors.ts";
import { encodeFrames } from "../shipping/frames.ts";
import { FIRST, LAST, MEASURED, putCount, UNMEASURED_BYTES } from "./trunk-words.ts";

/** A piece from here on is sent as it lies in memory; smaller ones are copied together. */
const BESIDE_BYTES = 16 * 1024;

export interface Piece {
  readonly flags: number;
  /** Views of memory that is not written to any more. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  /** One part, large enough to be a message of its own. */
  readonly isBeside: boolean;
}

export interface Outgoing {
  /** Still to be sent. */
  readonly left: number;
  /** The next piece of it, at most so many bytes. */
  next(most: number): Piece;
}

/** A whole message, cut as it is sent. */
export class OutgoingMessage implements Outgoing {
  left = 0;
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  readonly #lengths: number[] = [];
  #part = 0;
  #offset = 0;
  #flags = FIRST;

  /**
   * `borrows`: what is not transferred stays as it is until it is sent.
   *
   * @throws UnserializableError if `message` cannot travel; then nothing was transferred.
   */
  constructor(message: unknown, transfer: readonly object[], borrows = false) {
    const { header, buffers } = encodeFrames(message);
    const moved = move(transfer);
    const ours = buffers.map((buffer) => moved.get(buffer) ?? (borrows ? borrowed(buffer) : copyOf(buffer)));
    if (ours.length > 0 || header.length > UNMEASURED_BYTES) {
      this.#flags |= MEASURED;
      this.#add(measures(header, ours));
    }
    this.#add(header);
    for (const buffer of ours) this.#add(new Uint8Array(buffer));
  }

  #add(part: Uint8Array<ArrayBuffer>): void {
    this.#parts.push(part);
    this.#lengths.push(part.length);
    this.left += part.length;
  }

  next(most: number): Piece {
    // Without its length in front, a message is one piece, or as many as it takes: the last says so.
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    let isBeside = false;
    while (bytes < most && this.#part < this.#parts.length) {
      const part = this.#parts[this.#part] as Uint8Array<ArrayBuffer>;
      if (part.length !== this.#lengths[this.#part]) throw new CommClosedError("what was being sent is gone");
      const rest = part.length - this.#offset;
      const isLarge = rest >= BESIDE_BYTES;
      if (isLarge && bytes > 0) break;
      const taken = Math.min(rest, most - bytes);
      parts.push(part.subarray(this.#offset, this.#offset + taken));
      bytes += taken;
      this.#offset += taken;
      if (this.#offset === part.length) {
        this.#part++;
        this.#offset = 0;
      }
      if (isLarge && taken >= BESIDE_BYTES) {
        isBeside = true;
        break;
      }
    }
    this.left -= bytes;
    const flags = this.#flags | (this.left === 0 ? LAST : 0);
    this.#flags = 0;
    return { flags, parts, bytes, isBeside };
  }
}

/** A piece that came from another trunk. */
export class PassingPiece implements Outgoing {
  left: number;
  readonly #payload: Uint8Array<ArrayBuffer>;
  readonly #passed: (bytes: number) => void;
  #flags: number;

  constructor(flags: number, payload: Uint8Array<ArrayBuffer>, passed: (bytes: number) => void) {
    this.left = payload.length;
    this.#payload = payload;
    this.#flags = flags;
    this.#passed = passed;
  }

  next(most: number): Piece {
    const from = this.#payload.length - this.left;
    const part = this.#payload.subarray(from, from + most);
    this.left -= part.length;
    const flags = this.left === 0 ? this.#flags : this.#flags & ~LAST;
    this.#flags &= LAST;
    this.#passed(part.length);
    return { flags, parts: [part], bytes: part.length, isBeside: part.length >= BESIDE_BYTES };
  }
}

/** How long the header is, how many buffers there are, and how long each is. */
function measures(header: Uint8Array, buffers: readonly ArrayBuffer[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 * (buffers.length + 2));
  let at = putCount(bytes, 0, header.length);
  at = putCount(bytes, at, buffers.length);
  for (const { byteLength } of buffers) at = putCount(bytes, at, byteLength);
  return bytes.subarray(0, at);
}

/** Takes the buffers listed away from their owners: all, or none if one of them cannot be had. */
function move(transfer: readonly object[]): ReadonlyMap<ArrayBufferLike, ArrayBuffer> {
  if (transfer.length === 0) return new Map();
  const list = transfer.filter((each) => each instanceof ArrayBuffer);
  if (list.length < transfer.length)
    throw new UnserializableError("Only an ArrayBuffer can be transferred to another machine or page.", { path: "" });
  try {
    const moved = structuredClone(list, { transfer: list });
    return new Map(list.map((buffer, i) => [buffer, moved[i] as ArrayBuffer]));
  } catch (cause) {
    throw new UnserializableError("A buffer that was to be transferred is not to be had.", { path: "" }, { cause });
  }
}

/** Memory that is shared may change at any time. */
function borrowed(buffer: ArrayBufferLike): ArrayBuffer {
  return buffer instanceof ArrayBuffer && buffer.byteLength > 0 ? buffer : copyOf(buffer);
}

function copyOf(buffer: ArrayBufferLike): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer.slice(0);
  const copy = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}
