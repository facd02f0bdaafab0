/** ActorHandle: what stands for an actor, wherever it lives; its methods are the actor's. */

import { READ } from "../../protocol/actors.ts";
import { DESCRIBE, KEEPS_ITSELF } from "../../shipping/plain-data.ts";
import { Handle, linkOf } from "../coordination/handle.ts";
import type { Session } from "../session.ts";
import { PendingCall } from "./actor-call.ts";
import { futureFor } from "./call-futures.ts";
import { Outgoing } from "./outgoing.ts";
import { type Route, routeOf } from "./routes.ts";
import { pauseLater } from "./waiting-tasks.ts";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** What is behind the handle that users hold. */
class Actor extends Handle {
  readonly #route: Route;
  readonly #members = new Map<PropertyKey, unknown>();
  /** Of a task's own handle: who waits when it calls. Of others it has to be found out at each call. */
  readonly #pause: (() => () => void) | undefined;
  #underWay = 0;
  #isClosed = false;

  constructor(name: string, session: Session) {
    const options = { client: session, isAnonymous: true } as object;
    super({ kind: "actor", names: [name] }, options);
    const client = (session as { readonly client?: Session }).client ?? session;
    this.#route = routeOf(client, name);
    this.#pause = (session as { pause?(): () => void }).pause;
    const text = () => `ActorHandle ${name}`;
    const close = () => this.close();
    for (const [key, member] of [
      ["then", undefined], // Else whoever awaits the handle would call it.
      ["toJSON", undefined],
      [KEEPS_ITSELF, (reason: string) => this.#end(reason)],
      ["constructor", ActorHandleName],
      ["toString", text],
      [INSPECT, text],
      [Symbol.dispose, close],
      [Symbol.asyncDispose, async () => close()],
      [DESCRIBE, () => linkOf(this).describe()],
    ] as const) {
      this.#members.set(key, member);
    }
  }

  get route(): Route {
    return this.#route;
  }

  settled(): void {
    this.#underWay -= 1;
    if (this.#isClosed && this.#underWay === 0) super.close();
  }

  /** What has been called is waited for. */
  override close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#underWay === 0) super.close();
  }

  member(name: PropertyKey): unknown {
    const known = this.#members.get(name);
    if (known !== undefined || typeof name === "symbol" || this.#members.has(name)) return known;
    const method = `${String(name)}`;
    const read = () => this.#call(READ, [method]);
    const member = Object.assign((...args: unknown[]) => this.#call(method, args), {
      // biome-ignore lint/suspicious/noThenProperty: a field is read by awaiting it.
      then: (...reactions: Parameters<Promise<unknown>["then"]>) => read().then(...reactions),
      catch: (reaction: (error: unknown) => unknown) => read().catch(reaction),
      finally: (reaction: () => void) => read().finally(reaction),
    });
    this.#members.set(name, member);
    return member;
  }

  /** Ends the actor, for all who have handles on it. */
  #end(reason: string): void {
    linkOf(this)
      .giveBack({ type: "end-actor", reason: `it was cancelled: ${reason}` })
      .catch(() => {}); // The client is closed.
  }

  #call(method: string | number, args: readonly unknown[]): PendingCall {
    if (this.#isClosed) throw new Error(`this handle on actor ${this.#route.name} was closed`);
    const call = new PendingCall(makeFuture(this.#route));
    const out = new Outgoing(call, this, method, args);
    this.#underWay += 1;
    const pause = this.#pause ?? linkOf(this).speaker.pause;
    if (pause !== undefined) pauseLater(this.#route.session, pause, out);
    this.#route.send(out);
    return call;
  }
}

function makeFuture({ session, name }: Route) {
  return (call: PendingCall) => futureFor(session, name, call);
}

/** For whoever asks of which class a handle is. */
const ActorHandleName = { ActorHandle: class {} }.ActorHandle;

const traps: ProxyHandler<Actor> = {
  get: (actor, name) => actor.member(name),
  set: (actor, name) => {
    throw new TypeError(
      `${String(name)} is the actor's own: call a method of ${actor.route.name} that changes it, for others call it too`,
    );
  },
  has: (actor, name) =>
    name === DESCRIBE || (typeof name === "string" && name !== "then" && actor.member(name) !== undefined),
};

/** A handle on the actor of this name, for a client or a task. */
export function actorHandle(name: string, session: Session): Handle {
  return new Proxy(new Actor(name, session), traps);
}
