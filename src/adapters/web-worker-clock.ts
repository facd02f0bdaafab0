/**
 * A clock for pages that goes on while the page is hidden: timers of hidden pages come once a second, and later once a minute, while those of
 * threads, and messages, come as ever. So a thread of its own waits, and says when it is time.
 */

import type { Clock } from "../ports/clock.ts";

/** What the thread runs. */
const ticker = `onmessage = ({ data: [id, afterMs] }) => afterMs === undefined
  ? clearTimeout(timers[id]) : (timers[id] = setTimeout(() => { delete timers[id]; postMessage(id); }, afterMs));
const timers = {};`;

/** Shorter waits are not worth a message: a hidden page makes a second of them. Milliseconds. */
const SHORT_MS = 20;

export class WebWorkerClock implements Clock {
  readonly #page: Clock;
  readonly #waiting = new Map<number, { readonly wake: () => void; readonly atMs: number }>();
  #thread: Worker | undefined;
  #count = 0;
  #isForbidden = false;

  /** `page`: the platform's own, for the rest, and for pages that may not start a thread from text. */
  constructor(page: Clock) {
    this.#page = page;
  }

  now(): number {
    return this.#page.now();
  }

  after(afterMs: number, wake: () => void): () => void {
    const isHidden = globalThis.document?.visibilityState === "hidden";
    const thread = afterMs < SHORT_MS && !isHidden ? undefined : this.#start();
    if (thread === undefined) return this.#page.after(afterMs, wake);
    const id = ++this.#count;
    this.#waiting.set(id, { wake, atMs: this.now() + afterMs });
    thread.postMessage([id, afterMs]);
    return () => {
      if (this.#waiting.delete(id)) thread.postMessage([id]);
    };
  }

  nextTurn(run: () => void): void {
    this.#page.nextTurn(run);
  }

  keepAlive(): () => void {
    return this.#page.keepAlive();
  }

  #start(): Worker | undefined {
    if (this.#thread !== undefined) return this.#thread;
    if (this.#isForbidden) return undefined;
    const url = URL.createObjectURL(new Blob([ticker], { type: "text/javascript" }));
    try {
      const thread = new Worker(url);
      thread.onmessage = ({ data: id }: MessageEvent<number>) => {
        const waiter = this.#waiting.get(id);
        this.#waiting.delete(id);
        waiter?.wake();
      };
      thread.onerror = (event) => {
        event.preventDefault();
        this.#giveUp();
      };
      this.#thread = thread;
      return thread;
    } catch {
      this.#giveUp();
      return undefined;
    }
  }

  /** The page's policy does not allow for such a thread: what waits for it waits as the page does. */
  #giveUp(): void {
    this.#isForbidden = true;
    this.#thread?.terminate();
    this.#thread = undefined;
    for (const [id, { wake, atMs }] of this.#waiting) {
      this.#page.after(Math.max(0, atMs - this.now()), () => {
        if (this.#waiting.delete(id)) wake();
      });
    }
  }
}
