/** Topic: what is published reaches all who read, each at its own pace, and the last of it is kept for those to come. */

import type { Published, SharedAct, SharedTarget } from "../../protocol/coordination.ts";
import type { ClientRecord } from "../records.ts";
import type { Ask, Limit, Shared } from "./shared.ts";

/** Kept for those who read slowly. Whoever is further behind misses the oldest. */
const MOST_UNREAD = 100_000;

interface Reader {
  readonly client: ClientRecord;
  /** Number of the last publication it has had. */
  had: number;
  ask: Ask | undefined;
}

export class SharedTopic implements Shared {
  readonly target: SharedTarget;
  /** By number; there is no gap between them. */
  readonly #kept = new Map<number, unknown>();
  /** By the client and its number for the reader. */
  readonly #readers = new Map<string, Reader>();
  readonly #limit: Limit;
  /** Number of the last publication. */
  #last = 0;

  /** `limit`: how many are kept for those to come. */
  constructor(target: SharedTarget, limit: Limit) {
    this.target = target;
    this.#limit = limit;
  }

  hear(ask: Ask, act: SharedAct): void {
    switch (act.type) {
      case "publish":
        this.#last += 1;
        this.#kept.set(this.#last, act.value);
        ask.answer();
        break;
      case "read":
        this.#readerOf(ask, act.reader, act.fromStart).ask = ask;
        break;
      case "stop-reading": {
        const name = readerName(ask.client, act.reader);
        this.#readers.get(name)?.ask?.answer({ values: [], missed: 0 } satisfies Published);
        this.#readers.delete(name);
        ask.answer();
        break;
      }
      case "history":
        return ask.answer(this.#since(this.#last - Math.min(this.#kept.size, this.#limit.most)));
      default:
        return ask.refuseAct(this.target, act);
    }
    this.wake();
    this.#sweep();
  }

  leave(ask: Ask): void {
    for (const reader of this.#readers.values()) if (reader.ask === ask) reader.ask = undefined;
  }

  abandon(client: ClientRecord): void {
    for (const [name, reader] of this.#readers) if (reader.client === client) this.#readers.delete(name);
    this.#sweep();
  }

  wake(): void {
    for (const reader of this.#readers.values()) {
      const { ask, had } = reader;
      if (ask === undefined || had === this.#last) continue;
      reader.had = this.#last;
      reader.ask = undefined;
      ask.answer(this.#since(had));
    }
  }

  drop(): void {}

  get isIdle(): boolean {
    return this.#last === 0 && this.#readers.size === 0;
  }

  #readerOf(ask: Ask, number: number, fromStart: boolean): Reader {
    const name = readerName(ask.client, number);
    let reader = this.#readers.get(name);
    if (reader === undefined) {
      const kept = fromStart ? Math.min(this.#kept.size, this.#limit.most) : 0;
      reader = { client: ask.client, had: this.#last - kept, ask: undefined };
      this.#readers.set(name, reader);
    }
    return reader;
  }

  #since(had: number): Published {
    const missed = Math.max(0, this.#last - had - this.#kept.size);
    const values: unknown[] = [];
    for (let number = had + missed + 1; number <= this.#last; number++) values.push(this.#kept.get(number));
    return { values, missed };
  }

  /** Lets go of what nobody has still to read, but for the last of it. */
  #sweep(): void {
    if (this.#kept.size <= this.#limit.most) return;
    let least = this.#last;
    for (const { had } of this.#readers.values()) if (had < least) least = had;
    const most = Math.min(Math.max(this.#limit.most, this.#last - least), Math.max(this.#limit.most, MOST_UNREAD));
    while (this.#kept.size > most) this.#kept.delete(this.#last - this.#kept.size + 1);
  }
}

function readerName({ id }: ClientRecord, number: number): string {
  return `${id} ${number}`;
}
