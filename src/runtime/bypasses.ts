/**
 * Bypasses: two workers of hosts that reach each other straight, and have moved much, get a wire of their own, from thread to thread: what
 * they move then passes neither host, which would take it in, copy it and pass it on piece by piece. For threads that can open wires and wait
 * for some, as those of Node.
 *
 * The host that opened the way to the other has its worker call that of the other, which waits for it where its host waits for hosts: at the
 * same interface, for one caller, and for as long as a ticket is out. Where any of this fails, or it breaks, there is their pipe.
 */

import type { Clock } from "../ports/clock.ts";
import type { Secrecy } from "../ports/secrecy.ts";
import type { HostHandedOver, HostMeasured } from "../protocol/host-messages.ts";
import { type Session, type Threshold, veil } from "./admission.ts";
import {
  BYPASS_CHANNEL,
  BYPASSES,
  type BypassNews,
  type BypassOrder,
  type BypassWord,
  isBypassWord,
  TICKET_BYTES,
} from "./bypass-words.ts";
import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** An attempt that nothing was heard of for so long may be followed by another. Milliseconds. */
const ATTEMPT_MS = 120_000;
/** After one that failed, or did not last; doubled with each further one, up to the last. Milliseconds. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
/** One that was there for so long has lasted. Milliseconds. */
const LASTING_MS = 10_000;

export interface BypassesShell {
  readonly clock: Clock;
  readonly secrecy: Secrecy;
  /** Of the trunk between the hosts. */
  readonly session: Session;
  /** The other host's address without a port, if we came to that; workers there are called. */
  readonly theirs: string | undefined;
  /** Where our workers may wait to be called, any port; undefined if they cannot. */
  readonly ours: string | undefined;
  /** The first is there; or none is left, though some were. */
  onRoute(hasSome: boolean): void;
  onMeasured(bandwidth: number): void;
}

interface Entry {
  readonly channel: TrunkChannel;
  state: "none" | "trying" | "made";
  /** The last attempt, when that began, and the ticket for it. */
  number: number;
  sinceMs: number;
  ticket: Uint8Array;
  failures: number;
  /** Not to be tried again before. */
  notBeforeMs: number;
}

export interface BypassesOptions {
  readonly trunk: Trunk;
  readonly session: Session;
  readonly threshold: Threshold;
  /** The address of the other host, if we came to that; and ours, if we listen. */
  readonly theirs: string | undefined;
  readonly ours: string | undefined;
  /** To the scheduler, of the other host. */
  say(word: Omit<HostHandedOver, "host"> | Omit<HostMeasured, "host">): void;
}

export type OpenBypasses = (options: BypassesOptions) => Bypasses;

export const openBypasses: OpenBypasses = ({ trunk, session, threshold: { clock, secrecy }, theirs, ours, say }) =>
  new Bypasses(trunk, {
    clock,
    secrecy,
    session,
    theirs: placeOf(theirs),
    ours: theirs === undefined && placeOf(ours) !== undefined ? `${placeOf(ours)}:0` : undefined,
    onRoute: (hasSome) => say({ type: "handed-over", ...(!hasSome && { isOver: true }) }),
    onMeasured: (bandwidth) => say({ type: "measured", latencyMs: undefined, bandwidth }),
  });

/** What threads call the same interface, without a port; if what is said there is said in clear, for they have no certificates to show. */
function placeOf(address: string | undefined): string | undefined {
  const host = /^ws:\/\/(.*):\d+$/.exec(address ?? "")?.[1];
  return host === undefined ? undefined : `tcp://${host}`;
}

export class Bypasses {
  readonly #trunk: Trunk;
  readonly #channel: TrunkChannel;
  readonly #shell: BypassesShell;
  readonly #pipes = new Map<number, Entry>();
  #count = 0;
  #hasSome = false;

  constructor(trunk: Trunk, shell: BypassesShell) {
    this.#trunk = trunk;
    this.#shell = shell;
    this.#channel = trunk.channel(BYPASSES);
    this.#channel.listen((word) => {
      if (isBypassWord(word)) this.#hear(word);
      else trunk.close("it said what is no word of the protocol");
    });
  }

  /** A pipe that leads from host to host by that trunk; `link` is its worker's. */
  add(pipe: number, link: Trunk): void {
    const channel = link.channel(BYPASS_CHANNEL);
    const entry: Entry = {
      channel,
      state: "none",
      number: 0,
      sinceMs: 0,
      ticket: new Uint8Array(0),
      failures: 0,
      notBeforeMs: 0,
    };
    this.#pipes.set(pipe, entry);
    channel.listen((news) => {
      if (this.#pipes.get(pipe) === entry) this.#hearWorker(pipe, entry, news as BypassNews);
    });
    channel.closed.then(() => {
      if (this.#pipes.get(pipe) === entry) this.remove(pipe);
    });
  }

  remove(pipe: number): void {
    this.#pipes.delete(pipe);
    this.#tell();
  }

  /** Pipes beside which there is one. */
  get made(): readonly number[] {
    return [...this.#pipes].filter(([, { state }]) => state === "made").map(([pipe]) => pipe);
  }

  #hear(word: BypassWord): void {
    const { pipe } = word;
    const entry = this.#pipes.get(pipe);
    switch (word.type) {
      case "want":
        if (entry !== undefined) this.#try(pipe, entry);
        return;
      case "expect":
        return this.#expect(word, entry);
      case "expecting": {
        const { number, port } = word;
        if (entry?.state !== "trying" || entry.number !== number) return;
        if (port === 0) return this.#end(entry);
        const address = `${this.#shell.theirs}:${port}`;
        return order(entry, { type: "call", number, address, ticket: entry.ticket });
      }
      default:
        word satisfies never;
    }
  }

  #hearWorker(pipe: number, entry: Entry, news: BypassNews): void {
    const { clock, theirs, onMeasured } = this.#shell;
    if (news.type === "wanted") {
      if (theirs === undefined) this.#say({ type: "want", pipe });
      else this.#try(pipe, entry);
    } else if (news.type === "measured") onMeasured(news.bandwidth);
    else if (news.number !== entry.number) return;
    else if (news.type === "expecting") this.#say({ type: "expecting", pipe, number: news.number, port: news.port });
    else if (news.type === "over") this.#end(entry);
    else {
      entry.state = "made";
      entry.sinceMs = clock.now();
      this.#tell();
    }
  }

  #try(pipe: number, entry: Entry): void {
    const { clock, secrecy, session, theirs } = this.#shell;
    const nowMs = clock.now();
    if (theirs === undefined || entry.state === "made" || nowMs < entry.notBeforeMs) return;
    if (entry.state === "trying" && nowMs - entry.sinceMs < ATTEMPT_MS) return;
    entry.state = "trying";
    entry.number = ++this.#count;
    entry.sinceMs = nowMs;
    entry.ticket = secrecy.random(TICKET_BYTES);
    const ticket = veil(secrecy, session, `bypass ${entry.number}`, entry.ticket);
    this.#say({ type: "expect", pipe, number: entry.number, ticket });
  }

  #expect({ pipe, number, ticket }: BypassWord & { readonly type: "expect" }, entry: Entry | undefined): void {
    const { secrecy, session, ours } = this.#shell;
    if (entry === undefined || ours === undefined) return this.#say({ type: "expecting", pipe, number, port: 0 });
    entry.number = number;
    order(entry, { type: "expect", number, at: ours, ticket: veil(secrecy, session, `bypass ${number}`, ticket) });
  }

  /** It is not to be had, or not any more. */
  #end(entry: Entry): void {
    const nowMs = this.#shell.clock.now();
    const hasLasted = entry.state === "made" && nowMs - entry.sinceMs >= LASTING_MS;
    entry.state = "none";
    entry.failures = hasLasted ? 0 : entry.failures + 1;
    entry.notBeforeMs = nowMs + (hasLasted ? 0 : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (entry.failures - 1)));
    this.#tell();
  }

  #tell(): void {
    const hasSome = [...this.#pipes.values()].some(({ state }) => state === "made");
    if (hasSome === this.#hasSome) return;
    this.#hasSome = hasSome;
    // While the hosts' wire rests, what goes next goes as before.
    if (!this.#trunk.isClosed) this.#shell.onRoute(hasSome);
  }

  #say(word: BypassWord): void {
    this.#channel.send(word);
  }
}

function order({ channel }: Entry, word: BypassOrder): void {
  channel.send(word);
}
