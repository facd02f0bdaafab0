/** The platform's clock, in pages, workers and Node alike. */

import type { Clock } from "../ports/clock.ts";

/** A day: an interval that keeps a process alive, and does nothing. */
const LONG_MS = 86_400_000;

/** Timers are numbers in pages, and objects in Node. */
function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}

export class SystemClock implements Clock {
  #turns: (() => void)[] = [];
  #channel: MessageChannel | undefined;

  now(): number {
    return performance.now();
  }

  after(afterMs: number, wake: () => void): () => void {
    const timer = setTimeout(wake, afterMs);
    unref(timer);
    return () => clearTimeout(timer);
  }

  nextTurn(run: () => void): void {
    const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };
    if (setImmediate !== undefined) {
      setImmediate(run);
      return;
    }
    // Timers of pages wait at least 4 ms; a message to oneself does not.
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#channel.port1.onmessage = () => this.#turns.shift()?.();
    }
    this.#turns.push(run);
    this.#channel.port2.postMessage(undefined);
  }

  keepAlive(): () => void {
    const timer = setInterval(() => {}, LONG_MS);
    return () => clearInterval(timer);
  }
}
