/** One numbered conversation of a trunk: what it has to send, what has come, and how much more may come. */

import type { Comm } from "../ports/comm.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { type Assembly, assemblyOf, type Reservations } from "./trunk-assembly.ts";
import { type Outgoing, OutgoingMessage, PassingPiece, type Piece } from "./trunk-outgoing.ts";
import { FIRST, FIRST_CREDIT, LAST } from "./trunk-words.ts";

/** What is taken from the other end. Whoever exceeds it gets a `ProtocolError` as the reason why the trunk closed. */
export interface TrunkLimits {
  /** The largest message, with all that is in it. */
  readonly messageBytes: number;
  /** Channels at a time. */
  readonly channels: number;
  /** What one channel may have on its way here that nobody has taken yet, beside one large message. */
  readonly channelBytes: number;
}

/** Where the bytes of long messages are while they travel. */
export interface TrunkMemory {
  /** What is to be sent stays as it is until then, and need not be copied. If it does not, for it is gone, the trunk closes. */
  readonly borrows: boolean;
  /** Makes room for what is to come; what is in it need not be zeros. */
  allocate(bytes: number): ArrayBuffer;
}

/** One numbered conversation of a trunk. Throws `UnserializableError` for what cannot travel; buffers that are not transferred are copied. */
export interface TrunkChannel extends Comm<unknown, unknown> {
  readonly id: number;
  /** Waits here to be sent. Bytes. */
  readonly queuedBytes: number;
}

/** What a channel asks of its trunk. */
export interface ChannelOwner {
  readonly limits: TrunkLimits;
  readonly memory: TrunkMemory;
  /** There is something to send. */
  ready(channel: Channel): void;
  grant(channel: Channel, bytes: number): void;
  /** Both ends know that it is over. */
  forget(channel: Channel): void;
  readonly reservations: Reservations;
  /** Calls a listener; what it throws is its own affair. */
  tell(run: () => void): void;
  fail(error: unknown): void;
}

interface Arrived {
  readonly flags: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

export class Channel implements TrunkChannel {
  readonly id: number;
  readonly closed: Promise<string>;
  readonly #owner: ChannelOwner;
  #settleClosed: (reason: string) => void = () => {};

  /** To be sent, in order; then that it is over. */
  outgoing: Outgoing[] = [];
  closing: string | undefined;
  queuedBytes = 0;
  /** Bytes the other end can take. */
  credit = FIRST_CREDIT;
  /** Whether the trunk has it in one of its lines. */
  isInLine = false;

  isClosed = false;
  /** Each end has said so. */
  saidClosed = false;
  heardClosed = false;

  #listener: ((message: unknown) => void) | undefined;
  #next: { readonly channel: Channel } | undefined;
  /** Came while nobody took it, or while there was no room. */
  #arrived: Arrived[] = [];
  #arrivedReason: string | undefined;
  #assembly: Assembly | undefined;
  /** Bytes of it that have come, and that are reserved for it. */
  #taken = 0;
  #reserved = 0;
  #isAdvancing = false;
  /** Of all that ever came: what was granted, what came, and what is no longer held in this channel's own share. */
  #granted = FIRST_CREDIT;
  #received = 0;
  #released = 0;

  constructor(id: number, owner: ChannelOwner) {
    this.id = id;
    this.#owner = owner;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  send(message: unknown, transfer: readonly object[] = []): void {
    if (!this.isClosed) this.#enqueue(new OutgoingMessage(message, transfer, this.#owner.memory.borrows));
  }

  /** The next piece of what is to be sent; undefined if that is gone, and with it the trunk. */
  nextPiece(most: number): Piece | undefined {
    try {
      return this.outgoing[0]?.next(most);
    } catch (error) {
      this.#owner.fail(error);
      return undefined;
    }
  }

  #enqueue(outgoing: Outgoing): void {
    if (this.isClosed) return;
    this.outgoing.push(outgoing);
    this.queuedBytes += outgoing.left;
    this.#owner.ready(this);
  }

  listen(onMessage: (message: unknown) => void): void {
    if (this.isClosed) return;
    this.#listener = onMessage;
    this.advance();
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.#end(reason);
    this.closing ??= reason;
    this.#owner.ready(this);
  }

  /** Passes on what comes, piece by piece, and is closed with `next`. */
  passTo(next: Channel): void {
    this.#next = { channel: next };
    void next.closed.then((reason) => this.close(reason));
    this.advance();
  }

  /** A piece of a message has come. */
  receive(flags: number, payload: Uint8Array<ArrayBuffer>): void {
    this.#received += payload.length;
    if (this.#received > this.#granted) throw new ProtocolError(`Channel ${this.id} was sent more than it can take.`);
    if (this.heardClosed) throw new ProtocolError(`Channel ${this.id} was closed, and goes on.`);
    if (this.isClosed) {
      this.#release(payload.length);
      return;
    }
    const isFree = this.#arrived.length === 0 && !this.#isAdvancing;
    if (isFree && this.#take({ flags, payload })) return;
    // Copied, for it may be a small part of a large message of the wire.
    this.#arrived.push({ flags, payload: payload.slice() });
    this.advance();
  }

  /** The other end has closed it. */
  receiveClosed(reason: string): void {
    this.heardClosed = true;
    if (this.#arrived.length > 0 && (this.#listener !== undefined || this.#next !== undefined)) {
      this.#arrivedReason = reason;
      return;
    }
    this.#endThere(reason);
  }

  #endThere(reason: string): void {
    this.#end(reason);
    this.outgoing = [];
    this.queuedBytes = 0;
    this.closing ??= reason;
    if (this.saidClosed) this.#owner.forget(this);
    else this.#owner.ready(this);
  }

  /** Goes on with what has arrived, as far as it goes. */
  advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      let count = 0;
      while (count < this.#arrived.length && this.#take(this.#arrived[count] as Arrived)) count++;
      this.#arrived.splice(0, count);
    } catch (error) {
      this.#owner.fail(error);
    } finally {
      this.#isAdvancing = false;
    }
    if (this.#arrived.length === 0 && this.#arrivedReason !== undefined) {
      const reason = this.#arrivedReason;
      this.#arrivedReason = undefined;
      this.#endThere(reason);
    }
  }

  /** Whether somebody took it. */
  #take({ flags, payload }: Arrived): boolean {
    if (this.isClosed) {
      this.#release(payload.length);
      return true;
    }
    if (this.#next !== undefined) {
      this.#next.channel.#enqueue(new PassingPiece(flags, payload, (bytes) => this.#release(bytes)));
      return true;
    }
    if (this.#listener === undefined) return false;
    if (((flags & FIRST) !== 0) !== (this.#assembly === undefined))
      throw new ProtocolError(`Channel ${this.id} was sent a piece that is no part of its message.`);
    if (this.#assembly === undefined && !this.#begin(flags, payload)) return false;
    this.#assembly?.add(payload);
    this.#taken += payload.length;
    if (this.#reserved === 0) this.#release(payload.length);
    if ((flags & LAST) !== 0) this.#deliver(this.#listener);
    return true;
  }

  /** Whether there is room for a message. A large one has its own, beside the share of the channel. */
  #begin(flags: number, payload: Uint8Array<ArrayBuffer>): boolean {
    const { limits } = this.#owner;
    const assembly = assemblyOf(flags, payload, limits.messageBytes);
    const isLarge = assembly.bytes > limits.channelBytes / 2;
    if (isLarge && !this.#owner.reservations.take(this, assembly.bytes)) return false;
    assembly.reserve(this.#owner.memory.allocate);
    this.#assembly = assembly;
    this.#taken = 0;
    this.#reserved = isLarge ? assembly.bytes : 0;
    this.#release(this.#reserved);
    return true;
  }

  #deliver(listener: (message: unknown) => void): void {
    const assembly = this.#assembly as Assembly;
    const reserved = this.#reserved;
    this.#assembly = undefined;
    this.#reserved = 0;
    // How long its parts are was in it, too.
    if (reserved > 0) this.#release(this.#taken - reserved);
    const message = assembly.whole();
    this.#owner.tell(() => listener(message));
    if (reserved > 0) this.#owner.reservations.giveBack(reserved);
  }

  #freeReserved(): void {
    if (this.#reserved > 0) this.#owner.reservations.giveBack(this.#reserved);
    this.#reserved = 0;
  }

  #release(bytes: number): void {
    this.#released += bytes;
    const more = this.#released + this.#owner.limits.channelBytes - this.#granted;
    if (this.heardClosed || more < this.#owner.limits.channelBytes / 2) return;
    this.#granted += more;
    this.#owner.grant(this, more);
  }

  /** Nothing is heard or sent from now on. */
  #end(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#settleClosed(reason);
    this.#assembly = undefined;
    this.#freeReserved();
    const arrived = this.#arrived.reduce((sum, { payload }) => sum + payload.length, 0);
    if (!this.#isAdvancing) {
      this.#arrived = [];
      this.#release(arrived);
    }
  }

  /** The trunk is closed. */
  endWithTrunk(reason: string): void {
    this.heardClosed = true;
    this.outgoing = [];
    this.queuedBytes = 0;
    this.#end(reason);
  }
}
