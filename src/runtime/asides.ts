/**
 * Asides: where the wire between two hosts can have channels beside it, two of their workers get one of their own, so that what they say to
 * each other goes past both hosts. Until then, and wherever that fails, it goes by their pipe.
 *
 * One host offers; the other makes its end and hands it to its worker, before it says so; then the first does. A worker that has been
 * handed one speaks by that, and by the pipe again if it breaks.
 *
 * Two pages of one browser can do better: the first leaves the end of a port where only such pages meet, and says under which ticket. If the other finds
 * it there, their workers get that as well, and speak by it past the network. Nothing waits for it, so it does not matter how long the place takes
 * to answer, or whether.
 */

import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** The channel for words about asides: above those of workers, below the first pipe. */
const ASIDES = 999_999;

interface AsideWord {
  /** `left` is answered by `fetched` or `missing`. */
  readonly type: "offer" | "made" | "none" | "undo" | "left" | "fetched" | "missing";
  readonly pipe: number;
  /** Names the channel, among those beside the wire; of what was left, that. */
  readonly number: number;
  readonly ticket?: string;
}

export interface AsidesShell {
  /** Hands the worker at this end of a pipe its channel; false if that cannot be. */
  hand(pipe: number, channel: object): boolean;
  /** What was handed over leads nowhere: the worker is to speak by the pipe. */
  takeBack(pipe: number): void;
  /** Two workers have one, because we offered it. */
  onMade?(pipe: number): void;
}

/** An end that is to be handed to our worker as soon as the other host's has the other. */
interface Left {
  readonly pipe: number;
  readonly end: object;
  forget(): void;
}

export class Asides {
  readonly #trunk: Trunk;
  readonly #channel: TrunkChannel;
  readonly #shell: AsidesShell;
  /** Pipes that have an end here, and whether it is for this end to offer. */
  readonly #pipes = new Map<number, boolean>();
  /** Those whose workers have a channel now, as far as is known here. */
  readonly #handed = new Set<number>();
  /** Those whose workers have a port. */
  readonly #ported = new Set<number>();
  /** What was offered for pipes that nothing is known of yet. */
  readonly #early = new Map<number, AsideWord>();
  #count = 0;
  /** The first that was offered over the wire that there is now. */
  #first = 0;
  readonly #left = new Map<number, Left>();
  #leftCount = 0;
  /** Pipes for which something is being left, or fetched. */
  readonly #busy = new Set<number>();

  constructor(trunk: Trunk, shell: AsidesShell) {
    this.#trunk = trunk;
    this.#shell = shell;
    this.#channel = trunk.channel(ASIDES);
    this.#channel.listen((word) => {
      if (isAsideWord(word)) this.#hear(word);
      else trunk.close("it said what is no word of the protocol");
    });
    trunk.closed.then(() => {
      for (const { forget } of this.#left.values()) forget();
      this.#left.clear();
    });
  }

  /** Pipes whose workers have a channel or port now, as far as is known here. */
  get handed(): readonly number[] {
    return [...new Set([...this.#handed, ...this.#ported])];
  }

  /** A pipe of ours; `offers`: it is for this end to offer. */
  add(pipe: number, offers: boolean): void {
    this.#pipes.set(pipe, offers);
    if (offers) this.#offer(pipe);
    const early = this.#early.get(pipe);
    this.#early.delete(pipe);
    if (early !== undefined) this.#hear(early);
  }

  remove(pipe: number): void {
    this.#pipes.delete(pipe);
    this.letGo(pipe);
  }

  /** Its workers have none any more. */
  letGo(pipe: number): void {
    this.#handed.delete(pipe);
    this.#ported.delete(pipe);
  }

  /** There is another wire, and what was beside the one before is gone with that; ports are not. */
  renew(): void {
    this.#first = this.#count;
    this.#handed.clear();
    this.complete();
  }

  /** Offers channels for pipes whose workers have none. */
  complete(): void {
    for (const [pipe, offers] of this.#pipes) if (offers && !this.#handed.has(pipe)) this.#offer(pipe);
  }

  #offer(pipe: number): void {
    if (this.#trunk.aside !== undefined) this.#say("offer", pipe, this.#count++);
  }

  #hear(word: AsideWord): void {
    const { type, pipe, number, ticket } = word;
    if (type === "fetched" || type === "missing") return this.#answered(number, type === "fetched");
    if (!this.#pipes.has(pipe)) {
      if (type === "left") this.#say("missing", pipe, number);
      if (type === "offer" && this.#early.size < 1000) this.#early.set(pipe, word);
      return;
    }
    if (type === "offer") this.#say(this.#make(pipe, number) ? "made" : "none", pipe, number);
    else if (type === "undo") {
      this.letGo(pipe);
      this.#shell.takeBack(pipe);
    } else if (type === "made") {
      // Of a wire that is gone, the other end has none any more either.
      if (number < this.#first || !this.#make(pipe, number)) return this.#say("undo", pipe, number);
      this.#shell.onMade?.(pipe);
      void this.#leave(pipe);
    } else if (type === "left") void this.#fetch(pipe, number, ticket);
  }

  /** In one turn: a channel can be handed over in that in which it was made. */
  #make(pipe: number, number: number): boolean {
    try {
      const channel = this.#trunk.aside?.open(number);
      const isHanded = channel !== undefined && this.#shell.hand(pipe, channel);
      if (isHanded) this.#handed.add(pipe);
      return isHanded;
    } catch {
      return false;
    }
  }

  /** Both workers can be handed what leads past their hosts: whether there is a shorter way is tried. */
  async #leave(pipe: number): Promise<void> {
    const cloakroom = this.#trunk.aside?.cloakroom;
    if (cloakroom === undefined || this.#ported.has(pipe) || this.#busy.has(pipe)) return;
    this.#busy.add(pipe);
    const [end, other] = cloakroom.channel();
    const ticket = await cloakroom.leave(other);
    this.#busy.delete(pipe);
    if (ticket === undefined) return;
    if (!this.#pipes.has(pipe) || this.#trunk.isClosed) return cloakroom.forget(ticket);
    const number = this.#leftCount++;
    this.#left.set(number, { pipe, end, forget: () => cloakroom.forget(ticket) });
    this.#say("left", pipe, number, ticket);
  }

  async #fetch(pipe: number, number: number, ticket = ""): Promise<void> {
    const cloakroom = this.#trunk.aside?.cloakroom;
    let end: object | undefined;
    if (cloakroom !== undefined && !this.#busy.has(pipe)) {
      this.#busy.add(pipe);
      end = await cloakroom.fetch(ticket);
      this.#busy.delete(pipe);
    }
    if (this.#trunk.isClosed) return;
    this.#say(end !== undefined && this.#takePort(pipe, end) ? "fetched" : "missing", pipe, number);
  }

  #answered(number: number, isFetched: boolean): void {
    const left = this.#left.get(number);
    this.#left.delete(number);
    if (left === undefined) return;
    if (!isFetched) left.forget();
    else if (!this.#takePort(left.pipe, left.end)) this.#say("undo", left.pipe, number);
  }

  #takePort(pipe: number, end: object): boolean {
    const isHanded = this.#pipes.has(pipe) && this.#shell.hand(pipe, end);
    if (isHanded) this.#ported.add(pipe);
    return isHanded;
  }

  #say(type: AsideWord["type"], pipe: number, number: number, ticket?: string): void {
    this.#channel.send({ type, pipe, number, ...(ticket !== undefined && { ticket }) } satisfies AsideWord);
  }
}

const types: readonly unknown[] = [
  "offer",
  "made",
  "none",
  "undo",
  "left",
  "fetched",
  "missing",
] satisfies AsideWord["type"][];

function isAsideWord(word: unknown): word is AsideWord {
  const { type, pipe, number, ticket } = (word ?? {}) as Partial<Record<keyof AsideWord, unknown>>;
  const hasTicket = typeof ticket === "string" && ticket.length <= 64;
  const isWhole = hasTicket === (type === "left") && (hasTicket || ticket === undefined);
  return types.includes(type) && Number.isSafeInteger(pipe) && Number.isSafeInteger(number) && isWhole;
}
