/** MessagePort: a direct link between two workers of one machine, or a page or process and one of its workers. */

import type { Comm } from "../ports/comm.ts";

/** Ends of links to workers, by their addresses: ports, and comms once somebody wants them. */
export type PortLinks = Map<string, { close(reason: string): void }>;

/** The comm at the end of a link, made of its port when first asked for. It does not keep a process alive. */
export function openLink(links: PortLinks, peer: string): Comm<never, never> | undefined {
  const link = links.get(peer);
  if (!(link instanceof MessagePort)) return link as Comm<never, never> | undefined;
  const comm = new MessagePortComm<never, never>(link, false);
  links.set(peer, comm);
  return comm;
}

/** The key of the last message, which gives the reason: few platforms tell that the other end is gone, and none tells why. */
const GOODBYE = "manyhands:closed";

export class MessagePortComm<Out, In> implements Comm<Out, In> {
  readonly closed: Promise<string>;
  readonly #port: MessagePort;
  #settleClosed: (reason: string) => void = () => {};
  readonly #keepsAlive: boolean;
  #isClosed = false;

  /** `keepsAlive`: whether a process goes on as long as it listens. */
  constructor(port: MessagePort, keepsAlive = true) {
    this.#port = port;
    this.#keepsAlive = keepsAlive;
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
    if (!this.#keepsAlive) (this.#port as { unref?(): void }).unref?.();
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
