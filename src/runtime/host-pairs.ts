/**
 * HostPairs: which way bytes go between two hosts: straight, if one of them can reach the other, or else by way of the scheduler. As networks
 * change, it is tried again now and then whether they can: what leads by way of the scheduler stays beside the straight way that is found.
 */

import type { Clock } from "../ports/clock.ts";
import type { Secrecy } from "../ports/secrecy.ts";
import type { Route } from "../protocol/host-messages.ts";
import { veil } from "./admission.ts";
import type { RemoteHost } from "./remote-host.ts";

/** Before it is tried again to go straight; doubled with each further time in vain, up to the last. Milliseconds. */
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 300_000;

interface Pair {
  readonly hosts: readonly [RemoteHost, RemoteHost];
  /** Undefined until it has been decided. */
  route: Route | undefined;
  /** Who is to reach whom, in the order in which that is to be tried. */
  attempts: (readonly [from: RemoteHost, to: RemoteHost])[];
  /** The one that is under way. */
  attempt: { readonly from: RemoteHost; readonly to: RemoteHost; readonly ticket: Uint8Array } | undefined;
  /** Channels between two of their workers; and those among them that lead by way of the scheduler. */
  readonly pipes: Set<number>;
  readonly relayed: Set<number>;
  retries: number;
  dropRetry: () => void;
}

export class HostPairs {
  readonly #clock: Clock;
  readonly #secrecy: Secrecy;
  readonly #pairs = new Map<string, Pair>();

  readonly #onRoute: (one: RemoteHost, other: RemoteHost, route: Route) => void;

  constructor(clock: Clock, secrecy: Secrecy, onRoute: (one: RemoteHost, other: RemoteHost, route: Route) => void) {
    this.#clock = clock;
    this.#secrecy = secrecy;
    this.#onRoute = onRoute;
  }

  /** Workers of these two speak through `pipe` from now on. */
  connect(one: RemoteHost, other: RemoteHost, pipe: number): void {
    const pair = this.#pairs.get(nameOf(one, other)) ?? this.#begin(one, other);
    pair.pipes.add(pipe);
    if (pair.route === "relay") relay(pair);
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
    const isAttempt = pair?.attempt?.from === host;
    if (pair === undefined) return;
    if (isAttempt && isReached) this.#decide(pair, "direct");
    else if (isAttempt) this.#tryNext(pair);
    else if (!isReached && pair.route === "direct") this.#decide(pair, "relay");
  }

  /** `host` has something to say to the other, and their wire is closed. */
  wake(host: RemoteHost, otherId: string): void {
    for (const other of this.#find(host, otherId)?.hosts ?? [])
      if (other !== host) other.say({ type: "wake", host: host.id });
  }

  remove(host: RemoteHost): void {
    for (const [name, { hosts, dropRetry }] of this.#pairs) {
      if (!hosts.includes(host)) continue;
      dropRetry();
      this.#pairs.delete(name);
      for (const other of hosts) if (other !== host) other.say({ type: "gone", host: host.id });
    }
  }

  #begin(one: RemoteHost, other: RemoteHost): Pair {
    const pair: Pair = {
      hosts: [one, other],
      route: undefined,
      attempts: [],
      attempt: undefined,
      pipes: new Set(),
      relayed: new Set(),
      retries: 0,
      dropRetry: () => {},
    };
    this.#pairs.set(nameOf(one, other), pair);
    this.#try(pair);
    return pair;
  }

  #try(pair: Pair): void {
    pair.attempts = attemptsOf(pair);
    this.#tryNext(pair);
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
    pair.attempt = undefined;
    if (route === "relay") this.#tryLater(pair);
    else pair.retries = 0;
    if (pair.route === route) return;
    pair.route = route;
    const [one, other] = pair.hosts;
    // First, so that nothing that comes then has nowhere to go.
    if (route === "relay") relay(pair);
    one.say({ type: "route", host: other.id, route });
    other.say({ type: "route", host: one.id, route });
    this.#onRoute(one, other, route);
  }

  #tryLater(pair: Pair): void {
    if (attemptsOf(pair).length === 0) return;
    const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** pair.retries++);
    pair.dropRetry = this.#clock.after(waitMs, () => this.#try(pair));
  }
}

/** Each reaches for the other, where that listens. */
function attemptsOf({ hosts: [one, other] }: Pair): Pair["attempts"] {
  const both = [
    [one, other],
    [other, one],
  ] as const;
  return both.filter(([, to]) => to.hello?.listens);
}

/** Leads all that there is by way of the scheduler. */
function relay({ hosts: [one, other], pipes, relayed }: Pair): void {
  for (const pipe of pipes) {
    if (!relayed.has(pipe)) one.trunk.forward(pipe, other.trunk, pipe);
    relayed.add(pipe);
  }
}

function nameOf(one: RemoteHost, other: RemoteHost): string {
  return [one.id, other.id].sort().join(" ");
}
