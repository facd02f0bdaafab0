/** WebSockets in Node, both ways, with the package `ws`; loaded when an address asks for it. */

import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Wire } from "../ports/wire.ts";
import { CommClosedError } from "../protocol/errors.ts";
import { shortened } from "./websocket-wire.ts";

const MOST_BYTES = 2 ** 20;
const LOW_WATER_BYTES = 2 ** 18;
const CLOSED_BY_US = 4000;
/** For the other end to answer that it closes, too; then the connection is cut. */
const GOODBYE_MS = 2_000;

const options = { perMessageDeflate: false, maxPayload: MOST_BYTES } as const;

/** A connection that is being opened, and the wire that it will be. `ca`: in PEM, whose word is taken beside those that are known. */
export function openSocket(
  address: string,
  ca?: string,
): { readonly socket: WebSocket; readonly wire: NodeWebSocketWire } {
  const masking: Masking = { isWanted: true };
  const generateMask = (mask: Buffer) => {
    mask[0] = Number(masking.isWanted);
  };
  const isPlain = isUnseen(address);
  const socket = new WebSocket(address, {
    ...options,
    ...(isPlain && { generateMask }),
    ...(ca !== undefined && { ca }),
  });
  const wire = new NodeWebSocketWire(socket, masking);
  if (isPlain) socket.once("upgrade", (response) => wire.writeTo(response.socket, true));
  return { socket, wire };
}

/** Opens a connection. Rejects with a `CommClosedError` if there is none to be had. */
export function connectNodeWebSocket(address: string, signal?: AbortSignal): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const { socket, wire } = openSocket(address);
    const giveUp = () => wire.close("given up");
    socket.once("open", () => {
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

/** Whether the next message is masked. */
interface Masking {
  isWanted: boolean;
}

/** Masked messages are copied, and go out in one piece; others go out as they are, which takes a while to prepare. */
const MASKED_BYTES = 4096;

/**
 * Whether nothing between the ends can read what is sent. The protocol has clients disguise their bytes, so that nobody can make what is
 * between take them for something else; where nothing is, any mask will do, and one of zeros spares both ends a walk over every byte.
 */
function isUnseen(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "wss:" || hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** What is no longer has its length in the second byte. */
const SHORT_BYTES = 125;

/** A whole message of bytes, as the protocol has it (RFC 6455, 5.2); a mask of zeros changes none of them. */
function framed(bytes: Uint8Array, isMasked: boolean): Uint8Array {
  const head = isMasked ? 6 : 2;
  const frame = Buffer.allocUnsafe(head + bytes.length);
  frame[0] = 0x82;
  frame[1] = bytes.length | (isMasked ? 0x80 : 0);
  if (isMasked) frame.fill(0, 2, 6);
  frame.set(bytes, head);
  return frame;
}

export interface WebSocketListener {
  /** Where it listens; a port that was 0 is the one that was found. */
  readonly host: string;
  readonly port: number;
  /** No further connections; those there are stay. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Other paths are answered with 404. Any, if not given. */
  readonly path?: string;
  /** A server that serves other things, too; otherwise one is made. It need not listen yet. */
  readonly server?: Server;
  /** Somebody has connected. */
  readonly accept: (wire: Wire, request: IncomingMessage) => void;
}

/** Waits for connections. Rejects if the address cannot be had. */
export async function listenWebSocket({ host, port, path, server, accept }: ListenOptions): Promise<WebSocketListener> {
  const { createServer } = await import("node:http");
  const isOurs = server === undefined;
  const http = server ?? createServer((_, response) => response.writeHead(426, { Connection: "close" }).end());
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, ...options });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (path !== undefined && new URL(request.url ?? "/", "ws://any").pathname !== path) {
      if (isOurs) socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const wire = new NodeWebSocketWire(opened);
      wire.writeTo(socket, false);
      accept(wire, request);
    });
  };
  http.on("upgrade", upgrade);
  if (!http.listening) {
    await new Promise<void>((resolve, reject) => {
      http.once("error", reject);
      http.listen({ host, port }, () => {
        http.off("error", reject);
        resolve();
      });
    });
  }
  const { address, port: found } = http.address() as AddressInfo;
  return {
    host: address,
    port: found,
    close: () => {
      http.off("upgrade", upgrade);
      return isOurs ? new Promise((resolve) => http.close(() => resolve())) : Promise.resolve();
    },
  };
}

export class NodeWebSocketWire implements Wire {
  readonly maxMessageBytes = MOST_BYTES;
  readonly closed: Promise<string>;
  readonly #socket: WebSocket;
  readonly #masking: Masking | undefined;
  #settleClosed: (reason: string) => void = () => {};
  #onMessage: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #drained: () => void = () => {};
  #isHigh = false;
  #isClosed = false;
  #stream: Duplex | undefined;
  #isMasked = false;
  #problem: string | undefined;

  constructor(socket: WebSocket, masking?: Masking) {
    this.#socket = socket;
    this.#masking = masking;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on("error", (error: Error) => {
      this.#problem ??= error.message;
    });
    socket.on("close", (code: number, reason: Buffer) =>
      this.#end(reason.toString() || this.#problem || `the connection was closed (${code})`),
    );
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Short messages are written to `stream` in one piece, with what stands before them: the package gives it two, which takes longer. */
  writeTo(stream: Duplex, isMasked: boolean): void {
    this.#stream = stream;
    this.#isMasked = isMasked;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    if (bytes.length <= SHORT_BYTES && this.#sendShort(bytes)) return;
    if (this.#masking !== undefined) this.#masking.isWanted = bytes.length < MASKED_BYTES;
    // What is written is asked for only where somebody may wait for it: each answer costs as much as a short message.
    if (this.#socket.bufferedAmount + bytes.length <= LOW_WATER_BYTES) this.#socket.send(bytes);
    else {
      this.#isHigh = true;
      this.#socket.send(bytes, this.#written);
    }
  }

  #sendShort(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    // With much before it, somebody may wait to be told that it is gone.
    if (stream === undefined || stream.writableLength > LOW_WATER_BYTES / 2) return false;
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    stream.write(framed(bytes, this.#isMasked));
    return true;
  }

  readonly #written = (): void => {
    if (!this.#isHigh || this.#socket.bufferedAmount > LOW_WATER_BYTES) return;
    this.#isHigh = false;
    if (!this.#isClosed) this.#drained();
  };

  listen(onMessage: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#onMessage = onMessage;
    for (const bytes of this.#held.splice(0)) if (!this.#isClosed) onMessage(bytes);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#isClosed) return;
    if (!isBinary) {
      this.close("bytes were to come, not text");
      return;
    }
    // A plain view: the methods of a Buffer are not all those of its class.
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (this.#onMessage === undefined) this.#held.push(bytes);
    else this.#onMessage(bytes);
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    else {
      socket.close(CLOSED_BY_US, shortened(reason));
      const timer = setTimeout(() => socket.terminate(), GOODBYE_MS);
      timer.unref();
      socket.once("close", () => clearTimeout(timer));
    }
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#settleClosed(reason);
  }
}
