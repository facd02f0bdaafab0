/**
 * Locks and semaphores: so many holders at a time, each known by a token that is higher than all before it.
 *
 * Several locks at once are asked for by standing in all their lines, entered in one step, and are given when enough of them are
 * free and have this one first. Whoever came before everybody else is then first wherever it stands once those who hold something
 * have let go: nobody waits in a circle, and nobody is overtaken.
 */

import { LinkedMap } from "../../collections/linked-map.ts";
import type { SharedAct, SharedTarget } from "../../protocol/coordination.ts";
import type { ClientRecord } from "../records.ts";
import { type Ask, describe, type Limit, type Shared } from "./shared.ts";

/** What somebody holds. */
interface Hold {
  readonly client: ClientRecord;
  readonly of: readonly Permits[];
}

/** Who holds what, of all locks and semaphores. */
export class Holds {
  /** By token. */
  readonly #holds = new Map<number, Hold>();
  #tokens: number;

  /** `tokens`: the last that was given before. */
  constructor(tokens: number) {
    this.#tokens = tokens;
  }

  give(client: ClientRecord, of: readonly Permits[]): number {
    const token = ++this.#tokens;
    this.#holds.set(token, { client, of });
    for (const each of of) each.holders.add(token);
    return token;
  }

  /** Takes it back; what it was of, or undefined if `client` does not hold it. */
  takeBack(client: ClientRecord, token: number): readonly Permits[] | undefined {
    const hold = this.#holds.get(token);
    if (hold?.client !== client) return undefined;
    this.#holds.delete(token);
    for (const each of hold.of) each.holders.delete(token);
    return hold.of;
  }

  forget(tokens: Iterable<number>): void {
    for (const token of tokens) this.#holds.delete(token);
  }
}

/** Somebody in line: what for, and how many of those will do. */
interface Place {
  readonly wanted: readonly Permits[];
  readonly count: number;
}

export class Permits implements Shared {
  readonly target: SharedTarget;
  /** Tokens. */
  readonly holders = new Set<number>();
  readonly #line = new LinkedMap<Ask, Place>();
  readonly #limit: Limit;
  readonly #holds: Holds;

  /** `limit`: holders at a time. */
  constructor(target: SharedTarget, limit: Limit, holds: Holds) {
    this.target = target;
    this.#limit = limit;
    this.#holds = holds;
  }

  hear(ask: Ask, act: SharedAct): void {
    switch (act.type) {
      case "acquire":
        return enter(ask, ask.at as readonly Permits[], act.count ?? 1);
      case "release": {
        const freed = this.#holds.takeBack(ask.client, act.token);
        if (freed === undefined) return ask.refuse(`${describe(this.target)} is not held: nothing to release`);
        ask.answer();
        wakeAll(freed);
        return;
      }
      case "count-holders":
        return ask.answer(this.holders.size);
      default:
        return ask.refuseAct(this.target, act);
    }
  }

  leave(ask: Ask): void {
    this.#line.delete(ask);
  }

  abandon(client: ClientRecord): void {
    for (const token of this.holders) this.#holds.takeBack(client, token);
  }

  wake(): void {
    wakeAll([this]);
  }

  drop(): void {
    this.#holds.forget(this.holders);
  }

  get isIdle(): boolean {
    return this.holders.size === 0 && this.#line.size === 0;
  }

  stand(ask: Ask, place: Place): void {
    this.#line.push(ask, place);
  }

  /** Whose turn it is, if there is something to be had. */
  get next(): readonly [Ask, Place] | undefined {
    if (this.holders.size >= this.#limit.most) return undefined;
    return this.#line.first();
  }

  isNext(ask: Ask): boolean {
    return this.next?.[0] === ask;
  }

  give(ask: Ask, of: readonly Permits[]): void {
    ask.answer({ token: this.#holds.give(ask.client, of), names: of.map(({ target }) => target.name) });
  }
}

function enter(ask: Ask, wanted: readonly Permits[], count: number): void {
  for (const each of wanted) each.stand(ask, { wanted, count });
  wakeAll(wanted);
}

/** Serves those who can be served, there and in all lines of locks that move because of it: whoever came first comes first. */
export function wakeAll(shared: Iterable<Shared>): void {
  const moved = new Set<Permits>();
  for (const each of shared) {
    if (each instanceof Permits) moved.add(each);
    else each.wake();
  }
  for (let next = firstServable(moved); next !== undefined; next = firstServable(moved)) {
    const { ask, wanted, give } = next;
    for (const each of wanted) {
      each.leave(ask);
      moved.add(each);
    }
    wanted[0]?.give(ask, give);
  }
}

/** Among those at the head of these lines. */
function firstServable(permits: ReadonlySet<Permits>) {
  let first: { readonly ask: Ask; readonly wanted: readonly Permits[]; readonly give: readonly Permits[] } | undefined;
  const seen = new Set<Ask>();
  for (const { next } of permits) {
    if (next === undefined) continue;
    const [ask, { wanted, count }] = next;
    if (seen.has(ask) || (first !== undefined && first.ask.order < ask.order)) continue;
    seen.add(ask);
    const free = wanted.filter((each) => each.isNext(ask));
    if (free.length >= count) first = { ask, wanted, give: free.slice(0, count) };
  }
  return first;
}
