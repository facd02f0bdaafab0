/** TCP: bytes straight between two threads of Node, each message behind its length. Long ones are heard as they come in. */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Connector, Listener, Transport } from "../ports/connector.ts";
import type { Wire } from "../ports/wire.ts";
import { CommClosedError } from "../protocol/errors.ts";

const MOST_BYTES = 2 ** 20;
const LOW_WATER_BYTES = 2 ** 18;
/** Before each message, how long it is; before the reason for which it is closed, a bit more. */
const HEAD_BYTES = 4;
const FAREWELL = 2 ** 31;
const MOST_REASON_BYTES = 4096;
/** What is no longer is copied behind its length; the rest is sent as it lies in memory. */
const COPIED_BYTES = 4096;
/** For the other end to hear why it is closed; then the connection is cut. Milliseconds. */
const GOODBYE_MS = 2_000;
/** At a time, of all who come to a place. */
const MOST_CONNECTIONS = 64;

type Bytes = Uint8Array<ArrayBuffer>;
type OnPart = (bytes: Bytes, left: number) => void;

export class TcpWire implements Wire {
  readonly maxMessageBytes = MOST_BYTES;
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  #settleClosed: (reason: string) => void = () => {};
  #onPart: OnPart | undefined;
  #held: [Bytes, number][] = [];
  /** Of a message that is to be heard whole, what has come. */
  readonly #parts: Bytes[] = [];
  #drained: () => void = () => {};
  #isHigh = false;
  #isClosed = false;
  #problem: string | undefined;
  /** The length before the next message, as far as it has come. */
  readonly #head = new Uint8Array(HEAD_BYTES);
  #headAt = 0;
  /** Of the message that is coming, still to come. */
  #left = 0;
  /** It is the reason for which the other end has closed it. */
  #farewell: Uint8Array[] | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => {
      this.#problem ??= error.message;
    });
    socket.on("close", () => this.#end(this.#problem ?? "the connection was closed"));
  }

  get bufferedBytes(): number {
    return this.#isClosed ? 0 : this.#socket.writableLength;
  }

  send(bytes: Bytes): void {
    if (this.#isClosed) return;
    this.#write(bytes.length, bytes);
  }

  #write(length: number, bytes: Uint8Array): void {
    const socket = this.#socket;
    const head = Buffer.allocUnsafe(HEAD_BYTES + (bytes.length <= COPIED_BYTES ? bytes.length : 0));
    head.writeUInt32LE(length);
    if (bytes.length <= COPIED_BYTES) {
      head.set(bytes, HEAD_BYTES);
      socket.write(head, this.#written);
    } else {
      socket.cork();
      socket.write(head);
      socket.write(bytes, this.#written);
      socket.uncork();
    }
    if (socket.writableLength > LOW_WATER_BYTES) this.#isHigh = true;
  }

  readonly #written = (): void => {
    if (!this.#isHigh || this.#socket.writableLength > LOW_WATER_BYTES) return;
    this.#isHigh = false;
    if (!this.#isClosed) this.#drained();
  };

  listen(onMessage: (bytes: Bytes) => void): void {
    this.#hear((bytes, left) => {
      this.#parts.push(bytes);
      if (left > 0) return;
      const parts = this.#parts.splice(0);
      onMessage(parts.length === 1 ? bytes : joined(parts));
    });
  }

  listenToParts(onPart: OnPart): void {
    // Whoever listened before may have been given half a message, and has not heard of it.
    const parts = this.#parts.splice(0);
    if (parts.length > 0 && !this.#isClosed) onPart(joined(parts), this.#left);
    this.#hear(onPart);
  }

  #hear(onPart: OnPart): void {
    this.#onPart = onPart;
    for (const [bytes, left] of this.#held.splice(0)) if (!this.#isClosed) onPart(bytes, left);
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#end(reason);
    const bytes = new TextEncoder().encode(reason).subarray(0, MOST_REASON_BYTES);
    this.#write(FAREWELL + bytes.length, bytes);
    const socket = this.#socket;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
    timer.unref();
    socket.once("close", () => clearTimeout(timer));
  }

  #take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#isClosed) {
      if (this.#headAt < HEAD_BYTES) {
        this.#head[this.#headAt++] = chunk[at++] as number;
        if (this.#headAt === HEAD_BYTES) this.#begin();
        continue;
      }
      const taken = Math.min(this.#left, chunk.length - at);
      // A plain view: the methods of a Buffer are not all those of its class.
      const bytes = new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset + at, taken);
      at += taken;
      this.#pass(bytes);
    }
  }

  /** It is known how long the next message is. */
  #begin(): void {
    const length = new DataView(this.#head.buffer).getUint32(0, true);
    const isFarewell = length >= FAREWELL;
    this.#left = isFarewell ? length - FAREWELL : length;
    if (this.#left > (isFarewell ? MOST_REASON_BYTES : MOST_BYTES)) return this.#refuse();
    if (isFarewell) this.#farewell = [];
    if (this.#left === 0) this.#pass(new Uint8Array(0));
  }

  #pass(bytes: Bytes): void {
    this.#left -= bytes.length;
    if (this.#left === 0) this.#headAt = 0;
    if (this.#farewell !== undefined) {
      this.#farewell.push(bytes);
      if (this.#left > 0) return;
      this.#end(Buffer.concat(this.#farewell).toString());
      this.#socket.destroy();
    } else if (this.#onPart === undefined) this.#held.push([bytes, this.#left]);
    else this.#onPart(bytes, this.#left);
  }

  #refuse(): void {
    this.close(`a message is longer than ${MOST_BYTES} bytes`);
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#settleClosed(reason);
  }
}

function joined(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Of `tcp://host:port`; an IPv6 address stands in brackets. */
function placeOf(address: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}

const connector: Connector = {
  connect: (address, _options, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect(placeOf(address));
      const fail = (error: unknown) => {
        socket.on("error", () => {}); // It may have more to say.
        socket.destroy();
        reject(error);
      };
      if (signal.aborted) return fail(signal.reason);
      signal.addEventListener("abort", () => fail(signal.reason));
      const failed = (cause: Error) =>
        fail(new CommClosedError(`${address} cannot be reached: ${cause.message}`, { address }, { cause }));
      socket.once("error", failed);
      socket.once("connect", () => {
        socket.off("error", failed);
        resolve({ wire: new TcpWire(socket) });
      });
    }),
};

const listener: Listener = {
  listen: async (address, _options, onWire) => {
    const server = createServer((socket) => onWire(new TcpWire(socket), { origin: socket.remoteAddress ?? "unknown" }));
    server.maxConnections = MOST_CONNECTIONS;
    const { host, port } = placeOf(address);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, resolve);
    });
    server.on("error", () => {}); // One connection that goes wrong is its own affair.
    const at = server.address() as AddressInfo;
    return {
      address: `tcp://${at.family === "IPv6" ? `[${at.address}]` : at.address}:${at.port}`,
      isLoopback: at.address === "127.0.0.1" || at.address === "::1",
      close: async () => void server.close(),
    };
  },
};

export const tcpTransport: Transport = { connector, listener };
