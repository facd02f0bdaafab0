/** Admission: who opened a wire proves that it knows the token for what it wants to be, and whoever accepted it that it knows it as well. */

import type { Clock } from "../ports/clock.ts";
import type { Secrecy } from "../ports/secrecy.ts";
import type { Wire } from "../ports/wire.ts";
import { CommClosedError, ProtocolError, UnauthorizedError } from "../protocol/errors.ts";
import {
  type Greeting,
  isChallenge,
  isGreeting,
  isProof,
  isRefusal,
  isWelcome,
  MOST_WORD_BYTES,
  mismatch,
  PROTOCOL_VERSION,
  type Refusal,
  type RefusalName,
  type Role,
  versionIn,
} from "../protocol/handshake.ts";

/** How long each word of the handshake may be in coming. Milliseconds. */
const PATIENCE_MS = 10_000;

/** What a handshake needs of its surroundings. */
export interface Threshold {
  readonly secrecy: Secrecy;
  readonly clock: Clock;
  /** Of the protocol; ours, unless a test says otherwise. */
  readonly version?: number;
}

/** What both ends have when they are through. */
export interface Session {
  /** Names it, to take it up again on another wire. */
  readonly id: string;
  /** Known to these two alone, though it was never said. */
  readonly key: Uint8Array;
}

export interface Welcomed {
  readonly wire: Wire;
  readonly session: Session;
  readonly leaseMs: number;
  /** How much of what was said in this session had arrived at the other end. */
  readonly received: number;
}

export interface Admitted {
  readonly wire: Wire;
  readonly session: Session;
  readonly role: Role;
  readonly id: string;
  /** For one that goes on with a session that it had before: how much of what was said in it had arrived there. */
  readonly received: number | undefined;
}

/** What whoever opens a wire says of itself. */
export interface Asking {
  readonly role: Role;
  readonly id: string;
  /** A token, as text, or what it was sent with. */
  readonly secret: string | Uint8Array;
  /** To be gone on with, and how much of what was said in it has arrived here. */
  readonly resume?: { readonly session: Session; readonly received: number } | undefined;
}

/** Whoever accepts wires: who may come in. */
export interface Doorkeeper {
  readonly leaseMs: number;
  /** What the other must know to be let in, or why nobody is let in as that. */
  secretFor(greeting: Greeting): string | Uint8Array | Refusal;
  /** A session that can be taken up again, and how much of what was said in it has arrived: asked for when it is certain that it will be. */
  find(session: string): { readonly session: Session; readonly release: () => number } | undefined;
  /** Its proof was wrong. */
  noteFailure?(greeting: Greeting): void;
}

/** The session that was to be gone on with is not there any more: it may be begun anew. */
export class SessionOverError extends CommClosedError {}

/**
 * Asks to be let in. The wire is closed if that fails.
 *
 * @throws UnauthorizedError, ProtocolError or CommClosedError; {@link SessionOverError} if a session was to be taken up that is over.
 */
export async function askIn(wire: Wire, asking: Asking, threshold: Threshold): Promise<Welcomed> {
  const talk = new Talk(wire, threshold);
  const { version = PROTOCOL_VERSION, secrecy } = threshold;
  const { role, id, resume } = asking;
  try {
    const nonce = hex(secrecy.random(32));
    const greeting: Greeting = {
      manyhands: version,
      role,
      id,
      nonce,
      ...(resume && { resume: resume.session.id, received: resume.received }),
    };
    talk.say(greeting);
    const challenge = believe(await talk.hear(), isChallenge, version);
    const secret = bytesOf(resume?.session.key ?? asking.secret);
    const proofs = proofsOf(secrecy, secret, greeting, challenge.nonce);
    talk.say({ proof: hex(proofs.ofAsker) });
    const welcome = believe(await talk.hear(), isWelcome, version);
    if (!isSame(welcome.proof, proofs.ofKeeper)) {
      throw new UnauthorizedError("whoever answered does not know the token: it is not who it should be");
    }
    const session = resume?.session ?? { id: welcome.session, key: proofs.ofSession };
    return { wire: talk.end(), session, leaseMs: welcome.leaseMs, received: welcome.received };
  } catch (error) {
    wire.close(messageOf(error));
    throw error;
  }
}

/**
 * Lets in whoever can prove that it may. The wire is closed if it cannot, after it was told why.
 *
 * @throws what the other was told.
 */
export async function letIn(wire: Wire, keeper: Doorkeeper, threshold: Threshold): Promise<Admitted> {
  const talk = new Talk(wire, threshold);
  const { version = PROTOCOL_VERSION, secrecy } = threshold;
  try {
    const greeting = believe(await talk.hear(), isGreeting, version);
    const { role, id, resume } = greeting;
    const known = resume === undefined ? undefined : keeper.find(resume);
    if (resume !== undefined && known === undefined) {
      throw refuse({ refused: "CommClosedError", message: "what was to be gone on with is over", isOver: true });
    }
    const demanded = known?.session.key ?? keeper.secretFor(greeting);
    if (isRefusal(demanded)) throw refuse(demanded);
    const nonce = hex(secrecy.random(32));
    talk.say({ manyhands: version, nonce });
    const { proof } = believe(await talk.hear(), isProof, version);
    const proofs = proofsOf(secrecy, bytesOf(demanded), greeting, nonce);
    if (!isSame(proof, proofs.ofAsker)) {
      keeper.noteFailure?.(greeting);
      throw new UnauthorizedError(WRONG_TOKEN[role]);
    }
    const session = known?.session ?? { id: hex(secrecy.random(16)), key: proofs.ofSession };
    const received = known?.release() ?? 0;
    talk.say({ proof: hex(proofs.ofKeeper), session: session.id, leaseMs: keeper.leaseMs, received });
    return { wire: talk.end(), session, role, id, received: greeting.received };
  } catch (error) {
    if (!(error instanceof CommClosedError) || error instanceof SessionOverError || isRefused(error)) {
      talk.say({
        refused: nameOf(error),
        message: messageOf(error),
        ...(error instanceof SessionOverError && { isOver: true }),
      } satisfies Refusal);
    }
    wire.close(messageOf(error));
    throw error;
  }
}

const WRONG_TOKEN: Readonly<Record<Role, string>> = {
  client: "the token is not one that clients may submit with (a worker's token only lends threads)",
  host: "the token is not one that threads may be lent with (a client's token only submits)",
  peer: "it was not sent by the scheduler",
  line: "its host was not given that ticket",
};

/** Turns what is secret on its way between two into something that only they can read, or back: by what both know, once for each `name`. */
export function veil(secrecy: Secrecy, { key }: Session, name: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const mask = secrecy.prove(key, `veil ${name}`);
  return Uint8Array.from(bytes, (byte, i) => byte ^ (mask[i] as number));
}

/** Counts attempts that failed, by where they came from: whoever guesses is not answered for a while. */
export class FailedAttempts {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #windowMs: number;
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();

  constructor(clock: Clock, { most = 20, windowMs = 60_000 } = {}) {
    this.#clock = clock;
    this.#most = most;
    this.#windowMs = windowMs;
  }

  note(origin: string): void {
    const nowMs = this.#clock.now();
    for (const [old, { sinceMs }] of this.#failures) if (nowMs - sinceMs > this.#windowMs) this.#failures.delete(old);
    const entry = this.#failures.get(origin) ?? { count: 0, sinceMs: nowMs };
    entry.count += 1;
    this.#failures.set(origin, entry);
  }

  isBarred(origin: string): boolean {
    const entry = this.#failures.get(origin);
    return entry !== undefined && entry.count >= this.#most && this.#clock.now() - entry.sinceMs <= this.#windowMs;
  }
}

export const TOO_MANY_ATTEMPTS: Refusal = {
  refused: "UnauthorizedError",
  message: "too many wrong tokens came from there: wait a minute",
};

/** Says and hears words on a wire, until the other end is believed; what comes after that is left for whoever takes over the wire. */
class Talk {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #held: Uint8Array<ArrayBuffer>[] = [];
  #closed: string | undefined;
  #onWord: (() => void) | undefined;

  constructor(wire: Wire, { clock }: Threshold) {
    this.#wire = wire;
    this.#clock = clock;
    wire.listen((bytes) => {
      this.#held.push(bytes);
      this.#onWord?.();
    });
    wire.closed.then((reason) => {
      this.#closed = reason;
      this.#onWord?.();
    });
  }

  say(word: object): void {
    this.#wire.send(new TextEncoder().encode(JSON.stringify(word)));
  }

  async hear(): Promise<unknown> {
    let timedOut = false;
    if (this.#held.length === 0 && this.#closed === undefined) {
      await new Promise<void>((resolve) => {
        const callOff = this.#clock.after(PATIENCE_MS, () => {
          timedOut = true;
          resolve();
        });
        this.#onWord = () => {
          callOff();
          resolve();
        };
      });
      this.#onWord = undefined;
    }
    const bytes = this.#held.shift();
    if (bytes === undefined) {
      if (timedOut) throw new CommClosedError(`the other end said nothing for ${PATIENCE_MS / 1000} s`);
      throw new CommClosedError(`the other end is gone: ${this.#closed}`);
    }
    if (bytes.byteLength > MOST_WORD_BYTES) throw new ProtocolError("the first words are too long");
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
      throw new ProtocolError("the other end does not speak the protocol of manyhands");
    }
  }

  /** The wire, whose next listener hears first what has come since. */
  end(): Wire {
    const wire = this.#wire;
    const held = this.#held;
    return {
      get maxMessageBytes() {
        return wire.maxMessageBytes;
      },
      get bufferedBytes() {
        return wire.bufferedBytes;
      },
      send: (bytes) => wire.send(bytes),
      listen: (onMessage) => {
        for (let bytes = held.shift(); bytes !== undefined; bytes = held.shift()) onMessage(bytes);
        wire.listen(onMessage);
      },
      listenToParts:
        wire.listenToParts &&
        ((onPart) => {
          for (let bytes = held.shift(); bytes !== undefined; bytes = held.shift()) onPart(bytes, 0);
          wire.listenToParts?.(onPart);
        }),
      onDrain: (drained) => wire.onDrain(drained),
      close: (reason) => wire.close(reason),
      closed: wire.closed,
      aside: wire.aside,
      get isRelayed() {
        return wire.isRelayed;
      },
    };
  }
}

function believe<Word>(word: unknown, isSound: (word: unknown) => word is Word, version: number): Word {
  if (isRefusal(word)) throw errorOf(word);
  const theirs = versionIn(word);
  if (theirs !== undefined && theirs !== version) throw new ProtocolError(mismatch(version, theirs));
  if (!isSound(word)) throw new ProtocolError("the other end does not speak the protocol of manyhands");
  return word;
}

/** Nothing of these can be had from the others, nor from those of another wire. */
function proofsOf(secrecy: Secrecy, secret: Uint8Array, greeting: Greeting, nonce: string) {
  const { manyhands, role, id, resume = "", received = 0 } = greeting;
  const proofOf = (what: string) =>
    secrecy.prove(
      secret,
      JSON.stringify(["manyhands", manyhands, what, role, id, resume, received, greeting.nonce, nonce]),
    );
  return { ofAsker: proofOf("asker"), ofKeeper: proofOf("keeper"), ofSession: proofOf("session") };
}

/** Takes as long however much of it is right. */
function isSame(text: string, bytes: Uint8Array): boolean {
  const expected = hex(bytes);
  let difference = text.length ^ expected.length;
  for (let i = 0; i < expected.length; i++) difference |= (text.charCodeAt(i) | 0) ^ expected.charCodeAt(i);
  return difference === 0;
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(secret: string | Uint8Array): Uint8Array {
  return typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
}

const errorClasses: Readonly<Record<RefusalName, new (message: string) => Error>> = {
  UnauthorizedError,
  ProtocolError,
  CommClosedError,
};

/** Errors that the other end has told, or is to be told, in these words. */
const refusals = new WeakSet<object>();

function errorOf({ refused, message, isOver }: Refusal): Error {
  return isOver === true ? new SessionOverError(message) : new errorClasses[refused](message);
}

function refuse(refusal: Refusal): Error {
  const error = errorOf(refusal);
  refusals.add(error);
  return error;
}

function isRefused(error: unknown): boolean {
  return refusals.has(error as object);
}

function nameOf(error: unknown): RefusalName {
  if (error instanceof UnauthorizedError) return "UnauthorizedError";
  return error instanceof ProtocolError ? "ProtocolError" : "CommClosedError";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
