/** What is to happen later: in the order of its time, with one request to the shell for the first of it. */

import type { HeapSet } from "../collections/heap-set.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";

interface Alarm {
  readonly atMs: number;
  /** Those of one time ring in the order in which they were set. */
  readonly number: number;
  readonly ring: () => void;
  heapIndex: number;
}

export class Alarms {
  readonly #state: SchedulerState;
  readonly #due: HeapSet<Alarm>;
  /** Of tasks, for the state that they are in. */
  readonly #byTask = new Map<TaskRecord, Alarm>();
  /** For when the shell was last asked to wake us, if it has not yet. */
  #askedMs = Number.POSITIVE_INFINITY;
  #count = 0;

  constructor(state: SchedulerState, { HeapSet }: RequestTools) {
    this.#state = state;
    this.#due = new HeapSet((a, b) => (a.atMs === b.atMs ? a.number < b.number : a.atMs < b.atMs));
  }

  /** Has `ring` called after so long; never, if that is for ever. */
  set(afterMs: number, ring: () => void): Alarm {
    const alarm = { atMs: this.#state.nowMs + afterMs, number: this.#count++, ring, heapIndex: -1 };
    if (Number.isFinite(afterMs)) this.#due.update(alarm);
    this.#ask();
    return alarm;
  }

  /** The same, unless the task leaves its state before. */
  setFor(task: TaskRecord, afterMs: number, ring: () => void): void {
    this.clear(task);
    const alarm = this.set(afterMs, () => {
      this.clear(task);
      ring();
    });
    this.#byTask.set(task, alarm);
  }

  isSetFor(task: TaskRecord): boolean {
    return this.#byTask.has(task);
  }

  clear(task: TaskRecord): void {
    const alarm = this.#byTask.get(task);
    if (alarm === undefined) return;
    this.#byTask.delete(task);
    this.#due.delete(alarm);
  }

  /** Rings what is due. */
  ring(): void {
    this.#askedMs = Number.POSITIVE_INFINITY;
    for (let first = this.#due.peek(); first !== undefined; first = this.#due.peek()) {
      if (first.atMs > this.#state.nowMs) return this.#ask();
      this.#due.delete(first);
      first.ring();
    }
  }

  /** Asks to be woken for the first, unless that has been asked for. To be woken too early does no harm. */
  #ask(): void {
    const first = this.#due.peek();
    if (first === undefined || first.atMs >= this.#askedMs) return;
    this.#askedMs = first.atMs;
    this.#state.orders.push({ type: "wake-me-at", atMs: first.atMs });
  }
}
