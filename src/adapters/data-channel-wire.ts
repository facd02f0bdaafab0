/**
 * RTCDataChannel: bytes between two pages, or straight between two of their threads.
 *
 * What is sent on a channel whose other end has not been made yet is lost in Chromium, though the channel says that it is open. So both ends
 * greet, and answer a greeting; who hears anything knows that the other end is there, and sends what has waited for that. Whichever
 * end is made later is heard, so that nobody has to try again. Greetings and farewells are texts, which data never are.
 */

import type { Wire } from "../ports/wire.ts";

const GREETING = "manyhands";
const ANSWER = "manyhands too";
const FAREWELL = "closed: ";

/** The largest that every browser takes, and Node: each message costs both ends as much, whatever is in it. Bytes. */
const MESSAGE_BYTES = 256 * 1024;
/** Chromium throws when more than 16 MiB wait in a channel; the rest waits here. Bytes. */
const MOST_IN_CHANNEL = 8 * 1024 * 1024;
/** Below this, more may come. Bytes. */
const LITTLE = 256 * 1024;

/** How long the other end may take to hear a farewell, and to close the channel. Milliseconds. */
const FAREWELL_MS = 1_000;

/** As far as channels of the platforms are alike. */
export interface Channel {
  binaryType: string;
  bufferedAmountLowThreshold: number;
  readonly bufferedAmount: number;
  readonly readyState: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
}

export class DataChannelWire implements Wire {
  readonly maxMessageBytes = MESSAGE_BYTES;
  readonly closed: Promise<string>;
  readonly aside: Wire["aside"];
  /** Said by whoever knows the connection that the channel is part of. */
  isRelayed: boolean | undefined;
  readonly #channel: Channel;
  #settleClosed: (reason: string) => void = () => {};
  #onMessage: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  #drained: () => void = () => {};
  /** Came before anybody listened. */
  #held: Uint8Array<ArrayBuffer>[] = [];
  /** Waits until the other end is there, or until the channel has room. */
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
  #isMet = false;
  #isClosed = false;
  /** What is to be said last, when everything before it has been sent. */
  #farewell: string | undefined;

  /** `aside`: see {@link Wire}. */
  constructor(channel: Channel, aside?: Wire["aside"]) {
    this.#channel = channel;
    this.aside = aside;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = LITTLE;
    channel.addEventListener("message", ({ data }) => this.#hear(data));
    channel.addEventListener("bufferedamountlow", () => this.#proceed());
    channel.addEventListener("close", () => this.#end("the other end is gone"));
    if (channel.readyState === "open") this.#say(GREETING);
    else channel.addEventListener("open", () => this.#greet());
    if (channel.readyState === "closed") this.#end("the other end is gone");
  }

  get bufferedBytes(): number {
    return this.#isClosed ? 0 : this.#waitingBytes + this.#channel.bufferedAmount;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    this.#fill();
  }

  listen(onMessage: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#onMessage = onMessage;
    for (const bytes of this.#held.splice(0)) if (!this.#isClosed) onMessage(bytes);
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#farewell = reason;
    this.#end(reason);
    this.#fill();
    // The other end closes the channel when it has heard that. This side would cut off what is on its way, where channels do that.
    const timer: unknown = setTimeout(() => this.#channel.close(), FAREWELL_MS);
    (timer as { unref?: () => void }).unref?.();
  }

  #greet(): void {
    this.#say(GREETING);
    this.#proceed();
  }

  #hear(data: unknown): void {
    if (typeof data !== "string") {
      this.#meet();
      if (this.#isClosed) return;
      const bytes = new Uint8Array(data as ArrayBuffer);
      if (this.#onMessage === undefined) this.#held.push(bytes);
      else this.#onMessage(bytes);
    } else if (data.startsWith(FAREWELL)) {
      this.#end(data.slice(FAREWELL.length));
      this.#channel.close();
    } else {
      // A thread may hear before its channel says that it is open; then it greets later.
      if (data === GREETING && this.#channel.readyState === "open") this.#say(ANSWER);
      this.#meet();
    }
  }

  #meet(): void {
    if (this.#isMet) return;
    this.#isMet = true;
    // What has waited may be gone at once, and then the channel has nothing to tell.
    this.#proceed();
  }

  /** There is room in the channel. */
  #proceed(): void {
    this.#fill();
    if (!this.#isClosed && this.bufferedBytes <= LITTLE) this.#drained();
  }

  /** Sends what has waited, as far as the channel has room. */
  #fill(): void {
    if (!this.#isMet || this.#channel.readyState === "connecting") return;
    let count = 0;
    while (count < this.#waiting.length && this.#channel.bufferedAmount < MOST_IN_CHANNEL) {
      const bytes = this.#waiting[count++] as Uint8Array<ArrayBuffer>;
      this.#waitingBytes -= bytes.byteLength;
      if (!this.#say(bytes)) break;
    }
    this.#waiting.splice(0, count);
    if (this.#farewell === undefined || this.#waiting.length > 0) return;
    const reason = this.#farewell;
    this.#farewell = undefined;
    this.#say(`${FAREWELL}${reason}`);
  }

  #say(data: string | Uint8Array<ArrayBuffer>): boolean {
    try {
      this.#channel.send(data);
      return true;
    } catch (error) {
      // It has closed, and the event that tells is on its way; or it refuses, and there is no use in it any more.
      this.#end(`it could not be sent: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#settleClosed(reason);
  }
}
