/** The platform's WebSocket, in pages, workers, and Node from 22 on. */

import type { Wire } from "../ports/wire.ts";
import { CommClosedError } from "../protocol/errors.ts";

/** Larger messages would hold up short ones behind them, and every server has a limit. */
const MOST_BYTES = 2 ** 20;
/** Below this much there is room for more. */
const LOW_WATER_BYTES = 2 ** 18;
/** No event tells that there is less in a socket: it is looked at again after so long, and whenever something arrives. */
const LOOK_MS = 2;
/** Longest reason that a closing frame has room for. */
const REASON_BYTES = 123;
/** Codes from 4000 on are the program's. */
const CLOSED_BY_US = 4000;

/** Opens a connection. Rejects with a `CommClosedError` if there is none to be had. */
export function connectWebSocket(address: string, signal?: AbortSignal): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    const wire = new WebSocketWire(socket);
    const giveUp = () => wire.close("given up");
    socket.addEventListener("open", () => {
      signal?.removeEventListener("abort", giveUp);
      resolve(wire);
    });
    void wire.closed.then((reason) => {
      reject(new CommClosedError(`No connection to ${address}: ${reason}`, { address }));
    });
    if (signal?.aborted) giveUp();
    else signal?.addEventListener("abort", giveUp, { once: true });
  });
}

export class WebSocketWire implements Wire {
  readonly maxMessageBytes = MOST_BYTES;
  readonly closed: Promise<string>;
  readonly #socket: WebSocket;
  #settleClosed: (reason: string) => void = () => {};
  #onMessage: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #drained: () => void = () => {};
  #isLooking = false;
  #isClosed = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    socket.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer | string>) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => this.#end(reason || `the connection was closed (${code})`));
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    this.#socket.send(bytes);
    if (!this.#isLooking && this.#socket.bufferedAmount > LOW_WATER_BYTES) this.#lookLater();
  }

  #lookLater(): void {
    this.#isLooking = true;
    setTimeout(() => {
      if (this.#isLooking && !this.#look()) this.#lookLater();
    }, LOOK_MS);
  }

  /** Whether nobody need look any more. */
  #look(): boolean {
    if (!this.#isClosed && this.#socket.bufferedAmount > LOW_WATER_BYTES) return false;
    this.#isLooking = false;
    if (!this.#isClosed) this.#drained();
    return true;
  }

  listen(onMessage: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#onMessage = onMessage;
    for (const bytes of this.#held.splice(0)) if (!this.#isClosed) onMessage(bytes);
  }

  #receive(data: ArrayBuffer | string): void {
    if (this.#isClosed) return;
    if (typeof data === "string") {
      this.close("bytes were to come, not text");
      return;
    }
    const bytes = new Uint8Array(data);
    if (this.#onMessage === undefined) this.#held.push(bytes);
    else this.#onMessage(bytes);
    // Pages that are not seen have slow timers, but hear what arrives.
    if (this.#isLooking) this.#look();
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#socket.close(CLOSED_BY_US, shortened(reason));
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#settleClosed(reason);
  }
}

/** What fits into a closing frame. */
export function shortened(reason: string): string {
  let short = reason;
  while (new TextEncoder().encode(short).length > REASON_BYTES) short = short.slice(0, Math.floor(short.length * 0.9));
  return short;
}
