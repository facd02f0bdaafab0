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
  /** Whose number a task has. */
  readonly #clients: string[] = [];
  readonly #firsts = new Float64Array(MOST_MOVES);
  readonly #counts = new Uint32Array(MOST_MOVES);
  readonly #from: string[] = [];
  readonly #to: string[] = [];
  readonly #workers: (string | undefined)[] = [];
  readonly #stimuli = new Float64Array(MOST_MOVES);
  readonly #times = new Float64Array(MOST_MOVES);
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
      const at = i % MOST_MOVES;
      const first = this.#firsts[at] as number;
      if (this.#clients[at] !== client || number < first || number >= first + (this.#counts[at] as number)) continue;
      const worker = this.#workers[at];
      moves.push(texts.placeOf(this.#from[at] as string), texts.placeOf(this.#to[at] as string));
      moves.push(worker === undefined ? -1 : texts.placeOf(worker));
      moves.push(this.#stimuli[at] as number, this.#times[at] as number);
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
    const at = this.#count++ % MOST_MOVES;
    this.#clients[at] = client.id;
    this.#firsts[at] = first;
    this.#counts[at] = count;
    this.#from[at] = from;
    this.#to[at] = to;
    this.#workers[at] = worker?.address;
    this.#stimuli[at] = this.#state.stimulus;
    this.#times[at] = this.#state.nowMs;
  }
}
