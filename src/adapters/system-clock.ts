/** The platform's clock, in pages, workers and Node alike. */

import type { Clock } from "../ports/clock.ts";

/** A day: an interval that keeps a process alive, and does nothing. */
const LONG_MS = 86_400_000;

/** Timers are objects in Node, which can be told whether to keep the process alive, and numbers in pages. */
interface CountedTimer {
  ref?(): void;
  unref(): void;
}

/** Node's `performance.now()` is four functions deep, which takes as long as much of what is done for a task. */
const { hrtime } = (globalThis as { process?: { hrtime?: () => readonly [number, number] } }).process ?? {};

function unref(timer: unknown): void {
  (timer as Partial<CountedTimer>).unref?.();
}

export class SystemClock implements Clock {
  #turns: (() => void)[] = [];
  #alive: CountedTimer | undefined;
  #holders = 0;
  #channel: MessageChannel | undefined;

  now(): number {
    if (hrtime === undefined) return performance.now();
    const time = hrtime();
    return time[0] * 1000 + time[1] / 1_000_000;
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
    // One timer for all, which Node counts or does not count: making one each time costs more than most tasks.
    this.#alive ??= setInterval(() => {}, LONG_MS) as unknown as CountedTimer;
    const timer = this.#alive;
    if (timer.ref === undefined) return () => {};
    if (this.#holders++ === 0) timer.ref();
    let isHeld = true;
    return () => {
      if (isHeld && --this.#holders === 0) timer.unref();
      isHeld = false;
    };
  }
}
