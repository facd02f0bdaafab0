/** Both ends of a conversation within one thread: the reference for every other comm. */

import type { Comm } from "../ports/comm.ts";

/** Two ends; what one sends the other hears, by reference. */
export function memoryComm<A, B>(): readonly [Comm<A, B>, Comm<B, A>] {
  const left = new MemoryComm<A, B>();
  const right = new MemoryComm<B, A>();
  left.connect(right);
  right.connect(left);
  return [left, right];
}

/**
 * A message is heard at once, within `send`, unless the receiver is in the middle of hearing another: then right after it. So the
 * fast way costs no turn of the event loop, and nobody is called while busy.
 */
class MemoryComm<Out, In> implements Comm<Out, In> {
  readonly closed: Promise<string>;
  #settleClosed: (reason: string) => void = () => {};
  #other: MemoryComm<In, Out> | undefined;
  #onMessage: ((message: In) => void) | undefined;
  #held: In[] = [];
  #isHearing = false;
  #isClosed = false;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  connect(other: MemoryComm<In, Out>): void {
    this.#other = other;
  }

  send(message: Out): void {
    if (!this.#isClosed) this.#other?.receive(message);
  }

  receive(message: In): void {
    if (this.#isHearing || this.#onMessage === undefined) this.#held.push(message);
    else this.#hear(this.#onMessage, message);
  }

  listen(onMessage: (message: In) => void): void {
    this.#onMessage = onMessage;
    if (!this.#isHearing && this.#held.length > 0) this.#hear(onMessage, this.#held.shift() as In);
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#settleClosed(reason);
    this.#other?.close(reason);
  }

  /** Hears this, and what comes meanwhile. */
  #hear(onMessage: (message: In) => void, message: In): void {
    if (this.#isClosed) return;
    this.#isHearing = true;
    try {
      onMessage(message);
      for (let i = 0; i < this.#held.length && !this.#isClosed; i++) this.#onMessage?.(this.#held[i] as In);
    } finally {
      if (this.#held.length > 0) this.#held = [];
      this.#isHearing = false;
    }
  }
}
