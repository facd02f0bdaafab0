/** The caller's end of a direct link to a worker: calls of one turn go out as one message, and answers find their calls. */

import type { ActorLink, Calling } from "../../ports/direct-links.ts";
import {
  type ActorNumber,
  type ActorResults,
  FAILED,
  FAREWELL,
  LOST,
  MOVED,
  PACKED_RESULT,
  RECEIVED,
  STREAMS,
} from "../../protocol/actors.ts";
import { decodeError, type ErrorOnWire, UnserializableError } from "../../protocol/errors.ts";

/** So many are sent without waiting for the end of the turn. */
const EARLY_FLUSH = 512;

/** A call under way, and whom to tell how it ended. */
export interface Sent {
  succeeded(value: unknown): void;
  /** `wire`: the same as it travelled, if it did. */
  failed(error: unknown, wire?: ErrorOnWire): void;
  /** There are items to be asked for with NEXT and RETURN of this number. */
  streams(line: ActorLine, number: number): void;
  /** Its answer holds futures. Settles when they are claimed. */
  packed(value: unknown): Promise<unknown>;
  /** Its arguments come back, and their number before them. */
  moved(args: readonly unknown[]): void;
  lost(reason: string): void;
}

export class ActorLine implements Calling {
  readonly #link: ActorLink;
  readonly #pending = new Map<number, Sent>();
  readonly #methods = new Map<string, number>();
  readonly #keepAlive: () => () => void;
  readonly #left: (actor: ActorNumber) => void;
  #letGo: (() => void) | undefined;
  #calls: unknown[] = [];
  #transfer: object[] = [];
  #first = 0;
  #next = 0;
  #isFlushDue = false;
  /** Items are asked for by it, nobody knows how long. */
  #hasStreams = false;
  /** Why it is closed. */
  closed: string | undefined;

  /**
   * @param keepAlive - see `ports/clock.ts`; held while a call is under way.
   * @param left - to be told of actors that are not there any more.
   */
  constructor(link: ActorLink, keepAlive: () => () => void, left: (actor: ActorNumber) => void) {
    this.#left = left;
    this.#link = link;
    this.#keepAlive = keepAlive;
    link.listen((results) => this.#hear(results), this);
    link.closed.then((reason) => this.#close(reason));
  }

  get isWaiting(): boolean {
    return this.#pending.size > 0 || this.#calls.length > 0 || this.#hasStreams;
  }

  retire(): void {
    this.closed ??= "nothing was to be said";
  }

  /** `method`: its name, or what is to be done instead. `args`: captured; `count` as in {@link ActorCalls}. */
  call(
    actor: ActorNumber,
    method: string | number,
    args: readonly unknown[],
    count: number,
    transfer: readonly object[] | undefined,
    sent: Sent | undefined,
  ): void {
    if (this.closed !== undefined) return sent?.lost(this.closed);
    const calls = this.#calls;
    calls.push(actor, typeof method === "number" ? method : this.#nameOf(method), count);
    for (let i = 0; i < args.length; i++) calls.push(args[i]);
    if (transfer !== undefined && transfer.length > 0) this.#transfer.push(...transfer);
    const number = this.#next++;
    if (sent !== undefined) this.#pending.set(number, sent);
    if (number - this.#first >= EARLY_FLUSH) this.#flush();
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      queueMicrotask(() => this.#flush());
    }
  }

  #nameOf(method: string): string | number {
    const known = this.#methods.get(method);
    if (known === undefined) this.#methods.set(method, this.#methods.size);
    return known ?? method;
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#calls.length === 0) return;
    const [calls, transfer, first] = [this.#calls, this.#transfer, this.#first];
    this.#calls = [];
    this.#transfer = [];
    this.#first = this.#next;
    if (this.#pending.size > 0) this.#letGo ??= this.#keepAlive();
    try {
      this.#link.send({ type: "actor-calls", first, calls }, transfer);
    } catch {
      this.#sendOneByOne(first, calls);
    }
  }

  /** Something cannot be cloned that looked as if it could: its call fails alone. */
  #sendOneByOne(first: number, calls: readonly unknown[]): void {
    for (let at = 0, number = first; at < calls.length; number++) {
      const end = at + 3 + Math.abs(calls[at + 2] as number);
      const call = calls.slice(at, end);
      at = end;
      try {
        this.#link.send({ type: "actor-calls", first: number, calls: call });
      } catch (cause) {
        // The name comes along all the same, if this is the first time, and the number is used up.
        const name = call[1];
        this.#link.send({ type: "actor-calls", first: number, calls: [-1, name, 0] });
        const sent = this.#pending.get(number);
        this.#pending.delete(number);
        sent?.failed(
          new UnserializableError(`an argument cannot leave: ${String(cause)}`, { path: "args" }, { cause }),
        );
      }
    }
  }

  #hear({ ranges, values, odd, leaves }: ActorResults): void {
    let at = 0;
    for (let i = 0; i < ranges.length; i += 2) {
      const first = ranges[i] as number;
      for (let number = first, end = first + (ranges[i + 1] as number); number < end; number++) {
        const value = values[at++];
        const sent = this.#pending.get(number);
        if (sent === undefined) continue;
        this.#pending.delete(number);
        sent.succeeded(value);
      }
    }
    for (let i = 0; odd !== undefined && i < odd.length; i += 3) {
      this.#hearOdd(odd[i] as number, odd[i + 1] as number, odd[i + 2]);
    }
    if (leaves !== undefined) {
      this.#left(leaves);
      this.call(-1, FAREWELL, [leaves], 1, undefined, undefined);
    }
    this.#rest();
  }

  #hearOdd(number: number, how: number, value: unknown): void {
    const sent = this.#pending.get(number);
    if (sent === undefined) return;
    this.#pending.delete(number);
    switch (how) {
      case FAILED:
        return sent.failed(decodeError(value as ErrorOnWire), value as ErrorOnWire);
      case STREAMS:
        this.#hasStreams = true;
        return sent.streams(this, number);
      case PACKED_RESULT:
        sent.packed(value).then(() => this.call(-1, RECEIVED, [number], 1, undefined, undefined));
        return;
      case MOVED:
        return sent.moved(value as readonly unknown[]);
      case LOST:
        return sent.lost(value as string);
      default:
        return sent.failed(new TypeError(`an answer of kind ${how} is not known here`));
    }
  }

  #rest(): void {
    if (this.#pending.size > 0) return;
    this.#letGo?.();
    this.#letGo = undefined;
  }

  #close(reason: string): void {
    this.closed = reason;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#rest();
    for (const sent of pending) sent.lost(reason);
  }
}
