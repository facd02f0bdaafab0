/** What handles on shared objects have in common: whose they are, how long they keep the object, and how they wait. */

import type { CoordinationRequest, SharedAct, SharedKind, SharedTarget } from "../../protocol/coordination.ts";
import { CommClosedError } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/identity.ts";
import { DESCRIBE, type Describable } from "../../shipping/plain-data.ts";
import { clientAround } from "../../shipping/task-context.ts";
import type { Naming } from "../argument-capture.ts";
import type { Client } from "../client.ts";
import type { Future } from "../future.ts";
import type { Answered } from "../open-requests.ts";
import { openSessions, sessions } from "../open-sessions.ts";
import { Session } from "../session.ts";
import type { TaskPart } from "../task-session.ts";
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
  /** None for an object that is to have a name of its own. */
  readonly names: readonly string[];
  readonly limit?: number | undefined;
  /** It is for several locks, be it only one. */
  readonly isMultiple?: boolean;
}

/** A handle as it travels. */
export interface HandleDescription extends Making {
  readonly isAnonymous: boolean;
  /** What keeps the objects on the way; where futures arrive as values, nothing. */
  readonly anchors: readonly (Future | null)[];
}

/** What is behind a handle: none of it is its users' to see. */
class Link {
  readonly names: readonly string[];
  readonly #session: Spoken;
  readonly #making: Making;
  readonly #target: SharedTarget;
  /** Past the task: what is given back is given back after its end, too. */
  readonly #client: Session;
  readonly #anchors: readonly Anchor[];
  readonly #waits = new Set<AbortController>();
  #isClosed = false;

  constructor(making: Making, options: HandleOptions | ArrivalOptions) {
    const { kind, names, limit } = making;
    const { client } = options;
    this.#making = making;
    this.#session = client instanceof Session ? client : sessionFor(kind, client);
    this.#client = this.#session.client ?? this.#session;
    this.names = names.length === 0 ? [uniqueName(kind, this.#client)] : names;
    const isAnonymous = names.length === 0 || ("isAnonymous" in options && options.isAnonymous);
    const [name = ""] = this.names;
    this.#target = { kind, name, limit, isAnonymous };
    this.#anchors = this.names.map((each) => anchor(this.#client, kind, each));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How futures among values are named. */
  get naming(): Naming {
    return this.#client.naming;
  }

  /** In whose name it is asked for something: of the task that runs, as far as that can be told, else of whoever made the handle. */
  get speaker(): Spoken {
    const session = sessionOf(clientAround());
    if (session?.client !== this.#client) return this.#session;
    return session.task?.id === undefined && this.#session !== this.#client ? this.#session : session;
  }

  /** `giveBack`: what is to be said before the object may be gone. */
  close(giveBack: () => void): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const wait of this.#waits) wait.abort(new Error(`${this.#description} was closed`));
    giveBack();
    this.#anchors.forEach(letGo);
  }

  /**
   * Asks something of the object. A task that is called off gives up what it waits for, and when it is over, whatever it has not
   * awaited.
   *
   * @param late - what becomes of an answer that comes after the wait was given up.
   */
  ask<T = void>(act: SharedAct, { signal }: WaitingOptions = {}, late?: (answer: T) => void): Promise<T> {
    return this.run(() => this.#ask(act, signal, late as ((answer: unknown) => void) | undefined) as Promise<T>);
  }

  /** Promises that a task leaves behind may reject with nobody looking: of those, platforms would make an end of the thread. */
  run<T>(wait: () => Promise<T>): Promise<T> {
    const { task } = this.speaker;
    const promise = wait();
    if (task !== undefined) promise.catch(() => {});
    return promise;
  }

  async #ask(act: SharedAct, signal: AbortSignal | undefined, late: ((answer: unknown) => void) | undefined) {
    if (this.#isClosed) throw new Error(`${this.#description} was closed`);
    const { speaker } = this;
    const { task } = speaker;
    const wait = new AbortController();
    const stops = [signal, task?.signal].map((each) => follow(wait, each));
    const stop = task?.atEnd(() => wait.abort(new Error(`the task is over that waited for ${this.#description}`)));
    wait.signal.throwIfAborted();
    this.#waits.add(wait);
    try {
      return await speaker.ask(this.#request(act, task?.id), wait.signal, late ?? releaseFutures);
    } finally {
      for (const each of [...stops, stop]) each?.();
      this.#waits.delete(wait);
    }
  }

  /** See `DESCRIBE`. */
  describe(): HandleDescription {
    if (this.#isClosed) throw new Error(`${this.#description} was closed`);
    const { isAnonymous = false } = this.#target;
    return { ...this.#making, names: this.names, isAnonymous, anchors: this.#anchors.map(({ future }) => future) };
  }

  /** Gives something back, which is answered at once: that can be done when the handle is closed, too, and when the task is over. */
  giveBack(act: SharedAct): Promise<unknown> {
    return this.#client.ask(this.#request(act));
  }

  #request(act: SharedAct, task?: TaskId): CoordinationRequest {
    return { type: "coordinate", target: this.#target, act, task };
  }

  get #description(): string {
    return `this handle on ${this.#target.kind} ${this.names.join(", ")}`;
  }
}

/** A session, which may speak for a task: see `task-session.ts`. */
type Spoken = Session & {
  readonly client?: Session;
  readonly task?: TaskPart;
  pause?(): () => void;
};

/** Aborts `wait` when `signal` is; returns how to call that off. */
function follow(wait: AbortController, signal: AbortSignal | undefined): () => void {
  const abort = () => wait.abort(signal?.reason);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort);
  return () => signal?.removeEventListener("abort", abort);
}

const links = new WeakMap<Handle, Link>();

export function linkOf(handle: Handle): Link {
  return links.get(handle) as Link;
}

/** A handle on one of the objects that clients meet at. */
export abstract class Handle implements Describable {
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

  [DESCRIBE](): object {
    return linkOf(this).describe();
  }
}

/** Lets go of what came for nobody. */
function releaseFutures(answer: unknown): void {
  for (const future of (answer as Answered | undefined)?.futures?.values() ?? []) future.release();
}

/** That of `client`, else of the task that is running, else of the only client that is open. */
function sessionFor(kind: SharedKind, client = clientAround()): Session {
  const session = sessionOf(client) ?? (openSessions.size === 1 ? [...openSessions][0] : undefined);
  if (session === undefined) {
    const problem = openSessions.size === 0 ? "no client is open" : `${openSessions.size} clients are open`;
    throw new Error(`a ${kind} belongs to a client, and ${problem}: say which one, as in { client }`);
  }
  const { closed } = session as Session;
  if (closed !== undefined)
    throw new CommClosedError(`a ${kind} belongs to a client that is open; this one is closed: ${closed}`);
  return session as Session;
}

function sessionOf(client: unknown): Spoken | undefined {
  return client === undefined ? undefined : (sessions.get(client as Client) as Spoken | undefined);
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
