/**
 * Notes the moves that tasks make, while somebody records what workers do, and keeps the last of them: in columns, of tasks that make their moves
 * together one row for all of them, and of more than anybody could follow those of every second task, every fourth and so on. So it costs a share
 * of the time, however many there are.
 */

import type { Key } from "../protocol/identity.ts";
import type { StoryAnswer } from "../protocol/stories.ts";
import type { MoveNotes } from "./contract.ts";
import type { ClientRecord, Span, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Rows that are kept. */
const MOST_MOVES = 1 << 17;
/** Rows that there is room for at first. */
const FIRST_MOVES = 1 << 10;
/** Names that are remembered of tasks that are forgotten. */
const MOST_NAMES = 10_000;

// Columns: whose task, the first number, how many it is of, the stimulus, milliseconds; and in one, by numbers, the worker, what it was and is.
const FIELDS = 6;
const CLIENT = 0;
const FIRST = 1;
const COUNT = 2;
const STIMULUS = 3;
const AT_MS = 4;
const MOVE = 5;
/** There are fewer states. */
const STATES = 16;

/** Rows that may be written in each window: where there are more moves, those of fewer tasks are noted, by their numbers. */
const MOST_IN_WINDOW = 2000;
const WINDOW_MS = 100;
const MOST_MASK = 2 ** 20 - 1;

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
  /** Numbers alone: what the collector would have to look through again and again costs more than all the noting. */
  #rows = new Float64Array(FIRST_MOVES * FIELDS);
  readonly #clients = new Texts();
  readonly #workers = new Texts();
  readonly #states = new Texts();
  /** Rows that were ever written. */
  #count = 0;
  /** Of one task in so many, less one, moves are noted: of those whose number has none of these bits. */
  mask = 0;
  #mostMask = 0;
  #windowEndMs: number;
  /** Rows written in this window, since the mask became what it is. */
  #inWindow = 0;
  /** Until when moves were left out: {@link mask} says whether they are now. */
  #leftOutMs = Number.NEGATIVE_INFINITY;
  readonly #named = new Map<Key, { readonly client: string; readonly number: number }>();

  constructor(state: SchedulerState) {
    this.#state = state;
    this.sinceMs = state.nowMs;
    this.#windowEndMs = this.sinceMs + WINDOW_MS;
  }

  note(task: TaskRecord, from: string, to: string, worker: WorkerRecord | undefined): void {
    if ((task.clientTask & this.mask) !== 0) return;
    const { client, clientTask, name } = task;
    if (name !== undefined && !this.#named.has(name)) this.#remember(name, client.id, clientTask);
    this.#write(client, clientTask, 1, from, to, worker);
  }

  noteMany(span: Span, at: number, count: number, to: string, worker?: WorkerRecord): void {
    const first = span.firstClientTask + at;
    // None of those that are noted is among them.
    if ((-first & this.mask) >= count) return;
    const from = to === "memory" ? "processing" : to !== "processing" ? "released" : span.kin ? "waiting" : "queued";
    this.#write(span.group.client, first, count, from, to, worker);
  }

  passTime(nowMs: number): void {
    if (nowMs < this.#windowEndMs) return;
    if (this.mask !== 0) this.#leftOutMs = nowMs;
    const windows = Math.floor((nowMs - this.#windowEndMs) / WINDOW_MS) + 1;
    this.mask >>= Math.min(windows, 31);
    this.#inWindow = 0;
    this.#windowEndMs += windows * WINDOW_MS;
  }

  /** The moves of a task, as in a {@link StoryAnswer}. */
  movesOf(client: string, number: number): Pick<StoryAnswer, "texts" | "moves" | "isPartial"> {
    const texts = new Texts();
    const moves: number[] = [];
    const whose = this.#clients.placeOf(client);
    const rows = this.#rows;
    for (let i = Math.max(0, this.#count - MOST_MOVES); i < this.#count; i++) {
      const at = (i % MOST_MOVES) * FIELDS;
      const first = rows[at + FIRST] as number;
      if (rows[at + CLIENT] !== whose || number < first || number >= first + (rows[at + COUNT] as number)) continue;
      const move = rows[at + MOVE] as number;
      const stateAt = (place: number) => texts.placeOf(this.#states.list[place % STATES] as string);
      const worker = this.#workers.list[Math.floor(move / STATES / STATES) - 1];
      moves.push(stateAt(Math.floor(move / STATES)), stateAt(move));
      moves.push(worker === undefined ? -1 : texts.placeOf(worker));
      moves.push(rows[at + STIMULUS] as number, rows[at + AT_MS] as number);
    }
    const [from = -1, , , , beganMs = this.sinceMs] = moves;
    const isLogged = this.mask === 0 && texts.list[from] === "released" && beganMs >= this.#leftOutMs;
    const isWhole = (number & this.#mostMask) === 0 || isLogged;
    return { texts: texts.list, moves, isPartial: !isWhole };
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

  #grow(): void {
    const rows = new Float64Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
  }

  #write(
    client: ClientRecord,
    first: number,
    count: number,
    from: string,
    to: string,
    worker: WorkerRecord | undefined,
  ): void {
    if (this.#inWindow++ >= MOST_IN_WINDOW) {
      this.mask = (this.mask * 2 + 1) & MOST_MASK;
      this.#mostMask |= this.mask;
      this.#inWindow = 0;
    }
    const at = (this.#count++ % MOST_MOVES) * FIELDS;
    if (at === this.#rows.length) this.#grow();
    const rows = this.#rows;
    const place = worker === undefined ? 0 : this.#workers.placeOf(worker.address) + 1;
    rows[at + CLIENT] = this.#clients.placeOf(client.id);
    rows[at + FIRST] = first;
    rows[at + COUNT] = count;
    rows[at + STIMULUS] = this.#state.stimulus;
    rows[at + AT_MS] = this.#state.nowMs;
    rows[at + MOVE] = (place * STATES + this.#states.placeOf(from)) * STATES + this.#states.placeOf(to);
  }
}
