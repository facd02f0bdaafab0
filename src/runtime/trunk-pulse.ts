/** Whether the other end of a trunk is still there, and how far away it is: asks when nothing is heard. */

import type { Clock } from "../ports/clock.ts";
import { ProtocolError } from "../protocol/errors.ts";

/** The quickest of so many answers tells the latency. */
const ROUND_TRIPS = 8;

export interface PulseOptions {
  readonly clock: Clock;
  readonly pingMs: number | undefined;
  readonly silenceMs: number | undefined;
  /** To be sent to the other end, which answers with the same number. */
  ping(number: number): void;
  /** Nothing was heard for too long. */
  lost(silentMs: number): void;
}

export class Pulse {
  readonly #options: PulseOptions;
  #heardAt = 0;
  #pings = 0;
  #pingedAt = 0;
  readonly #roundTrips: number[] = [];
  /** This end was held up, and has not heard anything since. */
  #isForgiven = false;
  #callOff: () => void = () => {};

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** One way; the way back is taken to be as long. */
  get latencyMs(): number | undefined {
    return this.#roundTrips.length === 0 ? undefined : Math.min(...this.#roundTrips) / 2;
  }

  start(): void {
    this.stop();
    const { pingMs } = this.#options;
    this.heard();
    if (pingMs === undefined) return;
    this.#ping();
    this.#watch(pingMs);
  }

  stop(): void {
    this.#callOff();
  }

  heard(): void {
    if (this.#options.pingMs === undefined) return; // Nobody looks.
    this.#heardAt = this.#options.clock.now();
    this.#isForgiven = false;
  }

  #watch(pingMs: number): void {
    const { clock, silenceMs = Number.POSITIVE_INFINITY, lost } = this.#options;
    const due = clock.now() + pingMs;
    this.#callOff = clock.after(pingMs, () => {
      const now = clock.now();
      if (now - due > pingMs) this.#forgive(now, now - due);
      const silentMs = now - this.#heardAt;
      if (silentMs >= silenceMs) {
        lost(silentMs);
        return;
      }
      if (silentMs >= pingMs) this.#ping();
      this.#watch(pingMs);
    });
  }

  /**
   * This end was held up, and what the other end said may lie here unheard: that time does not count, and some more is given, once. Or a
   * machine that is always late would believe in the dead for ever.
   */
  #forgive(now: number, lateMs: number): void {
    const { pingMs = 0, silenceMs = Number.POSITIVE_INFINITY } = this.#options;
    const heardAt = this.#heardAt + lateMs - pingMs;
    this.#heardAt = this.#isForgiven ? heardAt : Math.max(heardAt, now - silenceMs + pingMs);
    this.#isForgiven = true;
  }

  #ping(): void {
    this.#pingedAt = this.#options.clock.now();
    this.#options.ping(++this.#pings);
  }

  answered(number: number): void {
    if (number > this.#pings) throw new ProtocolError("A question was answered that was not asked.");
    if (number < this.#pings) return;
    this.#roundTrips.push(this.#options.clock.now() - this.#pingedAt);
    if (this.#roundTrips.length > ROUND_TRIPS) this.#roundTrips.shift();
  }
}
