/** WorkShare: lets a thread rest as long as it takes that it works no more than its share of the time. */

import type { Clock } from "../ports/clock.ts";

/** Rest is taken in pieces of at least so much. Milliseconds. */
const LEAST_REST_MS = 5;

export class WorkShare {
  readonly #share: number;
  readonly #clock: Clock;
  readonly #goOn: () => void;
  /** Rest that is due, for what was worked. Milliseconds. */
  #owedMs = 0;

  /** `share`: from more than 0 to 1, which is all of the time. */
  constructor(share: number, clock: Clock, goOn: () => void) {
    this.#share = share;
    this.#clock = clock;
    this.#goOn = goOn;
  }

  /** It has worked. Whether it is to do nothing for a while now; then `goOn` is called by itself. */
  rests(beganMs: number, nowMs: number): boolean {
    if (this.#share === 1) return false;
    this.#owedMs += (nowMs - beganMs) * (1 / this.#share - 1);
    if (this.#owedMs < LEAST_REST_MS) return false;
    this.#clock.after(this.#owedMs, this.#goOn);
    this.#owedMs = 0;
    return true;
  }
}
