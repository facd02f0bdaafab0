/** How far futures have come, as a bar says it, wherever it is drawn. */

import type { FutureStatus } from "../client/future.ts";

/** What a bar needs of a future. */
export interface Awaited {
  readonly status: FutureStatus;
  addDoneCallback(callback: () => void): void;
}

export interface BarState {
  readonly done: number;
  readonly total: number;
  /** Of those that are done, how many failed or were cancelled. */
  readonly failed: number;
  /** Per second, of what was done since it began; undefined until something was. */
  readonly rate: number | undefined;
  /** Milliseconds until all are done, if it goes on so; undefined until that can be told. */
  readonly leftMs: number | undefined;
}

/** Counts futures as they end. */
export class Bar {
  readonly total: number;
  readonly #now: () => number;
  readonly #beganMs: number;
  #done = 0;
  #failed = 0;
  /** Done before it began: that says nothing of how fast it goes. */
  readonly #before: number;
  #wake = () => {};

  /** `now` is in milliseconds. */
  constructor(futures: Iterable<Awaited>, now: () => number = () => performance.now()) {
    const all = [...futures];
    this.total = all.length;
    this.#now = now;
    this.#beganMs = now();
    this.#before = all.filter(({ status }) => status !== "pending" && status !== "running").length;
    for (const future of all) {
      future.addDoneCallback(() => {
        this.#done += 1;
        if (future.status !== "finished") this.#failed += 1;
        this.#wake();
      });
    }
  }

  get isOver(): boolean {
    return this.#done === this.total;
  }

  get state(): BarState {
    const [done, total, failed] = [this.#done, this.total, this.#failed];
    const ms = this.#now() - this.#beganMs;
    const rate = done > this.#before && ms > 0 ? ((done - this.#before) * 1000) / ms : undefined;
    const leftMs = done === total ? 0 : rate === undefined ? undefined : ((total - done) * 1000) / rate;
    return { done, total, failed, rate, leftMs };
  }

  /** Settles when another one is done; at once if none is left. */
  change(): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** `12 of 40, 2 failed, 3.1/s, 9 s left` */
export function barText({ done, total, failed, rate, leftMs }: BarState): string {
  const parts = [`${done} of ${total}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (rate !== undefined) parts.push(`${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`);
  if (leftMs !== undefined && leftMs > 0) parts.push(`${timeText(leftMs)} left`);
  return parts.join(", ");
}

function timeText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
