/**
 * PeerJS: one place at a signalling server, by whose name others find this page or process, and from which it finds others.
 *
 * PeerJS brings peers together and makes the connection; what is said over it is ours. It is told to look for peers nowhere but at the
 * server given, and comes back to that by itself: connections that are there go on without it.
 */

import type { DataConnection, Peer, PeerJSOption } from "peerjs";
import type { Clock } from "../ports/clock.ts";
import type { GivingUp } from "../ports/connector.ts";
import { CommClosedError } from "../protocol/errors.ts";

/** Chromium refuses the 501st connection of a page, and counts those that were closed until they are collected. */
const MOST_CONNECTIONS = 450;
/** The server takes us for gone after 90 s without. PeerJS would do it by a timer that hidden pages stop. Milliseconds. */
const HEARTBEAT_MS = 20_000;
/**
 * For the server to send us what we sent to ourselves. A connection to it that leads nowhere any more, because this machine goes by another
 * address now, says nothing of that for minutes. Milliseconds.
 */
const ECHO_MS = 3_000;
const NEVER_MS = 2 ** 31 - 1;
/** Before the second attempt to come back to the server; doubled with each further one, up to the last. Milliseconds. */
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;

/** A name that was left just now is ours for so long still, as far as the server has noticed: it is asked for again and again. Milliseconds. */
const LEFT_MS = 5_000;
const LEFT_RETRY_MS = 100;

export interface MeetingOptions {
  readonly signaling: string;
  readonly iceServers: readonly object[];
  readonly clock: Clock;
  /** What the platform's connections are told beside. */
  readonly connection?: object;
}

/** A word of the signalling server, as far as we look at it. */
interface ServerWord {
  readonly type?: unknown;
  readonly src?: unknown;
  readonly payload?: { readonly connectionId?: unknown; readonly type?: unknown; readonly refusal?: unknown };
}

/** What PeerJS has and does not declare. */
interface OpenPeer extends Omit<Peer, "socket" | "getConnection"> {
  _handleMessage(word: ServerWord): void;
  readonly socket: { send(word: object): void };
  getConnection(peer: string, id: string): DataConnection | null;
}

/** Somebody whom we are connected to. */
export interface Met {
  readonly id: string;
  readonly connection: DataConnection;
}

/** For a connection that somebody offered to open. Milliseconds. */
const OPEN_MS = 15_000;
/** Connections of Node may end in the midst of being made with nothing wrong, when who offers one is not as patient as ours. */
const MOST_ATTEMPTS = 5;

/** A connection ended while it was being made. */
class BrokenOffError extends CommClosedError {}

/** Connections of this page or process that have been made and not been closed. */
let connections = 0;

/** Server and name -> until when it may be taken for ours that are gone. */
const left = new Map<string, number>();

export class Meeting {
  /** Settles with our name there; rejects if the server cannot be reached, or the name is another's. */
  readonly opened: Promise<string>;
  /** Called with who has connected to us. */
  onMet: ((met: Met) => void) | undefined;
  /** Called when nobody finds us by our name any more, because the server is gone, and when it is back. */
  onReachable: ((isReachable: boolean) => void) | undefined;
  readonly #options: MeetingOptions;
  readonly #name: string;
  #peer: OpenPeer | undefined;
  #isClosed = false;
  #hasOpened = false;
  #isReachable = false;
  #retries = 0;
  readonly #waiting = new Map<DataConnection, (error: Error) => void>();
  #settleOpened: (name: string) => void = () => {};
  #failOpened: (error: Error) => void = () => {};
  #dropHeartbeat: () => void = () => {};
  /** Words that came from the server, and whether one is waited for. */
  #heard = 0;
  #isDoubting = false;

  constructor(name: string, options: MeetingOptions) {
    this.#name = name;
    this.#options = options;
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpened = resolve;
      this.#failOpened = reject;
    });
    this.opened.catch(() => {});
    void this.#begin();
  }

  /** Connections that are made from now on are to look for each other by way of these. */
  lookBy(iceServers: readonly object[]): void {
    Object.assign(this.#peer?.options.config ?? {}, { iceServers });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Connects to whoever has that name.
   *
   * @throws CommClosedError if there is nobody, or it refuses; the reason of `signal` if that comes first.
   */
  async connect(id: string, signal: GivingUp): Promise<Met> {
    await this.opened;
    for (let attempt = 1; ; attempt++) {
      if (signal.aborted) throw signal.reason;
      try {
        return await this.#attempt(id, signal);
      } catch (error) {
        if (!(error instanceof BrokenOffError) || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  async #attempt(id: string, signal: GivingUp): Promise<Met> {
    const peer = this.#peer;
    const failed = (why: string, cause?: unknown, Class = CommClosedError) =>
      new Class(
        `peer:${id} cannot be reached by way of ${this.#options.signaling}: ${why}`,
        { address: `peer:${id}` },
        { cause },
      );
    if (peer === undefined || peer.disconnected) throw failed("the signalling server cannot be reached at the moment");
    if (connections >= MOST_CONNECTIONS) throw failed(`this page has ${connections} connections, and can have no more`);
    let connection: DataConnection;
    try {
      connection = peer.connect(id, { serialization: "raw", reliable: true });
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error), error);
    }
    count(connection);
    this.#doubt(peer);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.#waiting.delete(connection);
        connection.close();
        reject(error);
      };
      this.#waiting.set(connection, (error) => fail(failed(error.message, error)));
      signal.addEventListener("abort", () => {
        if (this.#waiting.has(connection)) fail(signal.reason as Error);
      });
      connection.on("error", (error) => fail(failed(error.message, error)));
      connection.on("close", () => fail(failed("it closed the connection")));
      onBrokenOff(connection, () => {
        if (this.#waiting.has(connection)) fail(failed("the connection broke off", undefined, BrokenOffError));
      });
      connection.on("open", () => {
        this.#waiting.delete(connection);
        resolve({ id, connection });
      });
    });
  }

  /** Leaves. Connections that are there are closed too. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dropHeartbeat();
    if (this.#hasOpened) left.set(this.#place, this.#options.clock.now() + LEFT_MS);
    this.#failOpened(new CommClosedError("it was given up"));
    this.#peer?.destroy();
  }

  get #place(): string {
    return `${this.#options.signaling} ${this.#name}`;
  }

  async #begin(): Promise<void> {
    try {
      const peerjs = await import("peerjs");
      if (!this.#isClosed) this.#open(peerjs.Peer ?? (peerjs.default as unknown as typeof peerjs).Peer);
    } catch (error) {
      this.#fail(`PeerJS does not work here: ${String(error)}`, error);
    }
  }

  #open(Class: typeof Peer): void {
    const { signaling, iceServers, connection } = this.#options;
    const { protocol, hostname, port, pathname } = new URL(signaling);
    const isSecure = protocol === "https:" || protocol === "wss:";
    const peer = new Class(this.#name, {
      host: hostname,
      port: Number(port) || (isSecure ? 443 : 80),
      path: pathname,
      secure: isSecure,
      config: { ...connection, iceServers },
      pingInterval: NEVER_MS,
      debug: 0,
    } as unknown as PeerJSOption) as unknown as OpenPeer;
    this.#peer = peer;
    this.#dropHeartbeat();
    this.#guard(peer);
    peer.on("open", () => {
      this.#retries = 0;
      if (this.#hasOpened) this.#reach(true);
      this.#hasOpened = true;
      this.#isReachable = true;
      left.delete(this.#place);
      this.#settleOpened(this.#name);
    });
    peer.on("connection", (connection) => this.#meet(connection));
    peer.on("disconnected", () => this.#comeBack());
    peer.on("error", (error) => this.#hearError(error));
    this.#beat();
  }

  /**
   * What strangers send through the server must not break PeerJS, which takes it as it comes: it would throw, and in Node end the
   * process, or keep for ever what belongs to no connection.
   */
  #guard(peer: OpenPeer): void {
    const handle = peer._handleMessage.bind(peer);
    peer._handleMessage = (word) => {
      this.#heard += 1;
      try {
        if (this.#isSound(peer, word)) handle(word);
      } catch (error) {
        this.#refuse(peer, word, error instanceof Error ? error.message : String(error));
      }
    };
  }

  #isSound(peer: OpenPeer, word: ServerWord): boolean {
    const { type, src, payload } = word;
    if (type !== "OFFER" && type !== "ANSWER" && type !== "CANDIDATE") return type !== "LEAVE";
    if (typeof src !== "string" || typeof payload?.connectionId !== "string") return false;
    const known = peer.getConnection(src, payload.connectionId);
    if (type !== "OFFER") {
      if (known !== null && typeof payload.refusal === "string") this.#waiting.get(known)?.(new Error(payload.refusal));
      return known !== null && payload.refusal === undefined;
    }
    const { serialization } = payload as { readonly serialization?: unknown };
    if (known !== null || payload.type !== "data" || serialization !== "raw") return false;
    if (this.onMet === undefined) this.#refuse(peer, word, "nobody is expected there");
    else if (connections >= MOST_CONNECTIONS)
      this.#refuse(peer, word, `it has ${connections} connections, and can have no more`);
    else return true;
    return false;
  }

  #refuse(peer: OpenPeer, { type, src, payload }: ServerWord, refusal: string): void {
    if (type !== "OFFER") return;
    peer.socket.send({ type: "ANSWER", dst: src, payload: { connectionId: payload?.connectionId, refusal } });
  }

  #meet(connection: DataConnection): void {
    count(connection);
    connection.on("error", () => connection.close());
    const callOff = this.#options.clock.after(OPEN_MS, () => connection.close());
    onBrokenOff(connection, () => {
      if (!connection.open) connection.close();
    });
    connection.on("open", () => {
      callOff();
      if (this.onMet === undefined) connection.close();
      else this.onMet({ id: connection.peer, connection });
    });
  }

  #hearError(error: Error & { readonly type?: string }): void {
    const { signaling } = this.#options;
    if (error.type === "peer-unavailable") {
      const id = error.message.slice(error.message.lastIndexOf(" ") + 1);
      for (const [connection, fail] of this.#waiting)
        if (connection.peer === id) fail(new Error("nobody of that name is there"));
    } else if (error.type === "unavailable-id") {
      if (this.#hasOpened) return;
      if ((left.get(this.#place) ?? 0) > this.#options.clock.now()) this.#beginLater();
      else this.#fail(`somebody else is peer:${this.#name} at ${signaling}`, error);
    } else if (error.type === "browser-incompatible")
      this.#fail("this browser has no WebRTC, or it is switched off", error);
    else if (!this.#hasOpened)
      this.#fail(`the signalling server at ${signaling} cannot be reached: ${error.message}`, error);
  }

  #beginLater(): void {
    this.#options.clock.after(LEFT_RETRY_MS, () => {
      if (!this.#isClosed) void this.#begin();
    });
  }

  #fail(message: string, cause: unknown): void {
    this.#failOpened(new CommClosedError(message, { address: `peer:${this.#name}` }, { cause }));
    this.close();
  }

  /** The server is gone. Who was waiting for an answer by way of it does not get one; connections that are there go on. */
  #comeBack(): void {
    if (this.#isClosed || !this.#hasOpened) return;
    this.#reach(false);
    for (const fail of [...this.#waiting.values()]) fail(new Error("the signalling server is gone"));
    const afterMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries++);
    this.#options.clock.after(afterMs * (1 + Math.random()), () => {
      const peer = this.#peer;
      if (!this.#isClosed && peer?.disconnected && !peer.destroyed) peer.reconnect();
    });
  }

  #reach(isReachable: boolean): void {
    if (this.#isReachable === isReachable) return;
    this.#isReachable = isReachable;
    this.onReachable?.(isReachable);
  }

  #beat(): void {
    this.#dropHeartbeat = this.#options.clock.after(HEARTBEAT_MS, () => {
      if (this.#isClosed) return;
      this.#peer?.socket.send({ type: "HEARTBEAT" });
      if (this.#hasOpened && this.#peer?.disconnected === false) this.#doubt(this.#peer);
      this.#beat();
    });
  }

  /** Whether the server is still there: what we send to ourselves comes back by way of it, or the connection to it is made anew. */
  #doubt(peer: OpenPeer): void {
    if (this.#isDoubting) return;
    this.#isDoubting = true;
    const heard = this.#heard;
    peer.socket.send({ type: "ANSWER", dst: this.#name, payload: { connectionId: "an echo", refusal: "an echo" } });
    this.#options.clock.after(ECHO_MS, () => {
      this.#isDoubting = false;
      if (!this.#isClosed && this.#heard === heard && !peer.disconnected) peer.disconnect();
    });
  }
}

/** PeerJS looks only at how the search for a way fares, which says nothing when what is said on the way that was found goes wrong. */
function onBrokenOff({ peerConnection }: DataConnection, run: () => void): void {
  peerConnection.addEventListener("connectionstatechange", () => {
    if (peerConnection.connectionState === "closed" || peerConnection.connectionState === "failed") run();
  });
}

/** PeerJS tells only of the end of those that were open; all ends of them go through `close`, however. */
function count(connection: DataConnection): void {
  connections += 1;
  let isCounted = true;
  const close = connection.close.bind(connection);
  connection.close = (options) => {
    if (isCounted) connections -= 1;
    isCounted = false;
    close(options);
  };
}
