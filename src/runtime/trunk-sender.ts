/** The sending half of a trunk: whose turn it is, how much the wire is given, and what is kept to be sent again. */

import type { Clock } from "../ports/clock.ts";
import type { Wire } from "../ports/wire.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { Batch } from "./trunk-batch.ts";
import type { Channel } from "./trunk-channel.ts";
import { SentFrames } from "./trunk-sent.ts";
import * as words from "./trunk-words.ts";

/**
 * Messages of the wire are no larger, so that what is urgent need not wait long; where the way is known to be so fast that more is through
 * within {@link PIECE_MS}, up to {@link MOST_MESSAGE_BYTES}: each message costs both ends, and every thread between, as much again.
 */
const MESSAGE_BYTES = 64 * 1024;
const MOST_MESSAGE_BYTES = 512 * 1024;
const PIECE_MS = 10;
/** Nothing more is given to a wire while it has this much; for short messages, a little more. */
const WIRE_BYTES = 1024 * 1024;
const WIRE_BYTES_OF_SHORT = 2 * WIRE_BYTES;
/** No more is sent while this much is not acknowledged; for short messages, a little more. */
const UNACKNOWLEDGED_BYTES = 8 * 1024 * 1024;
const UNACKNOWLEDGED_BYTES_OF_SHORT = 2 * UNACKNOWLEDGED_BYTES;
/** A long message gets its turn after this many short ones. */
const SHORT_IN_A_ROW = 16;

interface Parting {
  readonly reason: string;
  isAllSaid(): boolean;
  done(): void;
}

export class Sender {
  readonly #clock: Clock;
  /** What was sent may have to be sent again. */
  readonly #isKept: boolean;
  readonly #forget: (channel: Channel) => void;
  readonly sent = new SentFrames();
  sentBytes = 0;

  #wire: Wire | undefined;
  /** What messages of this wire may have at most, and what those of each have to be allowed: what was written for one is sent again over another. */
  #most = MESSAGE_BYTES;
  #least = 0;
  readonly #batch = new Batch((bytes) => this.#give(bytes));
  #willFlush = false;

  /** Channels with something to send: those whose next message fits into one piece, and the others. */
  #short: Channel[] = [];
  #long: Channel[] = [];
  #shortInARow = 0;
  /** Credit to be given. */
  readonly #grants = new Map<Channel, number>();
  /** To be said before all else, and not again. */
  #asides: (readonly [type: number, number: number])[] = [];
  /** Frames that have come, what the other end knows of that, and whether it is to know now. */
  #received = 0;
  #acknowledged = 0;
  #owesAck = false;
  #parting: Parting | undefined;

  constructor(clock: Clock, isKept: boolean, forget: (channel: Channel) => void) {
    this.#clock = clock;
    this.#isKept = isKept;
    this.#forget = forget;
  }

  /** Goes on over `wire`, after the first `theirReceived` frames. */
  start(wire: Wire, theirReceived: number): void {
    const most = Math.min(MOST_MESSAGE_BYTES, wire.maxMessageBytes);
    if (most < this.#least)
      throw new ProtocolError(
        `A wire takes ${most} bytes at once, and ${this.#least} are needed, as with the one before.`,
      );
    this.#most = most;
    this.#least = Math.max(this.#least, Math.min(MESSAGE_BYTES, most));
    this.sent.acknowledge(theirReceived, this.#clock.now());
    this.sent.rewind();
    this.#wire = wire;
    this.flushSoon();
  }

  get #limit(): number {
    const soon = ((this.sent.bandwidth ?? 0) * PIECE_MS) / 1000;
    return Math.min(this.#most, Math.max(MESSAGE_BYTES, Math.floor(soon)));
  }

  stop(): void {
    this.#wire = undefined;
    this.#asides = [];
    this.#batch.drop();
  }

  /** There is nothing to send any more, nor to send again. */
  clear(): void {
    this.stop();
    this.#short = [];
    this.#long = [];
    this.#grants.clear();
    this.sent.clear();
  }

  ready(channel: Channel): void {
    if (this.#enlist(channel)) this.flushSoon();
  }

  #enlist(channel: Channel): boolean {
    if (channel.isInLine) return false;
    const next = channel.outgoing[0];
    const canGo = next === undefined ? channel.closing !== undefined && !channel.saidClosed : channel.credit > 0;
    if (!canGo) return false;
    channel.isInLine = true;
    (next === undefined || next.left <= MESSAGE_BYTES ? this.#short : this.#long).push(channel);
    return true;
  }

  grant(channel: Channel, bytes: number): void {
    this.#grants.set(channel, (this.#grants.get(channel) ?? 0) + bytes);
    this.flushSoon();
  }

  aside(type: number, number: number): void {
    this.#asides.push([type, number]);
    this.flushSoon();
  }

  /** `received` frames have come. `isDue`: the other end is to know soon; else with what is sent anyway. */
  owe(received: number, isDue: boolean): void {
    this.#received = received;
    if (!isDue || received === this.#acknowledged) return;
    this.#owesAck = true;
    this.flushSoon();
  }

  /** Nothing is to be sent, or under way, and the other end knows of all that has come. */
  get isQuiet(): boolean {
    const isEmpty = this.#short.length + this.#long.length + this.#grants.size + this.#asides.length === 0;
    return isEmpty && this.sent.bytes === 0 && this.unacknowledged === 0 && this.#parting === undefined;
  }

  get unacknowledged(): number {
    return this.#received - this.#acknowledged;
  }

  /** The other end has so many frames. */
  acknowledge(count: number): void {
    this.sent.acknowledge(count, this.#clock.now());
    if (this.#short.length > 0 || this.#long.length > 0 || this.#parting !== undefined) this.flushSoon();
  }

  /** Says goodbye once everything else is said. */
  part(parting: Parting): void {
    this.#parting = parting;
    this.flushSoon();
  }

  /** Says goodbye at once. */
  bye(reason: string): void {
    this.#write(words.BYE << 3, [], words.reasonAsBytes(reason));
    this.#batch.flush();
  }

  /** At the end of this turn, so that what is said in it shares a message. */
  flushSoon(): void {
    if (this.#willFlush) return;
    this.#willFlush = true;
    queueMicrotask(() => {
      this.#willFlush = false;
      this.flush();
    });
  }

  flush(): void {
    const wire = this.#wire;
    if (wire === undefined || !this.#resend(wire)) return;
    for (const [type, number] of this.#asides.splice(0)) this.#write(type << 3, [number]);
    this.#sendGrants();
    for (let next = this.#next(wire); next !== undefined; next = this.#next(wire)) this.#sendNext(next);
    this.#acknowledge();
    this.#batch.flush();
    if (this.#parting === undefined || this.#wire !== wire) return;
    if (this.sent.hasUnsent || !this.#parting.isAllSaid()) return;
    const { reason, done } = this.#parting;
    this.#parting = undefined;
    this.bye(reason);
    done();
  }

  /** What the wire before may have lost. Returns whether all of it is out. */
  #resend(wire: Wire): boolean {
    while (this.sent.hasUnsent) {
      if (wire.bufferedBytes > WIRE_BYTES || this.#wire !== wire) return false;
      const { frame, beside } = this.sent.takeUnsent() ?? {};
      if (frame !== undefined) this.#give(frame);
      if (beside !== undefined) this.#give(beside);
    }
    return this.#wire === wire;
  }

  #sendGrants(): void {
    for (const [channel, bytes] of this.#grants) {
      // Whoever was told that it is over sends nothing more.
      if (!channel.saidClosed) this.#counted(words.CREDIT << 3, [channel.id, bytes]);
    }
    this.#grants.clear();
  }

  #acknowledge(): void {
    if (!this.#owesAck && (this.#batch.pending === 0 || this.unacknowledged === 0)) return;
    this.#owesAck = false;
    this.#acknowledged = this.#received;
    this.#write(words.ACK << 3, [this.#received]);
  }

  /** The channel whose turn it is, if the wire can take something from it. */
  #next(wire: Wire): Channel | undefined {
    if (this.#wire !== wire) return undefined;
    const onWire = wire.bufferedBytes + this.#batch.pending;
    const { bytes } = this.sent;
    const isLongsTurn = this.#long.length > 0 && onWire <= WIRE_BYTES && bytes < UNACKNOWLEDGED_BYTES;
    if (this.#short.length > 0 && !(isLongsTurn && this.#shortInARow >= SHORT_IN_A_ROW)) {
      if (onWire > WIRE_BYTES_OF_SHORT || bytes >= UNACKNOWLEDGED_BYTES_OF_SHORT) return undefined;
      this.#shortInARow++;
      return this.#short.shift();
    }
    this.#shortInARow = 0;
    return isLongsTurn ? this.#long.shift() : undefined;
  }

  #sendNext(channel: Channel): void {
    channel.isInLine = false;
    const next = channel.outgoing[0];
    if (next === undefined) {
      if (channel.closing !== undefined && !channel.saidClosed) this.#sendClose(channel, channel.closing);
      return;
    }
    const piece = channel.nextPiece(Math.min(this.#limit - words.HEAD_BYTES, channel.credit));
    if (piece === undefined) return;
    channel.credit -= piece.bytes;
    channel.queuedBytes -= piece.bytes;
    if (next.left === 0) channel.outgoing.shift();
    if (piece.isBeside) {
      this.#counted((words.DATA_BESIDE << 3) | piece.flags, [channel.id, piece.bytes], [], piece.parts[0]);
    } else this.#counted((words.DATA << 3) | piece.flags, [channel.id, piece.bytes], piece.parts);
    this.#enlist(channel);
  }

  #sendClose(channel: Channel, reason: string): void {
    channel.saidClosed = true;
    const bytes = words.reasonAsBytes(reason);
    this.#counted(words.CLOSE << 3, [channel.id, bytes.length], [bytes]);
    if (channel.heardClosed) this.#forget(channel);
  }

  /** A frame that the other end has to get, over whichever wire. */
  #counted(
    byte: number,
    numbers: readonly number[],
    parts: readonly Uint8Array[] = [],
    beside?: Uint8Array<ArrayBuffer>,
  ): void {
    const frame = this.#batch.frame(byte, numbers, parts, this.#limit);
    this.sent.add(frame, beside, this.#clock.now(), this.#isKept);
    if (beside === undefined) return;
    this.#batch.flush();
    this.#give(beside);
  }

  #write(byte: number, numbers: readonly number[], payload?: Uint8Array): void {
    if (payload === undefined) this.#batch.frame(byte, numbers, [], this.#limit);
    else this.#batch.frame(byte, [...numbers, payload.length], [payload], this.#limit);
  }

  #give(bytes: Uint8Array<ArrayBuffer>): void {
    this.sentBytes += bytes.length;
    if (bytes.length > this.#least && this.#isKept) this.#least = bytes.length;
    this.#wire?.send(bytes);
  }
}
