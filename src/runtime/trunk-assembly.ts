/** Puts a message together of the pieces that arrive, in memory that is reserved once its length is known. */

import { ProtocolError } from "../protocol/errors.ts";
import { FrameReader } from "../shipping/frame-reader.ts";
import { BUFFER_LIMIT } from "../shipping/frame-tags.ts";
import { decodeFrames } from "../shipping/frames.ts";
import { MEASURED, UNMEASURED_BYTES } from "./trunk-words.ts";

export interface Assembly {
  /** What is reserved for all of it; 0 where nobody said how much that is. */
  readonly bytes: number;
  /** Takes the memory. To be called before anything is added. */
  reserve(allocate: (bytes: number) => ArrayBuffer): void;
  add(payload: Uint8Array<ArrayBuffer>): void;
  /** Once the last piece is there. */
  whole(): unknown;
}

/** `first`: the first piece, which is not yet added. */
export function assemblyOf(flags: number, first: Uint8Array<ArrayBuffer>, limit: number): Assembly {
  return (flags & MEASURED) === 0
    ? new GrowingMessage(Math.min(limit, UNMEASURED_BYTES))
    : new MeasuredMessage(first, limit);
}

function tooLarge(bytes: number, limit: number): ProtocolError {
  return new ProtocolError(`A message has ${bytes} bytes or more, and ${limit} are allowed.`);
}

/** A short header alone, in one piece as a rule. */
class GrowingMessage implements Assembly {
  readonly bytes = 0;
  readonly #limit: number;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  reserve(): void {}

  add(payload: Uint8Array<ArrayBuffer>): void {
    this.#length += payload.length;
    if (this.#length > this.#limit) throw tooLarge(this.#length, this.#limit);
    this.#pieces.push(payload);
  }

  whole(): unknown {
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) return decodeFrames(first, []);
    const header = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      header.set(piece, at);
      at += piece.length;
    }
    return decodeFrames(header, []);
  }
}

class MeasuredMessage implements Assembly {
  readonly bytes: number;
  readonly #lengths: readonly number[];
  #header = new Uint8Array(0);
  #buffers: readonly ArrayBuffer[] = [];
  readonly #measures: number;
  #isBegun = false;
  /** What is being filled: the header, then the buffers. */
  #part = -1;
  #target = this.#header;
  #offset = 0;

  constructor(first: Uint8Array, limit: number) {
    const reader = new FrameReader(first);
    const lengths = [reader.count()];
    const count = reader.count();
    if (count > BUFFER_LIMIT) throw new ProtocolError(`A message comes with ${count} buffers.`);
    for (let i = 0; i < count; i++) lengths.push(reader.count());
    this.#measures = reader.at;
    this.bytes = lengths.reduce((sum, length) => sum + length, 0);
    if (this.bytes > limit) throw tooLarge(this.bytes, limit);
    this.#lengths = lengths;
  }

  reserve(allocate: (bytes: number) => ArrayBuffer): void {
    const [header = 0, ...buffers] = this.#lengths;
    this.#header = new Uint8Array(header);
    this.#target = this.#header;
    this.#buffers = buffers.map(allocate);
  }

  add(payload: Uint8Array): void {
    let at = this.#isBegun ? 0 : this.#measures;
    this.#isBegun = true;
    while (at < payload.length) {
      const room = this.#target.length - this.#offset;
      if (room === 0) {
        this.#nextPart();
        continue;
      }
      const taken = Math.min(room, payload.length - at);
      this.#target.set(taken === payload.length ? payload : payload.subarray(at, at + taken), this.#offset);
      this.#offset += taken;
      at += taken;
    }
  }

  #nextPart(): void {
    const buffer = this.#buffers[++this.#part];
    if (buffer === undefined) throw new ProtocolError("A message is longer than it said.");
    this.#target = new Uint8Array(buffer);
    this.#offset = 0;
  }

  whole(): unknown {
    while (this.#offset === this.#target.length && this.#part < this.#buffers.length - 1) this.#nextPart();
    if (this.#offset < this.#target.length) throw new ProtocolError("A message is shorter than it said.");
    return decodeFrames(this.#header, this.#buffers);
  }
}

/** Memory for large messages that are arriving on the channels of a trunk: all of it together is limited, too. */
export class Reservations {
  readonly #limit: number;
  #bytes = 0;
  readonly #waiting = new Set<{ advance(): void }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there are so many bytes; if not, `channel` goes on when some were given back, and asks again. */
  take(channel: { advance(): void }, bytes: number): boolean {
    this.#waiting.delete(channel);
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limit) {
      this.#waiting.add(channel);
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
    for (const channel of [...this.#waiting]) channel.advance();
  }

  clear(): void {
    this.#waiting.clear();
  }
}
