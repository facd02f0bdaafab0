/** Trunk: many comms over one wire, which may drop and be replaced without anything being lost or repeated. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { Wire } from "../ports/wire.ts";

/** What is taken from the other end. Whoever exceeds it gets a `ProtocolError` as the reason why the trunk closed. */
export interface TrunkLimits {
  /** The largest message, with all that is in it. */
  readonly messageBytes: number;
  /** Channels at a time. */
  readonly channels: number;
  /** What one channel may have on its way here that nobody has taken yet, beside one large message. */
  readonly channelBytes: number;
}

export interface TrunkOptions {
  readonly clock: Clock;
  /** How long it waits for another wire when one dropped; without it, it closes with its wire, and keeps nothing to send it again. */
  readonly leaseMs?: number;
  /** Nothing heard for this long: asks whether the other end is there. Without it, it never asks. */
  readonly pingMs?: number;
  /** Nothing heard for this long: the wire is taken for dead. For `pingMs` only; threads that compute do not answer. */
  readonly silenceMs?: number;
  readonly limits?: Partial<TrunkLimits>;
}

export interface TrunkStatistics {
  readonly channels: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Waits here to be sent. */
  readonly queuedBytes: number;
  /** Was sent, and is kept until the other end says that it has it. */
  readonly unacknowledgedBytes: number;
  /** From here to there, as the quickest answers of late say; undefined until there was one. */
  readonly latencyMs: number | undefined;
  /** Bytes a second towards the other end when there was much to send; undefined until there was. */
  readonly bandwidth: number | undefined;
  /** How often a dropped wire was replaced. */
  readonly resumptions: number;
}

/** One numbered conversation of a trunk. Throws `UnserializableError` for what cannot travel; buffers that are not transferred are copied. */
export interface TrunkChannel extends Comm<unknown, unknown> {
  readonly id: number;
  /** Waits here to be sent. Bytes. */
  readonly queuedBytes: number;
}

export declare class Trunk {
  constructor(options: TrunkOptions);
  /** Settles once, on both ends, with the reason; all channels have closed with the same. */
  readonly closed: Promise<string>;
  readonly isClosed: boolean;
  /** Whether there is a wire at the moment. */
  readonly isAttached: boolean;
  /** How much has arrived whole: what the other end is to be told when a wire is replaced. 0 for a new trunk. */
  readonly received: number;
  /**
   * The conversation numbered `id`, begun by either end. A number can be used again once both ends know that its conversation is over.
   * Both ends may name the same number on their own; nothing need be said before the first message.
   */
  channel(id: number): TrunkChannel;
  /** Called for each conversation the other end began that was not asked for here; those already there at once. One at a time; the last counts. */
  onChannel(opened: (channel: TrunkChannel) => void): void;
  /**
   * Goes on over `wire`. `theirReceived` is what `received` of the other end was after it had let go of the wire before (`detach`): what
   * came after that is sent again. A wire still there is closed.
   */
  attach(wire: Wire, theirReceived?: number): void;
  /** Lets go of its wire, and hears nothing more from it; returns `received`, which stays as it is until `attach`. The lease begins. */
  detach(reason: string): number;
  /** Called when the wire dropped, was silent too long, or was let go of. One at a time; the last counts. */
  onDetached(detached: (reason: string) => void): void;
  /** What arrives on channel `id` here leaves on `otherId` of `other`, and back, without being looked at. Either closes with the other. */
  forward(id: number, other: Trunk, otherId: number): void;
  /** Says what is still to be said, then closes the wire. */
  close(reason: string): void;
  statistics(): TrunkStatistics;
}
