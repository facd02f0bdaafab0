/**
 * How two parties that have never met begin: the words, and what a stranger's must look like.
 *
 *     greeting ->            who opened the wire says what it wants to be, and a number by chance
 *              <- challenge  the other says a number by chance as well
 *     proof    ->            which only those can tell who know the token, for both numbers, what was asked for and as whom
 *              <- welcome    with the same proof from the other side
 *
 * Or `refusal`, at any time, which names an error. Each word is one message of JSON; numbers and proofs are written in hexadecimal. No token is ever said.
 */

/** Of everything that two parties may say to each other. Raised when a word changes its meaning or its form. */
export const PROTOCOL_VERSION = 1;

/** No word is longer. Bytes. */
export const MOST_WORD_BYTES = 4096;

/**
 * `client` submits; `host` lends threads; `peer` is a host that has been sent by the scheduler to another; `line` is a worker of a host that is
 * here already, which is to be spoken to past that.
 */
export type Role = "client" | "host" | "peer" | "line";

export interface Greeting {
  readonly manyhands: number;
  readonly role: Role;
  /** What it goes by: a client's or a host's id, or the name of a link between hosts. */
  readonly id: string;
  readonly nonce: string;
  /** It was here before, and wants to go on where the wire broke. */
  readonly resume?: string;
  /** With `resume`: how much of what was said arrived here before the wire broke, as its trunk counts. */
  readonly received?: number;
}

export interface Challenge {
  readonly manyhands: number;
  readonly nonce: string;
}

export interface Proof {
  readonly proof: string;
}

export interface Welcome {
  readonly proof: string;
  /** By which the conversation can be taken up again. */
  readonly session: string;
  /** How long it is waited for that. Milliseconds. */
  readonly leaseMs: number;
  /** As in the greeting, of the other side. */
  readonly received: number;
}

/** Names of the errors that a handshake may end with. */
export type RefusalName = "UnauthorizedError" | "ProtocolError" | "CommClosedError";

export interface Refusal {
  readonly refused: RefusalName;
  readonly message: string;
  /** What was to be taken up again is not there any more: it may be begun anew. */
  readonly isOver?: boolean;
}

const HEX = /^[0-9a-f]{64}$/;
const NAME = /^[\w.:@-]{1,200}$/;
const SESSION = /^[0-9a-f]{32}$/;

export function isGreeting(word: unknown): word is Greeting {
  const { manyhands, role, id, nonce, resume, received } = fields<Greeting>(word);
  return (
    isVersion(manyhands) &&
    (role === "client" || role === "host" || role === "peer" || role === "line") &&
    isText(id, NAME) &&
    isText(nonce, HEX) &&
    (resume === undefined ? received === undefined : isText(resume, SESSION) && isCount(received))
  );
}

export function isChallenge(word: unknown): word is Challenge {
  const { manyhands, nonce } = fields<Challenge>(word);
  return isVersion(manyhands) && isText(nonce, HEX);
}

export function isProof(word: unknown): word is Proof {
  return isText(fields<Proof>(word).proof, HEX);
}

export function isWelcome(word: unknown): word is Welcome {
  const { proof, session, leaseMs, received } = fields<Welcome>(word);
  return isText(proof, HEX) && isText(session, SESSION) && isCount(leaseMs) && isCount(received);
}

export function isRefusal(word: unknown): word is Refusal {
  const { refused, message } = fields<Refusal>(word);
  const isKnown = refused === "UnauthorizedError" || refused === "ProtocolError" || refused === "CommClosedError";
  return isKnown && typeof message === "string";
}

/** The version that a word of any version claims, so that one that is too old or too new can be named. */
export function versionIn(word: unknown): number | undefined {
  const { manyhands } = fields<Greeting>(word);
  return isVersion(manyhands) ? manyhands : undefined;
}

/** What is said of two that speak different versions. */
export function mismatch(ours: number, theirs: number): string {
  const older = ours < theirs ? "this side" : "the other side";
  return `this side speaks version ${ours} of the protocol, the other side version ${theirs}: update ${older}`;
}

function fields<Word>(word: unknown): { readonly [Name in keyof Word]?: unknown } {
  return typeof word === "object" && word !== null ? word : {};
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}
