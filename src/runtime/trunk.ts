/** Trunk: many comms over one wire, which may drop and be replaced without anything being lost or repeated. */

import type { Wire } from "../ports/wire.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { tell } from "./telling.ts";
import { Reservations } from "./trunk-assembly.ts";
import { Channel, type ChannelOwner, type TrunkChannel, type TrunkLimits } from "./trunk-channel.ts";
import { Incoming } from "./trunk-incoming.ts";
import { ownMemory, standardLimits, type TrunkOptions, type TrunkStatistics } from "./trunk-options.ts";
import { Pulse } from "./trunk-pulse.ts";
import { Sender } from "./trunk-sender.ts";
import { Timers } from "./trunk-timers.ts";
import * as words from "./trunk-words.ts";

/** What has come is acknowledged after this many bytes or frames, or after a while; or with what is sent anyway. */
const ACK_BYTES = 2 * 1024 * 1024;
const ACK_FRAMES = 256;
const ACK_MS = 25;
/** For what is still to be said when it is closed. */
const PARTING_MS = 5_000;

export class Trunk {
  /** Settles once, on both ends, with the reason; all channels have closed with the same. */
  readonly closed: Promise<string>;
  readonly limits: TrunkLimits;
  readonly #leaseMs: number | undefined;
  readonly #mayRest: boolean;
  readonly #pulse: Pulse;
  #settleClosed: (reason: string) => void = () => {};
  #onChannel: ((channel: TrunkChannel) => void) | undefined;
  #onDetached: (reason: string) => void = () => {};
  #onAttached: () => void = () => {};

  #wire: Wire | undefined;
  #isClosed = false;
  /** Closed, and with things still to be said. */
  #isParting = false;
  /** Without a wire, because there was nothing to say. */
  #isResting = false;
  readonly #timers: Timers<"ack" | "lease" | "parting">;
  readonly #sender: Sender;
  readonly #owner: ChannelOwner;
  readonly #channels = new Map<number, Channel>();
  /** Begun by the other end, and not yet known to whoever uses this one. */
  readonly #unclaimed = new Set<Channel>();
  #received = 0;
  /** That came since the other end was told. */
  #unacknowledgedBytes = 0;
  readonly #incoming: Incoming;
  readonly #reservations: Reservations;
  #receivedBytes = 0;
  #attachments = 0;

  constructor(options: TrunkOptions) {
    const { clock, leaseMs, pingMs, silenceMs, silentLeaseMs = leaseMs, memory = ownMemory } = options;
    this.#timers = new Timers(clock);
    this.#leaseMs = leaseMs;
    this.#mayRest = options.mayRest === true && leaseMs !== undefined;
    const ping = (number: number) => this.#sender.aside(words.PING, number);
    const lost = (silentMs: number) => this.#lose(`nothing was heard for ${Math.round(silentMs)} ms`, silentLeaseMs);
    this.#pulse = new Pulse({ clock, pingMs, silenceMs, ping, lost });
    const { channelBytes, ...others } = { ...standardLimits, ...options.limits };
    this.limits = { ...others, channelBytes: Math.max(channelBytes, words.FIRST_CREDIT) };
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#sender = new Sender(clock, leaseMs !== undefined, (channel) => this.#forget(channel));
    this.#incoming = new Incoming({
      frame: (frame) => this.#handle(frame),
      arrived: ({ bytes }) => this.#count(bytes),
      part: ({ number }, flags, bytes) => this.#channelOf(number).receive(flags, bytes),
    });
    this.#reservations = new Reservations(this.limits.messageBytes);
    this.#owner = {
      limits: this.limits,
      memory,
      ready: (channel) => {
        this.#sender.ready(channel);
        if (this.#isResting) this.wake();
      },
      grant: (channel, bytes) => this.#sender.grant(channel, bytes),
      forget: (channel) => this.#forget(channel),
      reservations: this.#reservations,
      tell: (run) => tell(run),
      fail: (error) => this.#fail(error),
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether there is a wire at the moment. */
  get isAttached(): boolean {
    return this.#wire !== undefined;
  }

  get aside(): Wire["aside"] {
    return this.#wire?.aside;
  }

  /** Changes with whatever goes to and fro, but for questions whether the other end is still there. */
  get traffic(): number {
    return this.#received + this.#sender.sent.count;
  }

  /** How much has arrived whole: what the other end is to be told when a wire is replaced. 0 for a new trunk. */
  get received(): number {
    return this.#received;
  }

  /**
   * The conversation numbered `id`, begun by either end. A number can be used again once both ends know that its conversation is over.
   * Both ends may name the same number on their own; nothing need be said before the first message.
   */
  channel(id: number): TrunkChannel {
    return this.#claim(id);
  }

  #claim(id: number): Channel {
    const channel = this.#channels.get(id) ?? this.#open(id);
    this.#unclaimed.delete(channel);
    return channel;
  }

  /** Called for each conversation the other end began that was not asked for here; those already there at once. One at a time; the last counts. */
  onChannel(opened: (channel: TrunkChannel) => void): void {
    this.#onChannel = opened;
    const unclaimed = [...this.#unclaimed];
    this.#unclaimed.clear();
    for (const channel of unclaimed) tell(() => opened(channel));
  }

  #open(id: number): Channel {
    const channel = new Channel(id, this.#owner);
    if (this.#isClosed) channel.endWithTrunk("the trunk is closed");
    else this.#channels.set(id, channel);
    return channel;
  }

  #forget(channel: Channel): void {
    if (this.#channels.get(channel.id) === channel) this.#channels.delete(channel.id);
    this.#unclaimed.delete(channel);
  }

  /** What arrives on channel `id` here leaves on `otherId` of `other`, and back, without being looked at. Either closes with the other. */
  forward(id: number, other: Trunk, otherId: number): void {
    const [here, there] = [this.#claim(id), other.#claim(otherId)];
    here.passTo(there);
    there.passTo(here);
  }

  /**
   * Goes on over `wire`. `theirReceived` is what `received` of the other end was after it had let go of the wire before (`detach`): what
   * came after that is sent again. A wire still there is closed.
   */
  attach(wire: Wire, theirReceived = 0): void {
    if (this.#isClosed) {
      wire.close("the trunk is closed");
      return;
    }
    this.#dropWire("another wire took its place");
    this.#timers.callOff("lease");
    this.#isResting = false;
    this.#wire = wire;
    try {
      this.#sender.start(wire, theirReceived);
    } catch (error) {
      return this.#fail(error);
    }
    this.#attachments++;
    this.#pulse.start();
    wire.onDrain(() => {
      if (this.#wire === wire) this.#sender.flush();
    });
    const hear = (bytes: Uint8Array<ArrayBuffer>, left = 0) => {
      if (this.#wire === wire) this.#hear(bytes, left);
    };
    // What is to be sent again over another wire comes whole, or would come in part twice.
    if (this.#leaseMs === undefined && wire.listenToParts !== undefined) wire.listenToParts(hear);
    else wire.listen(hear);
    void wire.closed.then((reason) => {
      if (this.#wire === wire) this.#lose(reason);
    });
    tell(this.#onAttached);
  }

  /** Lets go of its wire, and hears nothing more from it; returns `received`, which stays as it is until `attach`. The lease begins. */
  detach(reason: string): number {
    if (this.#wire !== undefined) this.#lose(reason);
    return this.#received;
  }

  /** Called when the wire dropped, was silent too long, or was let go of. One at a time; the last counts. */
  onDetached(detached: (reason: string) => void): void {
    this.#onDetached = detached;
  }

  /** Called for each wire that it is given. One at a time; the last counts. */
  onAttached(attached: () => void): void {
    this.#onAttached = attached;
  }

  /**
   * Lets go of its wire, and has the other end do so, until either has something to say or is woken: {@link onDetached} hears then that a
   * wire is wanted, and the lease begins. False, and nothing done, if something is under way. Whoever closes one that rests has to see
   * to it that the other end is closed, too.
   */
  rest(): boolean {
    if (this.#wire === undefined || this.#isClosed || !this.#mayRest || !this.#isQuiet) return false;
    this.#sender.aside(words.REST, 0);
    this.#sender.flush();
    this.#beginRest();
    return true;
  }

  get #isQuiet(): boolean {
    return this.#sender.isQuiet && this.#incoming.isWhole && this.statistics().queuedBytes === 0;
  }

  #beginRest(): void {
    this.#isResting = true;
    this.#dropWire("nothing was to be said");
  }

  /** A wire is wanted again. Nothing, if it does not rest. */
  wake(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#lose("it was closed while nothing was to be said, and could not be made again");
  }

  #dropWire(reason: string): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#incoming.clear();
    this.#sender.stop();
    this.#pulse.stop();
    this.#timers.callOff("ack");
    wire?.close(reason);
  }

  #lose(reason: string, leaseMs = this.#leaseMs): void {
    this.#dropWire(reason);
    if (this.#isParting) this.#finish(reason);
    if (this.#isClosed) return;
    if (leaseMs === undefined) {
      this.#end(reason);
      return;
    }
    this.#timers.set("lease", leaseMs, () => this.#end(`the connection was gone for ${leaseMs} ms: ${reason}`));
    tell(() => this.#onDetached(reason));
  }

  /** Says what is still to be said, then closes the wire. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isResting = false;
    for (const channel of this.#channels.values()) channel.close(reason);
    this.#isClosed = true;
    this.#settleClosed(reason);
    if (this.#wire === undefined) {
      this.#finish(reason);
      return;
    }
    this.#isParting = true;
    this.#pulse.stop();
    this.#timers.set("parting", PARTING_MS, () => this.#finish(reason));
    this.#sender.part({
      reason,
      // What waits for credit is in no line of the sender.
      isAllSaid: () => [...this.#channels.values()].every(({ saidClosed }) => saidClosed),
      done: () => this.#finish(reason),
    });
  }

  /** Over, at once: the other end knows, or cannot be told. */
  #end(reason: string): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#settleClosed(reason);
    }
    this.#finish(reason);
  }

  #finish(reason: string): void {
    this.#isParting = false;
    this.#dropWire(reason);
    this.#timers.callOffAll();
    this.#sender.clear();
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    this.#unclaimed.clear();
    this.#reservations.clear();
    for (const channel of channels) channel.endWithTrunk(reason);
  }

  /** The other end broke the rules: it is told so, and left. */
  #fail(error: unknown): void {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (this.#wire !== undefined) this.#sender.bye(reason);
    this.#end(reason);
  }

  #hear(bytes: Uint8Array<ArrayBuffer>, left: number): void {
    this.#pulse.heard();
    this.#receivedBytes += bytes.length;
    try {
      this.#incoming.hear(bytes, left);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A frame that is counted is here. */
  #count(bytes: number): void {
    this.#received++;
    this.#unacknowledgedBytes += bytes;
    const isDue = this.#unacknowledgedBytes >= ACK_BYTES || this.#sender.unacknowledged >= ACK_FRAMES;
    if (isDue) this.#unacknowledgedBytes = 0;
    this.#sender.owe(this.#received, isDue);
    if (!isDue && !this.#timers.has("ack"))
      this.#timers.set("ack", ACK_MS, () => this.#sender.owe(this.#received, true));
  }

  /** Whether to go on with the frames behind it. */
  #handle(frame: words.Frame): boolean {
    const { type, flags, number, payload } = frame;
    if (words.isCounted(type)) this.#count(payload.length);
    switch (type) {
      case words.DATA:
        this.#channelOf(number).receive(flags, payload);
        break;
      case words.CREDIT:
        this.#credit(number, frame.bytes);
        break;
      case words.CLOSE:
        this.#channelOf(number).receiveClosed(words.readReason(payload));
        break;
      case words.ACK:
        this.#sender.acknowledge(number);
        break;
      case words.PING:
        this.#sender.aside(words.PONG, number);
        break;
      case words.PONG:
        this.#pulse.answered(number);
        break;
      case words.REST:
        if (!this.#mayRest) throw new ProtocolError("The wire is not to be let go of.");
        this.#beginRest();
        if (!this.#isQuiet) this.wake();
        break;
      default:
        this.#end(words.readReason(payload));
    }
    return this.#wire !== undefined;
  }

  #channelOf(id: number): Channel {
    const known = this.#channels.get(id);
    if (known !== undefined) return known;
    if (this.#channels.size >= this.limits.channels)
      throw new ProtocolError(`More than ${this.limits.channels} channels are not allowed.`);
    const channel = this.#open(id);
    const opened = this.#onChannel;
    if (opened === undefined) this.#unclaimed.add(channel);
    else tell(() => opened(channel));
    return channel;
  }

  #credit(id: number, bytes: number): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) throw new ProtocolError(`Channel ${id} is not there, and is given credit.`);
    channel.credit += bytes;
    if (channel.credit > Number.MAX_SAFE_INTEGER) throw new ProtocolError(`Channel ${id} is given too much credit.`);
    this.#sender.ready(channel);
  }

  statistics(): TrunkStatistics {
    const queuedBytes = [...this.#channels.values()].reduce((sum, channel) => sum + channel.queuedBytes, 0);
    const { sent, sentBytes } = this.#sender;
    return {
      channels: this.#channels.size,
      sentBytes,
      receivedBytes: this.#receivedBytes,
      queuedBytes,
      unacknowledgedBytes: sent.bytes,
      latencyMs: this.#pulse.latencyMs,
      bandwidth: sent.bandwidth,
      resumptions: Math.max(0, this.#attachments - 1),
      isRelayed: this.#wire?.isRelayed,
    };
  }
}
