/**
 * worker_threads: the code that threads run, read once for all of them. The owner's side.
 *
 * To read a worker's code takes V8 half as long as it takes to start a thread at all, and each thread would do it anew. While the first threads
 * start, their owner reads it, and what V8 made of it (its code cache) is there for them, and for all that come after.
 */

import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { Worker } from "node:worker_threads";
import {
  BYTES_FROM,
  LENGTH,
  NAMES,
  STATE,
  type ThreadData,
  UNAVAILABLE,
  UNDERWAY,
  USABLE,
} from "./worker-thread-data.ts";

/** What there is room for; as the code is, a fifth of that is needed. Bytes. */
const MOST_BYTES = 1024 * 1024;

/** Code that threads are started with. */
export class ThreadCode {
  readonly #beginning: URL;
  readonly #filename: string;
  /** What V8 takes for the code of which it has a cache need only be as long: so all threads get the text that the cache was made of. */
  #text: string | undefined;
  readonly #shared = new SharedArrayBuffer(BYTES_FROM + MOST_BYTES);
  readonly #state = new Int32Array(this.#shared, 0, 2);

  /** `beginning`: a file that calls `beginThread()`. `filename`: the code itself, in CommonJS. */
  constructor(beginning: URL, filename: string) {
    this.#beginning = beginning;
    this.#filename = filename;
  }

  /** @throws if the code cannot be read. */
  start(): Worker {
    if (this.#text === undefined) {
      this.#text = `(function (${NAMES}) {${readFileSync(this.#filename, "utf8")}\n})`;
      setImmediate(() => this.#compile(this.#text as string));
    }
    const workerData: ThreadData = { filename: this.#filename, text: this.#text, shared: this.#shared };
    return new Worker(this.#beginning, { workerData });
  }

  #compile(text: string): void {
    Atomics.store(this.#state, STATE, UNDERWAY);
    let state = UNAVAILABLE;
    try {
      const cache = new Script(text, { filename: this.#filename }).createCachedData();
      if (cache.length <= MOST_BYTES) {
        new Uint8Array(this.#shared, BYTES_FROM).set(cache);
        this.#state[LENGTH] = cache.length;
        state = USABLE;
      }
    } catch {
      // Threads read the code themselves, and say what is wrong with it.
    }
    Atomics.store(this.#state, STATE, state);
    Atomics.notify(this.#state, STATE);
  }
}
