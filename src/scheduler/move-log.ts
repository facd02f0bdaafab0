/**
 * Notes the moves that tasks make, while somebody records what workers do, and keeps the last of them: in columns, and of tasks that make their
 * moves together one row for all of them, so that noting costs next to nothing.
 */

import type { Key } from "../protocol/identity.ts";
import type { MoveNotes } from "./contract.ts";
import type { ClientRecord, Span, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Rows that are kept. */
const MOST_MOVES = 1 << 17;
const WHO_FIELDS = 4;
const WHAT_FIELDS = 4;
/** Names that are remembered of tasks that are forgotten. */
const MOST_NAMES = 10_000;

/** Gives texts numbers. */
class Texts {
  readonly list: string[] = [];
  readonly #places = new Map<string, number>();

  placeOf(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.list.push(text) - 1;
      this.#places.set(text, place);
    }
    return place;
  }
}

export class MoveLog implements MoveNotes {
  readonly sinceMs: number;
  readonly #state: SchedulerState;
  /** In each row, who: whose number a task has, what it was and is, and the worker. They lie together, for each row is written once and hardly ever read. */
  readonly #who = new Array<string | undefined>(MOST_MOVES * WHO_FIELDS);
  /** In each row, how many and when: the first number, how many it is of, the stimulus, milliseconds. */
  readonly #what = new Float64Array(MOST_MOVES * WHAT_FIELDS);
  /** Rows that were ever written. */
  #count = 0;
  readonly #named = new Map<Key, { readonly client: string; readonly number: number }>();

  constructor(state: SchedulerState) {
    this.#state = state;
    this.sinceMs = state.nowMs;
  }

  note(task: TaskRecord, from: string, to: string, worker: WorkerRecord | undefined): void {
    const { client, clientTask, name } = task;
    if (name !== undefined && !this.#named.has(name)) this.#remember(name, client.id, clientTask);
    this.#write(client, clientTask, 1, from, to, worker);
  }

  noteMany(span: Span, at: number, count: number, to: string, worker?: WorkerRecord): void {
    const from = to === "memory" ? "processing" : to !== "processing" ? "released" : span.kin ? "waiting" : "queued";
    this.#write(span.group.client, span.firstClientTask + at, count, from, to, worker);
  }

  /** The moves of a task, as in a {@link StoryAnswer}. */
  movesOf(client: string, number: number): { readonly texts: readonly string[]; readonly moves: readonly number[] } {
    const texts = new Texts();
    const moves: number[] = [];
    for (let i = Math.max(0, this.#count - MOST_MOVES); i < this.#count; i++) {
      const who = (i % MOST_MOVES) * WHO_FIELDS;
      const what = (i % MOST_MOVES) * WHAT_FIELDS;
      const first = this.#what[what] as number;
      if (this.#who[who] !== client || number < first || number >= first + (this.#what[what + 1] as number)) continue;
      const worker = this.#who[who + 3];
      moves.push(texts.placeOf(this.#who[who + 1] as string), texts.placeOf(this.#who[who + 2] as string));
      moves.push(worker === undefined ? -1 : texts.placeOf(worker));
      moves.push(this.#what[what + 2] as number, this.#what[what + 3] as number);
    }
    return { texts: texts.list, moves };
  }

  /** Whose task was called so. */
  named(key: Key): { readonly client: string; readonly number: number } | undefined {
    return this.#named.get(key);
  }

  #remember(name: Key, client: string, number: number): void {
    this.#named.set(name, { client, number });
    if (this.#named.size <= MOST_NAMES) return;
    for (const oldest of this.#named.keys()) {
      this.#named.delete(oldest);
      return;
    }
  }

  #write(
    client: ClientRecord,
    first: number,
    count: number,
    from: string,
    to: string,
    worker: WorkerRecord | undefined,
  ): void {
    const row = this.#count++ % MOST_MOVES;
    const who = row * WHO_FIELDS;
    this.#who[who] = client.id;
    this.#who[who + 1] = from;
    this.#who[who + 2] = to;
    this.#who[who + 3] = worker?.address;
    const what = row * WHAT_FIELDS;
    this.#what[what] = first;
    this.#what[what + 1] = count;
    this.#what[what + 2] = this.#state.stimulus;
    this.#what[what + 3] = this.#state.nowMs;
  }
}
