/** MessagePort: a direct link between two workers of one machine. */

import type { Comm } from "../ports/comm.ts";

/** The key of the last message, which gives the reason: few platforms tell that the other end is gone, and none tells why. */
const GOODBYE = "manyhands:closed";

export class MessagePortComm<Out, In> implements Comm<Out, In> {
  readonly closed: Promise<string>;
  readonly #port: MessagePort;
  #settleClosed: (reason: string) => void = () => {};
  #isClosed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    // Node says so when the thread at the other end is gone; in pages the scheduler does.
    port.addEventListener("close", () => this.#end("the other end is gone"));
  }

  send(message: Out, transfer: readonly object[] = []): void {
    if (!this.#isClosed) this.#port.postMessage(message, transfer as Transferable[]);
  }

  listen(onMessage: (message: In) => void): void {
    this.#port.onmessage = ({ data }: MessageEvent<In>) => {
      const reason = (data as { readonly [GOODBYE]?: string } | null | undefined)?.[GOODBYE];
      if (reason !== undefined) this.#end(reason);
      else if (!this.#isClosed) onMessage(data);
    };
  }

  close(reason: string): void {
    this.send({ [GOODBYE]: reason } as Out);
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#port.close();
    this.#settleClosed(reason);
  }
}
