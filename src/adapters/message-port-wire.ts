/** MessagePort: bytes between a thread and the page or process that passes them on. */

import type { Wire } from "../ports/wire.ts";

const MOST_BYTES = 2 ** 20;
const LOW_WATER_BYTES = 2 ** 18;
/** A port does not tell what it still holds: the other end says how much has arrived, whenever it is this much. */
const TOLD_BYTES = LOW_WATER_BYTES / 2;

/** Bytes, or how many of them have arrived, or the reason why it is closed. */
type Word = Uint8Array<ArrayBuffer> | number | string;

export class MessagePortWire implements Wire {
  readonly maxMessageBytes = MOST_BYTES;
  readonly closed: Promise<string>;
  bufferedBytes = 0;
  readonly #port: MessagePort;
  #settleClosed: (reason: string) => void = () => {};
  #onMessage: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #drained: () => void = () => {};
  /** Heard here, and not yet told to the other end. */
  #untold = 0;
  #isClosed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    port.addEventListener("close", () => this.#end("the other end is gone"));
    port.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    this.bufferedBytes += bytes.length;
    // A copy, which is then moved: of a view, the port would copy all of what is behind it.
    const copy = bytes.slice();
    this.#port.postMessage(copy, [copy.buffer]);
  }

  #hear(word: Word): void {
    if (this.#isClosed) return;
    if (typeof word === "string") this.#end(word);
    else if (typeof word === "number") this.#arrived(word);
    else if (this.#onMessage === undefined) this.#held.push(word);
    else this.#pass(word, this.#onMessage);
  }

  #arrived(bytes: number): void {
    const before = this.bufferedBytes;
    this.bufferedBytes -= bytes;
    if (before > LOW_WATER_BYTES && this.bufferedBytes <= LOW_WATER_BYTES) this.#drained();
  }

  #pass(bytes: Uint8Array<ArrayBuffer>, onMessage: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#untold += bytes.length;
    if (this.#untold >= TOLD_BYTES) {
      this.#port.postMessage(this.#untold);
      this.#untold = 0;
    }
    onMessage(bytes);
  }

  listen(onMessage: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#onMessage = onMessage;
    for (const bytes of this.#held.splice(0)) if (!this.#isClosed) this.#pass(bytes, onMessage);
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#port.postMessage(reason);
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#port.close();
    this.#settleClosed(reason);
  }
}
