/** Comm, Connector, Listener: whole messages between two parties, in order, until closed. */

/**
 * One conversation. What it promises, and what every adapter is tried for:
 * - messages arrive whole, in order, each once; those sent before anybody listened are held;
 * - `send` never waits, and throws only for what cannot be cloned: then nothing was sent and the comm goes on;
 * - what is transferred is gone for the sender;
 * - `closed` settles once, on both ends, with the reason; nothing arrives after it, and what is sent after it is dropped.
 */
export interface Comm<Out = unknown, In = unknown> {
  send(message: Out, transfer?: readonly object[]): void;
  listen(onMessage: (message: In) => void): void;
  close(reason: string): void;
  readonly closed: Promise<string>;
}
