/** Which clients want to see what workers do, and what these have told lately. While nobody does, nothing is told. */

import type { Key } from "../protocol/identity.ts";
import { SPAN_FIELDS, type Trace, type TraceReadRequest, type TraceRequest, type Traces } from "../protocol/tracing.ts";
import { answer, type Question } from "./answers.ts";
import type { Errands } from "./errands.ts";
import { addNotes, removeNotes } from "./makers.ts";
import { MoveLog } from "./move-log.ts";
import type { ClientRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Where in a span its key is. */
const KEY = 6;

/** Spans that are kept for those who read slowly. */
const MOST_SPANS = 200_000;

export class Tracing {
  readonly #state: SchedulerState;
  readonly #errands: Errands;
  /** What is noted of moves, while somebody watches. */
  moveLog: MoveLog | undefined;
  /** How many each has opened. */
  readonly #watchers = new Map<ClientRecord, number>();
  #readers: { readonly question: Question; readonly request: TraceReadRequest }[] = [];
  readonly #kept: Traces["traces"][number][] = [];
  #spans = 0;
  /** Traces that have come. */
  #count = 0;

  constructor(state: SchedulerState, errands: Errands) {
    this.#state = state;
    this.#errands = errands;
  }

  get isOn(): boolean {
    return this.#watchers.size > 0;
  }

  hear(question: Question, request: TraceRequest): void {
    const { client } = question;
    switch (request.type) {
      case "trace-open":
        if (!this.isOn) this.#begin();
        this.#watchers.set(client, (this.#watchers.get(client) ?? 0) + 1);
        return answer(this.#state, question, { value: { traces: [], count: this.#count, missed: 0 } satisfies Traces });
      case "trace-read":
        this.#readers.push({ question, request });
        return;
      case "trace-close": {
        // Each tells the rest before it answers; until then it is taken.
        const isLast = this.#watchers.size === 1 && this.#watchers.get(client) === 1;
        return this.#tell(this.#state.workers.values(), !isLast, () => {
          this.#leave(client);
          answer(this.#state, question, { value: undefined });
        });
      }
      default:
        request satisfies never;
    }
  }

  /** A reader that has given up. */
  withdraw(client: ClientRecord, number: number): void {
    this.#readers = this.#readers.filter(({ question }) => question.client !== client || question.number !== number);
  }

  removeClient(client: ClientRecord): void {
    this.#readers = this.#readers.filter(({ question }) => question.client !== client);
    if (this.#watchers.delete(client) && !this.isOn) {
      this.#tell(this.#state.workers.values(), false);
      this.#forget();
    }
  }

  addWorker(worker: WorkerRecord): void {
    if (this.isOn) this.#tell([worker], true);
  }

  receive(worker: WorkerRecord, trace: Trace): void {
    if (!this.isOn) return;
    this.#kept.push({ ...trace, worker: worker.address });
    this.#count += 1;
    this.#spans += trace.rows.length / SPAN_FIELDS;
    while (this.#spans > MOST_SPANS && this.#kept.length > 1) {
      this.#spans -= (this.#kept.shift()?.rows.length ?? 0) / SPAN_FIELDS;
    }
  }

  /** Answers those who read, if there is something new. */
  settle(): void {
    if (this.#readers.length === 0) return;
    this.#readers = this.#readers.filter(({ question, request: { after, now } }) => {
      if (after >= this.#count && !now) return true;
      const missed = Math.max(0, this.#count - this.#kept.length - after);
      const traces = this.#kept.slice(this.#kept.length - (this.#count - after - missed));
      answer(this.#state, question, { value: { traces, count: this.#count, missed } satisfies Traces });
      return false;
    });
    if (!this.isOn) this.#forget();
  }

  /** What is kept of what workers told of this task. */
  ofTask(key: Key): Traces["traces"] {
    return this.#kept.flatMap(({ texts, rows, ...trace }) => {
      const place = texts.indexOf(key);
      if (place < 0) return [];
      const its: number[] = [];
      for (let i = 0; i < rows.length; i += SPAN_FIELDS) {
        if (rows[i + KEY] === place) its.push(...rows.slice(i, i + SPAN_FIELDS));
      }
      return its.length === 0 ? [] : [{ ...trace, texts, rows: its }];
    });
  }

  #begin(): void {
    this.#tell(this.#state.workers.values(), true);
    this.moveLog = new MoveLog(this.#state);
    addNotes(this.#state, this.moveLog);
  }

  #leave(client: ClientRecord): void {
    const left = (this.#watchers.get(client) ?? 0) - 1;
    if (left > 0) this.#watchers.set(client, left);
    else this.#watchers.delete(client);
    if (!this.isOn) removeNotes(this.#state, this.moveLog);
  }

  #forget(): void {
    removeNotes(this.#state, this.moveLog);
    this.moveLog = undefined;
    this.#kept.length = 0;
    this.#spans = 0;
  }

  #tell(workers: Iterable<WorkerRecord>, isOn: boolean, done = () => {}): void {
    this.#errands.send(workers, { type: "trace", isOn }, done);
  }
}
