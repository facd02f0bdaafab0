/** HostPairs: which way bytes go between two hosts: straight, if one of them can reach the other, or else by way of the scheduler. */

import type { Secrecy } from "../ports/secrecy.ts";
import type { Route } from "../protocol/host-messages.ts";
import { veil } from "./admission.ts";
import type { RemoteHost } from "./remote-host.ts";

interface Pair {
  readonly hosts: readonly [RemoteHost, RemoteHost];
  /** Undefined until it has been decided. */
  route: Route | undefined;
  /** Who is to reach whom, in the order in which that is to be tried. */
  readonly attempts: (readonly [from: RemoteHost, to: RemoteHost])[];
  /** The one that is under way. */
  attempt: { readonly from: RemoteHost; readonly to: RemoteHost; readonly ticket: Uint8Array } | undefined;
  /** Channels between two of their workers. */
  readonly pipes: Set<number>;
}

export class HostPairs {
  readonly #secrecy: Secrecy;
  readonly #pairs = new Map<string, Pair>();

  readonly #onRoute: (one: RemoteHost, other: RemoteHost, route: Route) => void;

  constructor(secrecy: Secrecy, onRoute: (one: RemoteHost, other: RemoteHost, route: Route) => void) {
    this.#secrecy = secrecy;
    this.#onRoute = onRoute;
  }

  /** Workers of these two speak through `pipe` from now on. */
  connect(one: RemoteHost, other: RemoteHost, pipe: number): void {
    const pair = this.#pairs.get(nameOf(one, other)) ?? this.#begin(one, other);
    pair.pipes.add(pipe);
    if (pair.route === "relay") one.trunk.forward(pipe, other.trunk, pipe);
  }

  /** `host` expects the other there, or cannot be reached at all. */
  hearListening(host: RemoteHost, otherId: string, address: string | undefined): void {
    const pair = this.#find(host, otherId);
    const attempt = pair?.attempt;
    if (pair === undefined || attempt?.to !== host) return;
    const { from, to, ticket } = attempt;
    const scheme = address?.slice(0, address.indexOf(":"));
    if (address === undefined || !from.hello?.reaches.includes(scheme as string)) return this.#tryNext(pair);
    from.say({ type: "reach", host: to.id, address, ticket: this.#veiled(from, to, ticket, "reach") });
  }

  /** `host` has reached the other, or could not, or has lost it again. */
  hearReached(host: RemoteHost, otherId: string, isReached: boolean): void {
    const pair = this.#find(host, otherId);
    if (pair === undefined || pair.route === "relay") return;
    if (isReached) this.#decide(pair, "direct");
    else if (pair.route === "direct") this.#decide(pair, "relay");
    else this.#tryNext(pair);
  }

  /** `host` has something to say to the other, and their wire is closed. */
  wake(host: RemoteHost, otherId: string): void {
    for (const other of this.#find(host, otherId)?.hosts ?? [])
      if (other !== host) other.say({ type: "wake", host: host.id });
  }

  remove(host: RemoteHost): void {
    for (const [name, { hosts }] of this.#pairs) {
      if (!hosts.includes(host)) continue;
      this.#pairs.delete(name);
      for (const other of hosts) if (other !== host) other.say({ type: "gone", host: host.id });
    }
  }

  #begin(one: RemoteHost, other: RemoteHost): Pair {
    const attempts = [
      [one, other],
      [other, one],
    ].filter(([, to]) => to?.hello?.listens) as unknown as Pair["attempts"];
    const pair: Pair = { hosts: [one, other], route: undefined, attempt: undefined, attempts, pipes: new Set() };
    this.#pairs.set(nameOf(one, other), pair);
    this.#tryNext(pair);
    return pair;
  }

  #tryNext(pair: Pair): void {
    const [from, to] = pair.attempts.shift() ?? [];
    if (from === undefined || to === undefined) return this.#decide(pair, "relay");
    const ticket = this.#secrecy.random(32);
    pair.attempt = { from, to, ticket };
    to.say({ type: "expect", host: from.id, ticket: this.#veiled(to, from, ticket, "expect") });
  }

  #veiled(reader: RemoteHost, about: RemoteHost, ticket: Uint8Array, what: string): Uint8Array {
    return veil(this.#secrecy, reader.session, `${what} ${about.id}`, ticket);
  }

  #find(host: RemoteHost, otherId: string): Pair | undefined {
    return this.#pairs.get([host.id, otherId].sort().join(" "));
  }

  #decide(pair: Pair, route: Route): void {
    if (pair.route === route) return;
    pair.route = route;
    pair.attempt = undefined;
    const [one, other] = pair.hosts;
    // First, so that nothing that comes then has nowhere to go.
    if (route === "relay") for (const pipe of pair.pipes) one.trunk.forward(pipe, other.trunk, pipe);
    one.say({ type: "route", host: other.id, route });
    other.say({ type: "route", host: one.id, route });
    this.#onRoute(one, other, route);
  }
}

function nameOf(one: RemoteHost, other: RemoteHost): string {
  return [one.id, other.id].sort().join(" ");
}
