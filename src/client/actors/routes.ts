/** Routes: how the calls of one client reach an actor, in order, wherever it is at the moment. */

import type { ActorNumber, ActorPlace } from "../../protocol/actors.ts";
import { ActorLostError, CommClosedError } from "../../protocol/errors.ts";
import type { WorkerAddress } from "../../protocol/identity.ts";
import { directLinks } from "../open-sessions.ts";
import type { Session } from "../session.ts";
import { ActorLine, type Sent } from "./actor-line.ts";

/** A call that wants to go somewhere. */
export interface RoutedCall extends Sent {
  readonly method: string | number;
  readonly args: readonly unknown[];
  readonly count: number;
  readonly transfer: readonly object[] | undefined;
  /** Among the calls of its client to this actor. */
  order: number;
  /** It was not sent. */
  refuse(error: unknown): void;
}

/** So often it is asked for an actor whose worker cannot be reached. */
const MOST_TRIES = 3;

/** The way of one client to one actor, whichever handles it has. */
export class Route {
  readonly session: Session;
  readonly name: string;
  readonly #lines: Lines;
  #line: ActorLine | undefined;
  #actor: ActorNumber | undefined;
  /** What cannot be sent yet. */
  #waiting: RoutedCall[] = [];
  #underWay = 0;
  #sent = 0;
  #isLocating = false;

  constructor(session: Session, name: string, lines: Lines) {
    this.session = session;
    this.name = name;
    this.#lines = lines;
  }

  send(out: RoutedCall): void {
    out.order = this.#sent++;
    if (this.#line === undefined || this.#line.closed !== undefined || this.#waiting.length > 0) {
      this.#waiting.push(out);
      if (!this.#isLocating) this.#goOn();
    } else this.#pass(this.#line, out);
  }

  /** A call has ended. */
  settle(): void {
    this.#underWay -= 1;
    if (this.#waiting.length > 0 && !this.#isLocating) this.#goOn();
  }

  /** A call found its actor on the move: it goes before whatever was called after it. */
  sendAgain(out: RoutedCall): void {
    this.#line = undefined;
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] as RoutedCall).order > out.order) at -= 1;
    this.#waiting.splice(at, 0, out);
    this.settle();
  }

  /** There is no such actor there any more. */
  lose(reason: string): Error {
    this.#line = undefined;
    const { closed } = this.session;
    if (closed !== undefined) return new CommClosedError(`actor ${this.name} will not answer any more: ${closed}`);
    return new ActorLostError(`actor ${this.name} was lost while it was called: ${reason}`, { key: this.name });
  }

  /** The actor of that number goes on elsewhere. */
  leave(actor: ActorNumber): void {
    if (this.#actor === actor) this.#line = undefined;
  }

  #pass(line: ActorLine, out: RoutedCall): void {
    this.#underWay += 1;
    line.call(this.#actor as ActorNumber, out.method, out.args, out.count, out.transfer, out);
  }

  /** Sends what waits, unless some of what was sent before may still come back. */
  #goOn(): void {
    if (this.#underWay > 0) return;
    const line = this.#line;
    if (line === undefined || line.closed !== undefined) {
      this.#line = undefined;
      this.#locate();
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const out of waiting) this.#pass(line, out);
  }

  async #locate(): Promise<void> {
    this.#isLocating = true;
    try {
      for (let tries = 1; this.#line === undefined; tries++) await this.#look(tries);
    } catch (error) {
      this.#isLocating = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const out of waiting) out.refuse(error);
      return;
    }
    this.#isLocating = false;
    this.#goOn();
  }

  async #look(tries: number): Promise<void> {
    const target = { kind: "actor", name: this.name, isAnonymous: true } as const;
    const act = { type: "locate-actor", not: this.#actor } as const;
    const { worker, actor } = (await this.session.ask({ type: "coordinate", target, act })) as ActorPlace;
    this.#line = await this.#lines.to(worker);
    this.#actor = actor;
    if (this.#line !== undefined || tries < MOST_TRIES) return; // Its worker has died meanwhile, and there will be another.
    const message = `there is no direct way from here to ${worker}, where actor ${this.name} lives`;
    throw new ActorLostError(message, { key: this.name });
  }
}

/** A client's links to workers, and its ways to actors. */
export class Lines {
  readonly #session: Session;
  readonly #lines = new Map<WorkerAddress, ActorLine>();
  readonly #routes = new Map<string, WeakRef<Route>>();
  #sweepAt = 32;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Undefined if there is no link. */
  async to(worker: WorkerAddress): Promise<ActorLine | undefined> {
    const known = this.#lines.get(worker);
    if (known !== undefined && known.closed === undefined) return known;
    const link = await directLinks.get(this.#session)?.to(worker);
    if (link === undefined) return undefined;
    // Others may have asked meanwhile.
    const other = this.#lines.get(worker);
    if (other !== undefined && other.closed === undefined) return other;
    const line = new ActorLine(link, this.#session.parts.keepAlive, (actor) => {
      for (const route of this.#routes.values()) route.deref()?.leave(actor);
    });
    this.#lines.set(worker, line);
    link.closed.then(() => {
      if (this.#lines.get(worker) === line) this.#lines.delete(worker);
    });
    return line;
  }

  route(name: string): Route {
    const known = this.#routes.get(name)?.deref();
    if (known !== undefined) return known;
    const route = new Route(this.#session, name, this);
    this.#routes.set(name, new WeakRef(route));
    if (this.#routes.size >= this.#sweepAt) {
      for (const [each, reference] of this.#routes) if (reference.deref() === undefined) this.#routes.delete(each);
      this.#sweepAt = 32 + 2 * this.#routes.size;
    }
    return route;
  }
}

const linesOf = new WeakMap<Session, Lines>();

/** `session`: a client's own, not one that speaks for a task. */
export function routeOf(session: Session, name: string): Route {
  let lines = linesOf.get(session);
  if (lines === undefined) {
    lines = new Lines(session);
    linesOf.set(session, lines);
  }
  return lines.route(name);
}
