/** What a trunk waits for: one timer of each kind at a time. */

import type { Clock } from "../ports/clock.ts";

export class Timers<Kind extends string> {
  readonly #clock: Clock;
  readonly #callOffs = new Map<Kind, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(kind: Kind): boolean {
    return this.#callOffs.has(kind);
  }

  /** In place of the one of that kind that there may be. */
  set(kind: Kind, afterMs: number, wake: () => void): void {
    this.callOff(kind);
    const callOff = this.#clock.after(afterMs, () => {
      this.#callOffs.delete(kind);
      wake();
    });
    this.#callOffs.set(kind, callOff);
  }

  callOff(kind: Kind): void {
    this.#callOffs.get(kind)?.();
    this.#callOffs.delete(kind);
  }

  callOffAll(): void {
    for (const kind of [...this.#callOffs.keys()]) this.callOff(kind);
  }
}
