/** What handles on shared objects have in common: whose they are, how long they keep the object, and how they wait. */

import type { CoordinationRequest, SharedAct, SharedKind, SharedTarget } from "../../protocol/coordination.ts";
import { CommClosedError } from "../../protocol/errors.ts";
import type { Client } from "../client.ts";
import type { Answered } from "../open-requests.ts";
import { openSessions } from "../open-sessions.ts";
import { Session } from "../session.ts";
import { type Anchor, anchor, letGo } from "./anchor.ts";

export interface HandleOptions {
  /** Whose it is; unless said, the client of the task that makes it, and outside of tasks the one client that is open. */
  readonly client?: Client | undefined;
}

/** The same, for a handle that arrives: its session is known, and whether its name was given by somebody. */
export interface ArrivalOptions {
  readonly client: Session;
  readonly isAnonymous: boolean;
}

export interface WaitingOptions {
  /** Gives up: the wait rejects with its reason, and leaves no trace. */
  readonly signal?: AbortSignal | undefined;
}

/** What a handle is made of. */
export interface Making {
  readonly kind: SharedKind;
  /** Several for several locks; none for an object that is to have a name of its own. */
  readonly names: readonly string[];
  readonly limit?: number | undefined;
}

/** What is behind a handle: none of it is its users' to see. */
class Link {
  readonly session: Session;
  readonly names: readonly string[];
  readonly #target: SharedTarget;
  readonly #anchors: readonly Anchor[];
  readonly #waits = new Set<AbortController>();
  #isClosed = false;

  constructor({ kind, names, limit }: Making, options: HandleOptions | ArrivalOptions) {
    const { client } = options;
    this.session = client instanceof Session ? client : openSession(kind, client);
    this.names = names.length === 0 ? [uniqueName(kind, this.session)] : names;
    const isAnonymous = names.length === 0 || ("isAnonymous" in options && options.isAnonymous);
    const [name = ""] = this.names;
    this.#target = { kind, name, limit, isAnonymous };
    this.#anchors = this.names.map((each) => anchor(this.session, kind, each));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** `giveBack`: what is to be said before the object may be gone. */
  close(giveBack: () => void): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const wait of this.#waits) wait.abort(this.#closedError());
    giveBack();
    this.#anchors.forEach(letGo);
  }

  /** Asks something of the object. `late`: what becomes of an answer that comes after the wait was given up. */
  async ask<T = void>(act: SharedAct, { signal }: WaitingOptions = {}, late?: (answer: T) => void): Promise<T> {
    if (this.#isClosed) throw this.#closedError();
    signal?.throwIfAborted();
    const wait = new AbortController();
    const giveUp = () => wait.abort(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    this.#waits.add(wait);
    try {
      return (await this.#send(act, wait.signal, late as ((answer: unknown) => void) | undefined)) as T;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      this.#waits.delete(wait);
    }
  }

  /** Gives something back: that can be done when the handle is closed, too. */
  async giveBack(act: SharedAct): Promise<void> {
    await this.#send(act);
  }

  #send(act: SharedAct, signal?: AbortSignal, late: (answer: unknown) => void = releaseFutures): Promise<unknown> {
    const request: CoordinationRequest = { type: "coordinate", target: this.#target, act };
    return this.session.ask(request, signal, late);
  }

  #closedError(): Error {
    return new Error(`this handle on ${this.#target.kind} ${this.names.join(", ")} was closed`);
  }
}

const links = new WeakMap<Handle, Link>();

export function linkOf(handle: Handle): Link {
  return links.get(handle) as Link;
}

/** A handle on one of the objects that clients meet at. */
export abstract class Handle {
  protected constructor(making: Making, options: HandleOptions) {
    links.set(this, new Link(making, options));
  }

  /** The same name is the same object for all clients. One that was given none has one that nobody else comes up with. */
  get name(): string {
    return linkOf(this).names.join(", ");
  }

  /**
   * Lets go of the handle, whose waits end with an error; the object stays for others who have one. Handles that are collected as
   * garbage are let go of too, some time.
   */
  close(): void {
    linkOf(this).close(() => {});
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Lets go of what came for nobody. */
function releaseFutures(answer: unknown): void {
  for (const future of (answer as Answered | undefined)?.futures?.values() ?? []) future.release();
}

/** That of a client, or of the only one that is open. */
function openSession(kind: SharedKind, client: Client | undefined): Session {
  const [only] = openSessions.size === 1 ? openSessions.values() : [];
  const session = client === undefined ? only : openSessions.get(client.id);
  if (session instanceof Session) return session;
  if (client !== undefined) throw new CommClosedError(`a ${kind} belongs to a client that is open; this one is closed`);
  const problem = openSessions.size === 0 ? "no client is open" : `${openSessions.size} clients are open`;
  throw new Error(`a ${kind} belongs to a client, and ${problem}: say which one, as in { client }`);
}

/** Objects so far that nobody gave a name. */
let nameless = 0;

function uniqueName(kind: SharedKind, { id }: Session): string {
  return `${kind}-${id}-${nameless++}`;
}

/** What stands first among the arguments of a handle: its name, or its options if it is to have none. */
export function nameAndOptions<O extends HandleOptions>(
  first: string | O | undefined,
  second: O | undefined,
): { readonly names: readonly string[]; readonly options: Partial<O> } {
  if (first === undefined) return { names: [], options: second ?? {} };
  if (typeof first === "object") return { names: [], options: first };
  return { names: [demandName(first)], options: second ?? {} };
}

export function demandName(name: string): string {
  if (typeof name === "string" && name !== "") return name;
  throw new TypeError(`a name must be a text that is not empty, not ${name === "" ? "an empty one" : typeof name}`);
}

/** Throws unless `count` is a whole number from 1 on, or is left open. */
export function demandCount<N extends number | undefined>(what: string, count: N): N {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return count;
  throw new RangeError(`${what} must be a whole number of at least 1, not ${count}`);
}
