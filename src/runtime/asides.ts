/**
 * Asides: where the wire between two hosts can have channels beside it, two of their workers get one of their own, so that what they say to
 * each other goes past both hosts. Until then, and wherever that fails, it goes by their pipe.
 *
 * One host offers; the other makes its end and hands it to its worker, before it says so; then the first does. A worker that has been
 * handed one speaks by that, and by the pipe again if it breaks.
 */

import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** The channel for words about asides: above those of workers, below the first pipe. */
const ASIDES = 999_999;

interface AsideWord {
  readonly type: "offer" | "made" | "none" | "undo";
  readonly pipe: number;
  /** Names the channel, among those beside the wire. */
  readonly number: number;
}

export interface AsidesShell {
  /** Hands the worker at this end of a pipe its channel; false if that cannot be. */
  hand(pipe: number, channel: object): boolean;
  /** What was handed over leads nowhere: the worker is to speak by the pipe. */
  takeBack(pipe: number): void;
  /** Two workers have one, because we offered it. */
  onMade?(pipe: number): void;
}

export class Asides {
  readonly #trunk: Trunk;
  readonly #channel: TrunkChannel;
  readonly #shell: AsidesShell;
  /** Pipes that have an end here, and whether it is for this end to offer. */
  readonly #pipes = new Map<number, boolean>();
  /** Those whose workers have a channel now, as far as is known here. */
  readonly handed = new Set<number>();
  /** What was offered for pipes that nothing is known of yet. */
  readonly #early = new Map<number, AsideWord>();
  #count = 0;
  /** The first that was offered over the wire that there is now. */
  #first = 0;

  constructor(trunk: Trunk, shell: AsidesShell) {
    this.#trunk = trunk;
    this.#shell = shell;
    this.#channel = trunk.channel(ASIDES);
    this.#channel.listen((word) => {
      if (isAsideWord(word)) this.#hear(word);
      else trunk.close("it said what is no word of the protocol");
    });
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
    this.handed.delete(pipe);
  }

  /** There is another wire, and what was beside the one before is gone with that. */
  renew(): void {
    this.#first = this.#count;
    this.handed.clear();
    this.complete();
  }

  /** Offers channels for pipes whose workers have none. */
  complete(): void {
    for (const [pipe, offers] of this.#pipes) if (offers && !this.handed.has(pipe)) this.#offer(pipe);
  }

  #offer(pipe: number): void {
    if (this.#trunk.aside !== undefined) this.#say("offer", pipe, this.#count++);
  }

  #hear(word: AsideWord): void {
    const { type, pipe, number } = word;
    if (!this.#pipes.has(pipe)) {
      if (type === "offer" && this.#early.size < 1000) this.#early.set(pipe, word);
      return;
    }
    if (type === "offer") this.#say(this.#make(pipe, number) ? "made" : "none", pipe, number);
    else if (type === "undo") {
      this.handed.delete(pipe);
      this.#shell.takeBack(pipe);
    } else if (type === "made") {
      // Of a wire that is gone, the other end has none any more either.
      if (number >= this.#first && this.#make(pipe, number)) this.#shell.onMade?.(pipe);
      else this.#say("undo", pipe, number);
    }
  }

  /** In one turn: a channel can be handed over in that in which it was made. */
  #make(pipe: number, number: number): boolean {
    try {
      const channel = this.#trunk.aside?.(number);
      const isHanded = channel !== undefined && this.#shell.hand(pipe, channel);
      if (isHanded) this.handed.add(pipe);
      return isHanded;
    } catch {
      return false;
    }
  }

  #say(type: AsideWord["type"], pipe: number, number: number): void {
    this.#channel.send({ type, pipe, number } satisfies AsideWord);
  }
}

function isAsideWord(word: unknown): word is AsideWord {
  const { type, pipe, number } = (word ?? {}) as Partial<Record<keyof AsideWord, unknown>>;
  const isKnown = type === "offer" || type === "made" || type === "none" || type === "undo";
  return isKnown && Number.isSafeInteger(pipe) && Number.isSafeInteger(number);
}
