/** What a trunk is told, and what it tells of itself. */

import type { Clock } from "../ports/clock.ts";
import type { TrunkLimits, TrunkMemory } from "./trunk-channel.ts";

export interface TrunkOptions {
  readonly clock: Clock;
  /** How long it waits for another wire when one dropped; without it, it closes with its wire, and keeps nothing to send it again. */
  readonly leaseMs?: number;
  /** Nothing heard for this long: asks whether the other end is there. Without it, it never asks. */
  readonly pingMs?: number;
  /** Nothing heard for this long: the wire is taken for dead. For `pingMs` only; threads that compute do not answer. */
  readonly silenceMs?: number;
  /** How long it waits then for another wire; as long as for one that dropped unless said. */
  readonly silentLeaseMs?: number;
  /** Whether both ends may let go of the wire while nothing is to be said; then nobody finds out that the other is gone, so that somebody else has to tell. */
  readonly mayRest?: boolean;
  readonly memory?: TrunkMemory;
  readonly limits?: Partial<TrunkLimits>;
}

export const ownMemory: TrunkMemory = { borrows: false, allocate: (bytes) => new ArrayBuffer(bytes) };

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
  /** Whether a server passes on what is said on the wire that it has now, as far as that is known. */
  readonly isRelayed: boolean | undefined;
}

export const standardLimits: TrunkLimits = { messageBytes: 2 ** 30, channels: 4096, channelBytes: 2 ** 21 };
