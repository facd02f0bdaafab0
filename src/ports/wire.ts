/** Wire: bytes between two parties, as a technology moves them; what comms to other machines and pages are built on. */

import type { Cloakroom } from "./cloakroom.ts";

/** What can be had beside a wire, where it is one between pages. */
export interface WireAside {
  /**
   * One more channel between the same two, which can be handed to a thread in the turn in which it is made. Both ends name the same number,
   * which counts on from wire to wire.
   *
   * @throws if there can be none of that number.
   */
  open(number: number): object;
  /** Whether or not the other end is in the same browser: if it is, it finds there what was left by this one. */
  readonly cloakroom?: Cloakroom | undefined;
}

/**
 * What it promises, and what every adapter is tried for:
 * - messages arrive whole, in order, each once, for as long as it is open; those that came before anybody listened are held;
 * - `send` never waits and never throws; what is sent once it is closed is dropped;
 * - `closed` settles once, on both ends, with the reason as far as it is known; nothing arrives after it.
 *
 * It may close at any moment, and what was on its way is lost then. Whoever needs more puts a `Trunk` on it.
 */
export interface Wire {
  /** No message may be larger. Bytes. */
  readonly maxMessageBytes: number;
  /** Sent, and still here. Bytes. */
  readonly bufferedBytes: number;
  /** `bytes` must not change from then on. The wire only reads them: the same may be sent again over another. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  listen(onMessage: (bytes: Uint8Array<ArrayBuffer>) => void): void;
  /**
   * In place of {@link listen}, where a long message can be had as it comes in, and need not be put together: part by part, with how many bytes
   * of it are still to come.
   */
  listenToParts?: ((onPart: (bytes: Uint8Array<ArrayBuffer>, left: number) => void) => void) | undefined;
  /** Calls `drained` whenever little is left of more than 1 MiB that was buffered. One at a time; the last counts. */
  onDrain(drained: () => void): void;
  close(reason: string): void;
  readonly closed: Promise<string>;
  readonly aside?: WireAside | undefined;
  /** Whether a server between the two passes on what they say, as far as that is known. */
  readonly isRelayed?: boolean | undefined;
}
