/** Clock: what time it is, and wake me then. */

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `wake` once `afterMs` have passed; returns how to call that off. Does not keep a process alive. */
  after(afterMs: number, wake: () => void): () => void;
  /** Calls `run` in a turn of its own, after messages that have already arrived. */
  nextTurn(run: () => void): void;
  /** While held, an idle process does not end; returns how to let go. */
  keepAlive(): () => void;
}
