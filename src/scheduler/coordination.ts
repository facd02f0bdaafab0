/**
 * The objects that clients meet at: queues, locks, semaphores, events, variables, topics, barriers and actors.
 *
 * A name means the same object for all. It is made when it is first spoken of, and forgotten when nobody has a handle on it and
 * it is as good as new; one without a name of its own is forgotten with its last handle, whatever it holds. Who has a handle is
 * known by the task that stands for it. Whoever holds something and is gone has given it back.
 */

import type { CoordinationRequest, SharedKind, SharedTarget } from "../protocol/coordination.ts";
import type { Key } from "../protocol/identity.ts";
import type { PackedValue } from "../protocol/packed-value.ts";
import type { MeetingPlace } from "../protocol/survey.ts";
import type { Actors } from "./actors.ts";
import type { Refusal } from "./answers.ts";
import type { RecoveredMeetings, ValueWithTasks } from "./contract.ts";
import { SharedBarrier, SharedEvent } from "./coordination/meeting-points.ts";
import { Holds, Permits, wakeAll } from "./coordination/permits.ts";
import { Ask, type AskShell, describe, Limit, type Shape, type Shared } from "./coordination/shared.ts";
import { SharedQueue } from "./coordination/shared-queue.ts";
import { SharedTopic } from "./coordination/shared-topic.ts";
import { SharedVariable } from "./coordination/shared-variable.ts";
import { Standstill } from "./coordination/standstill.ts";
import type { Keeping, KeptValue } from "./kept-value.ts";
import type { ClientRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";

/** Publications that a topic keeps unless somebody says how many. */
const HISTORY = 1000;

/** Tokens that a scheduler may give before those begin that the one after it gives, where there are several one after the other. */
const TOKENS_EACH = 2 ** 32;

interface Entry {
  readonly shared: Shared;
  readonly limit: Limit;
}

export class Coordination implements AskShell {
  readonly #state: SchedulerState;
  readonly #keeping: Keeping;
  readonly #actors: Actors;
  readonly #standstill: Standstill;
  readonly #entries = new Map<string, Entry>();
  readonly #holds: Holds;
  /** What has not been answered, by the client's numbers. */
  readonly #open = new Map<ClientRecord, Map<number, Ask>>();
  #asked = 0;

  constructor(state: SchedulerState, keeping: Keeping, actors: Actors) {
    this.#state = state;
    this.#keeping = keeping;
    this.#actors = actors;
    this.#standstill = new Standstill(state);
    this.#holds = new Holds((state.durability?.epoch ?? 0) * TOKENS_EACH);
  }

  hear(client: ClientRecord, number: number, { target, act, task }: CoordinationRequest): void {
    const names = act.type === "acquire" ? new Set(act.names ?? [target.name]) : [target.name];
    const entries = Array.from(names, (name) => this.#find({ ...target, name }));
    const at = entries.map(({ shared }) => shared);
    const ask = new Ask({ client, number, order: this.#asked++, task }, at, this);
    this.#note(ask);
    const conflict = entries.map((entry) => whyNot(entry, target)).find((each) => each !== undefined);
    if (conflict !== undefined) ask.refuse(...conflict);
    else {
      for (const entry of entries) agree(entry, target);
      ask.at[0]?.hear(ask, act);
    }
    this.#tidy(ask.at);
  }

  /** Nobody waits for the answer any more. It is answered all the same, lest the client not know that it has not been before. */
  withdraw(client: ClientRecord, number: number): void {
    const ask = this.#open.get(client)?.get(number);
    if (ask === undefined) return;
    for (const shared of ask.at) shared.leave(ask);
    ask.refuse("it was withdrawn");
    wakeAll(ask.at);
    this.#tidy(ask.at);
  }

  removeClient(client: ClientRecord): void {
    for (const ask of this.#open.get(client)?.values() ?? []) {
      this.#standstill.leave(ask);
      for (const shared of ask.at) shared.leave(ask);
    }
    this.#open.delete(client);
    const all = [...this.#entries.values()].map(({ shared }) => shared);
    for (const shared of all) shared.abandon(client);
    wakeAll(all);
    this.#tidy(all);
  }

  /** Has objects be as they were, with what they held. */
  restore(places: RecoveredMeetings["places"]): void {
    for (const { target, isOn, items } of places) {
      const { shared } = this.#find(target);
      const keep = ({ value, tasks }: ValueWithTasks) => this.#keeping.keepTasks(tasks, value, describe(target));
      if (shared instanceof SharedQueue) shared.restore(items.map(keep), isOn);
      else if (shared instanceof SharedVariable) shared.restore(items.map(keep).at(-1));
      else if (shared instanceof SharedEvent) shared.restore(isOn);
      this.#tidy([shared]);
    }
  }

  /** What there is now. */
  survey(): MeetingPlace[] {
    return [...this.#entries.values()].map(({ shared }) => {
      const { kind, name } = shared.target;
      return { kind, name, waiting: this.#waitingAt(shared).length, isIdle: shared.isIdle };
    });
  }

  /** To be called after every event. */
  /** Whether a task waits for something here. */
  get isWaiting(): boolean {
    return this.#standstill.isWaiting;
  }

  lookAround(): void {
    this.#standstill.settle();
  }

  /** A task of this name is gone. If it was an anchor, nobody has a handle any more. */
  unname(key: Key): void {
    const entry = this.#entries.get(key.startsWith("actor://") ? key : key.slice(key.indexOf("://") + 3));
    if (entry !== undefined) this.#tidy([entry.shared]);
  }

  settle(ask: Ask, outcome: { readonly value: unknown } | Refusal): void {
    this.#strike(ask);
    this.#state.toClient(ask.client).send({ type: "answer", number: ask.number, outcome });
  }

  keep({ client }: Ask, value: PackedValue, name: string): KeptValue | Refusal {
    return this.#keeping.keep(client, value, name);
  }

  handOut(ask: Ask, values: readonly KeptValue[], isShared: boolean, shape: Shape): void {
    this.#strike(ask);
    this.#keeping.handOut(ask.client, ask.number, values, isShared, shape);
  }

  #strike(ask: Ask): void {
    this.#standstill.leave(ask);
    const { client, number } = ask;
    const open = this.#open.get(client);
    open?.delete(number);
    if (open?.size === 0) this.#open.delete(client);
  }

  #note(ask: Ask): void {
    let open = this.#open.get(ask.client);
    if (open === undefined) {
      open = new Map();
      this.#open.set(ask.client, open);
    }
    open.set(ask.number, ask);
    this.#standstill.enter(ask);
  }

  #find(target: SharedTarget): Entry {
    const { kind, name, isAnonymous = false } = target;
    let entry = this.#entries.get(placeOf(target));
    if (entry === undefined) {
      entry = this.#make({ kind, name, isAnonymous }, target.limit);
      this.#entries.set(placeOf(target), entry);
    }
    return entry;
  }

  #make(target: SharedTarget, said: number | undefined): Entry {
    const entry = (unlessSaid: number, make: (limit: Limit) => Shared): Entry => {
      const limit = new Limit(said, unlessSaid);
      return { shared: make(limit), limit };
    };
    const drop = (kept: KeptValue) => this.#keeping.drop(kept);
    const places = () => this.#state.durability?.places;
    switch (target.kind) {
      case "queue":
        return entry(Number.POSITIVE_INFINITY, (limit) => new SharedQueue(target, limit, drop, places));
      case "lock":
      case "semaphore":
        return entry(1, (limit) => new Permits(target, limit, this.#holds));
      case "event":
        return entry(0, () => new SharedEvent(target, places));
      case "variable":
        return entry(0, () => new SharedVariable(target, drop, places));
      case "topic":
        return entry(HISTORY, (limit) => new SharedTopic(target, limit));
      case "barrier":
        return entry(1, (limit) => new SharedBarrier(target, limit));
      case "actor":
        return entry(0, () => this.#actors.make(target));
    }
  }

  /** Forgets those among them that nobody could tell from new ones, or can speak of. */
  #tidy(all: readonly Shared[]): void {
    for (const shared of all) {
      const { kind, name, isAnonymous } = shared.target;
      if (!(shared.isIdle || isAnonymous) || this.#state.named.has(`${kind}://${name}`)) continue;
      this.#entries.delete(placeOf(shared.target));
      this.#state.durability?.places.forget(shared.target);
      if (shared.isIdle) continue;
      shared.drop();
      for (const ask of this.#waitingAt(shared)) ask.refuse(`${describe(shared.target)} was closed`);
    }
  }

  #waitingAt(shared: Shared): readonly Ask[] {
    return [...this.#open.values()].flatMap((open) => [...open.values()].filter(({ at }) => at.includes(shared)));
  }
}

/** Under which name an object is entered. Actors are called after their tasks, which know nothing of the names of queues and their like. */
function placeOf({ kind, name }: SharedTarget): string {
  return kind === "actor" ? `actor://${name}` : name;
}

/** What is against speaking of `target` as one does, if there is something. */
function whyNot(
  { shared: { target: known }, limit: { said } }: Entry,
  { kind, limit = said }: SharedTarget,
): readonly [message: string, name: "TypeError" | "RangeError"] | undefined {
  if (known.kind !== kind) {
    return [`"${known.name}" names ${article(known.kind)} already: ${article(kind)} needs another name`, "TypeError"];
  }
  if (said === undefined || limit === said) return undefined;
  return [
    `${describe(known)} was made with ${said}, not ${limit}: whoever says how many must say the same`,
    "RangeError",
  ];
}

/** What one of those who have handles says holds for all. */
function agree({ shared, limit }: Entry, target: SharedTarget): void {
  if (limit.said !== undefined || target.limit === undefined) return;
  limit.said = target.limit;
  shared.wake();
}

function article(kind: SharedKind): string {
  return kind === "event" || kind === "actor" ? `an ${kind}` : `a ${kind}`;
}
