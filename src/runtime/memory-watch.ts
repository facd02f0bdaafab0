/** Tells the scheduler now and then what a worker's thread has in use, while it works. */

import type { MemoryGauge } from "../ports/memory-gauge.ts";
import type { MemoryUsed } from "../protocol/worker-messages.ts";

/** It is asked for no more often than this. Milliseconds. */
const EVERY_MS = 1000;

export class MemoryWatch {
  readonly #gauge: MemoryGauge | undefined;
  readonly #say: (message: MemoryUsed) => void;
  #dueMs: number;

  /** Without a gauge there is nothing to be told. */
  constructor(gauge: MemoryGauge | undefined, say: (message: MemoryUsed) => void) {
    this.#gauge = gauge;
    this.#say = say;
    this.#dueMs = gauge === undefined ? Number.POSITIVE_INFINITY : 0;
  }

  /** To be called whenever it is convenient: mostly, it is not due. */
  look(nowMs: number): void {
    if (nowMs < this.#dueMs || this.#gauge === undefined) return;
    this.#dueMs = nowMs + EVERY_MS;
    this.#say({ type: "memory-used", threadBytes: this.#gauge.used() });
  }
}
