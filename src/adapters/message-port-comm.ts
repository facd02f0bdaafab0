/** MessagePort: a direct link between two workers of one machine. */

import type { Comm } from "../ports/comm.ts";

export class MessagePortComm<Out, In> implements Comm<Out, In> {
  readonly closed: Promise<string>;
  readonly #port: MessagePort;
  #settleClosed: (reason: string) => void = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    // Node says so when the other end is gone; in pages the scheduler does.
    port.addEventListener("close", () => this.#settleClosed("the other end is gone"));
  }

  send(message: Out, transfer: readonly object[] = []): void {
    this.#port.postMessage(message, transfer as Transferable[]);
  }

  listen(onMessage: (message: In) => void): void {
    this.#port.onmessage = ({ data }: MessageEvent<In>) => onMessage(data);
  }

  close(reason: string): void {
    this.#port.close();
    this.#settleClosed(reason);
  }
}
