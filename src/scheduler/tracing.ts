/** Which clients want to see what workers do, and what these have told lately. While nobody does, nothing is told. */

import type { Key } from "../protocol/identity.ts";
import {
  SPAN_FIELDS,
  type Trace,
  type TracePace,
  type TraceReadRequest,
  type TraceRequest,
  type Traces,
  tellingEveryMs,
} from "../protocol/tracing.ts";
import { answer, type Question } from "./answers.ts";
import type { Errands } from "./errands.ts";
import { addNotes, removeNotes } from "./makers.ts";
import { MoveLog } from "./move-log.ts";
import type { ClientRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Where in a span its key is. */
const KEY = 6;

/** Spans that a worker may tell one by one, however many there are of it. A second. */
const LEAST_PER_SECOND = 20;

/** Spans that are kept for those who read slowly. */
const MOST_SPANS = 200_000;

interface Watcher {
  readonly client: ClientRecord;
  readonly perSecond: number;
  /** It has closed; workers have still to tell it the rest. */
  isLeaving: boolean;
  /** They have; it has still to read that. */
  isOver: boolean;
}

export class Tracing {
  readonly #state: SchedulerState;
  readonly #errands: Errands;
  /** What is noted of moves, while somebody watches. */
  moveLog: MoveLog | undefined;
  #watchers: Watcher[] = [];
  /** What workers were told last of how much they are to tell, and how many they were then. */
  #pace: TracePace | undefined;
  #paced = 0;
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
    return this.#watchers.some(({ isOver }) => !isOver);
  }

  hear(question: Question, request: TraceRequest): void {
    const { client } = question;
    switch (request.type) {
      case "trace-open":
        if (!this.isOn) this.#begin();
        this.#watchers.push({ client, perSecond: wantedBy(request), isLeaving: false, isOver: false });
        this.#setPace();
        return answer(this.#state, question, { value: { traces: [], count: this.#count, missed: 0 } satisfies Traces });
      case "trace-read":
        this.#readers.push({ question, request });
        return;
      case "trace-close": {
        const isIt = (each: Watcher) => each.client === client && each.perSecond === wantedBy(request);
        const left = this.#watchers.find((each) => isIt(each) && !each.isLeaving);
        if (left !== undefined) left.isLeaving = true;
        // Whoever opens before all have answered has them told to go on.
        if (this.#watchers.every(({ isLeaving }) => isLeaving)) this.#pace = undefined;
        // Each tells the rest before it answers; until then it is taken.
        return this.#tell(this.#state.workers.values(), this.#pace, () => {
          if (left !== undefined) left.isOver = true;
          if (!this.isOn) removeNotes(this.#state, this.moveLog);
          this.#setPace();
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
    this.#watchers = this.#watchers.filter((each) => each.client !== client);
    this.#setPace();
    if (this.#watchers.length === 0) this.#forget();
  }

  addWorker(worker: WorkerRecord): void {
    if (!this.isOn) return;
    const isMany = this.#state.workers.size > this.#paced * 2;
    if (!isMany || !this.#setPace()) this.#tell([worker], this.#pace);
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
      if (after >= this.#count) this.#leave(question.client);
      const missed = Math.max(0, this.#count - this.#kept.length - after);
      const traces = this.#kept.slice(this.#kept.length - (this.#count - after - missed));
      answer(this.#state, question, { value: { traces, count: this.#count, missed } satisfies Traces });
      return false;
    });
    if (this.#watchers.length === 0) this.#forget();
  }

  /** Somebody has read to the end, if not just to look. An answer may have crossed with a word that it was not waited for any more. */
  #leave(client: ClientRecord): void {
    const left = this.#watchers.find((each) => each.client === client && each.isOver);
    this.#watchers = this.#watchers.filter((each) => each !== left);
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
      return its.length === 0 ? [] : [{ ...trace, texts, rows: Float64Array.from(its) }];
    });
  }

  #begin(): void {
    this.moveLog = new MoveLog(this.#state);
    addNotes(this.#state, this.moveLog);
  }

  /** Each worker has its part of what is wanted by whoever wants most. Returns whether they were told of another. */
  #setPace(): boolean {
    const { workers } = this.#state;
    const wanted = this.#watchers.flatMap(({ perSecond, isLeaving }) => (isLeaving ? [] : [perSecond]));
    if (wanted.length === 0) {
      if (this.#pace === undefined) return false;
      this.#pace = undefined;
      this.#tell(workers.values(), undefined);
      return true;
    }
    const perSecond = Math.max(LEAST_PER_SECOND, Math.max(...wanted) / Math.max(1, workers.size));
    const everyMs = tellingEveryMs(workers.size);
    this.#paced = workers.size;
    if (perSecond === this.#pace?.perSecond && everyMs === this.#pace.everyMs) return false;
    this.#pace = { perSecond, everyMs };
    this.#tell(workers.values(), this.#pace);
    return true;
  }

  #forget(): void {
    removeNotes(this.#state, this.moveLog);
    this.moveLog = undefined;
    this.#kept.length = 0;
    this.#spans = 0;
  }

  #tell(workers: Iterable<WorkerRecord>, pace: TracePace | undefined, done = () => {}): void {
    this.#errands.send(workers, { type: "trace", pace }, done);
  }
}

function wantedBy({ perSecond = Number.POSITIVE_INFINITY }: { readonly perSecond?: number | undefined }): number {
  return perSecond;
}
