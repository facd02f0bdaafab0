/** What was sent and not acknowledged, to be sent again over another wire; and how fast acknowledgements come. */

import { ProtocolError } from "../protocol/errors.ts";

/** A frame that is counted, as it was written: what is beside it follows in a message of its own. */
export interface SentFrame {
  readonly frame: Uint8Array<ArrayBuffer> | undefined;
  readonly beside: Uint8Array<ArrayBuffer> | undefined;
  readonly bytes: number;
  readonly sentAt: number;
  /** What had been acknowledged when it was sent, and when that was. */
  readonly knownBytes: number;
  readonly knownAt: number;
}

/** Transfers shorter than this say nothing of bandwidth: they fit in whatever is between. */
const TELLING_BYTES = 128 * 1024;
/** How much a new measurement counts. */
const WEIGHT = 0.25;

export class SentFrames {
  /** All that are not acknowledged are those from `#first` on. */
  #frames: (SentFrame | undefined)[] = [];
  #first = 0;
  /** Those from here on have not been sent over the present wire. */
  #unsent = 0;
  #acknowledged = 0;
  #acknowledgedBytes = 0;
  #acknowledgedAt = 0;
  bytes = 0;
  bandwidth: number | undefined;

  /** Frames sent since the trunk began. */
  get count(): number {
    return this.#acknowledged + this.#frames.length - this.#first;
  }

  /** `isKept`: it may have to be sent again. */
  add(frame: Uint8Array<ArrayBuffer>, beside: Uint8Array<ArrayBuffer> | undefined, now: number, isKept: boolean): void {
    const bytes = frame.length + (beside?.length ?? 0);
    if (this.bytes === 0) this.#acknowledgedAt = now;
    this.bytes += bytes;
    this.#frames.push({
      frame: isKept ? frame : undefined,
      beside: isKept ? beside : undefined,
      bytes,
      sentAt: now,
      knownBytes: this.#acknowledgedBytes,
      knownAt: this.#acknowledgedAt,
    });
    this.#unsent = this.#frames.length;
  }

  /** The other end has `count` frames. */
  acknowledge(count: number, now: number): void {
    if (count < this.#acknowledged || count > this.count)
      throw new ProtocolError(`${count} frames were acknowledged, of ${this.count} that were sent.`);
    let last: SentFrame | undefined;
    for (; this.#acknowledged < count; this.#acknowledged++) {
      last = this.#frames[this.#first] as SentFrame;
      this.#frames[this.#first++] = undefined;
      this.bytes -= last.bytes;
      this.#acknowledgedBytes += last.bytes;
    }
    if (last === undefined) return;
    this.#acknowledgedAt = now;
    this.#measure(last, now);
    if (this.#first > 1024 && this.#first > this.#frames.length / 2) {
      this.#frames.splice(0, this.#first);
      this.#unsent -= this.#first;
      this.#first = 0;
    }
    this.#unsent = Math.max(this.#unsent, this.#first);
  }

  /** What was delivered while `frame` was on its way, by the time that took: it cannot be more than the way allows. */
  #measure(frame: SentFrame, now: number): void {
    const bytes = this.#acknowledgedBytes - frame.knownBytes;
    const ms = now - frame.knownAt;
    if (bytes < TELLING_BYTES || ms <= 0) return;
    const bandwidth = (1000 * bytes) / ms;
    this.bandwidth = this.bandwidth === undefined ? bandwidth : this.bandwidth + WEIGHT * (bandwidth - this.bandwidth);
  }

  /** All that is not acknowledged is to be sent over another wire. */
  rewind(): void {
    this.#unsent = this.#first;
  }

  /** The next that has not been sent over the present wire. */
  takeUnsent(): SentFrame | undefined {
    return this.#unsent < this.#frames.length ? this.#frames[this.#unsent++] : undefined;
  }

  get hasUnsent(): boolean {
    return this.#unsent < this.#frames.length;
  }

  clear(): void {
    this.#acknowledged = this.count;
    this.#frames = [];
    this.#first = 0;
    this.#unsent = 0;
    this.bytes = 0;
  }
}
