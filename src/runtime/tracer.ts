/**
 * Tracer: notes what a worker does when, while somebody wants to know, and tells no more of it than that is worth: short things that follow on each
 * other in one span, and beyond a number of spans a second, all that goes by one name in one. So it costs a share of the time, however many there are.
 */

import type { Clock } from "../ports/clock.ts";
import { SPAN_FIELDS, SPAN_KINDS, type SpanKind, type Trace, type TracePace } from "../protocol/tracing.ts";

/** Spans are at the latest sent when there are so many. */
const MOST_SPANS = 2000;
/** What runs of equal small things have between them is not worth a span of its own. Milliseconds. */
const GAP_MS = 0.2;
/** What takes less is told together with what comes before and after, and not by key. Milliseconds. */
const SHORT_MS = 0.2;
const LONGEST_SHORT_MS = 60_000;
/** So many times little was told, before it is tried whether shorter things can be told alone again. */
const QUIET_TIMES = 10;

// Columns.
const NAME = 1;
const BEGAN = 2;
const MS = 3;
const TASKS = 4;
const BYTES = 5;
const KEY = 6;
const FAILED = 7;

export interface Span {
  readonly kind: SpanKind;
  readonly name: string;
  /** What has the key, if it is one task. */
  readonly task?: { readonly key: string } | undefined;
  readonly tasks?: number;
  readonly bytes?: number;
  readonly failed?: boolean;
  /** It is worth being told of, however short it is. */
  readonly isOdd?: boolean;
}

/** All of one name, kind and outcome since the last time that was told. */
interface Together {
  readonly kind: number;
  readonly name: string;
  readonly failed: boolean;
  readonly beganMs: number;
  /** Without what two of them have in common. */
  ms: number;
  endMs: number;
  tasks: number;
  bytes: number;
}

export class Tracer {
  readonly #clock: Clock;
  readonly #send: (trace: Trace) => void;
  /** To be added to what the clock says for milliseconds since 1970. */
  readonly #originMs: number;
  #pace: TracePace;
  #texts = new Map<string, number>();
  #rows = new Float64Array(64 * SPAN_FIELDS);
  #count = 0;
  readonly #together = new Map<string, Together[]>();
  /** What takes less is short: longer while there is more than may be told one by one. Milliseconds. */
  #shortMs = SHORT_MS;
  /** Whether something that is not short had to be told together with others. */
  #isCrowded = false;
  /** Times since there was much. */
  #quiet = 0;
  #lastSentMs: number;
  #isSendDue = false;
  /** When the last span began and ended, if what is short and comes next may be told with it. */
  #openBeganMs = 0;
  #openEndMs = Number.NEGATIVE_INFINITY;

  /** `nowMs`: milliseconds since 1970. */
  constructor(clock: Clock, nowMs: number, pace: TracePace, send: (trace: Trace) => void) {
    this.#clock = clock;
    this.#send = send;
    this.#pace = pace;
    this.#originMs = nowMs - clock.now();
    this.#lastSentMs = clock.now();
  }

  set pace(pace: TracePace) {
    if (pace.perSecond !== this.#pace.perSecond) this.#shortMs = SHORT_MS;
    this.#pace = pace;
  }

  /** The same again as what was noted last, one task more. False if it is to be noted like any other: this is only a shorter way. */
  goOn(beganMs: number, endMs: number): boolean {
    if (beganMs - this.#openEndMs > GAP_MS || endMs - beganMs >= this.#shortMs) return false;
    if (endMs - this.#lastSentMs >= this.#pace.everyMs) return false;
    const last = (this.#count - 1) * SPAN_FIELDS;
    const rows = this.#rows;
    rows[last + MS] = endMs - this.#openBeganMs;
    rows[last + TASKS] = (rows[last + TASKS] as number) + 1;
    this.#openEndMs = endMs;
    return true;
  }

  /** Something took from `beganMs` to `endMs`, by the clock. */
  note(beganMs: number, endMs: number, span: Span): void {
    const { kind, name, task, tasks = 1, bytes = 0, failed = false, isOdd = failed } = span;
    const kindAt = SPAN_KINDS.indexOf(kind);
    const isAlone = isOdd || (task !== undefined && endMs - beganMs >= this.#shortMs);
    if (!isAlone && this.#extends(beganMs, endMs, kindAt, name, tasks, bytes)) return this.#sendSoon(endMs);
    const isFull = this.#count >= (this.#pace.perSecond * this.#pace.everyMs) / 1000;
    if (isFull || (!isAlone && task !== undefined && this.#shortMs > SHORT_MS)) {
      this.#isCrowded ||= isFull && (isAlone || this.#shortMs === SHORT_MS);
      this.#noteTogether({ kind: kindAt, name, failed, beganMs, ms: endMs - beganMs, endMs, tasks, bytes });
    } else {
      this.#write(kindAt, name, beganMs, endMs - beganMs, tasks, bytes, isAlone ? task?.key : undefined, failed);
    }
    this.#sendSoon(endMs);
  }

  /** Sends what has gathered. */
  flush(): void {
    this.#lastSentMs = this.#clock.now();
    this.#adjust();
    this.#writeTogether();
    if (this.#count === 0) return;
    const rows = this.#rows.slice(0, this.#count * SPAN_FIELDS);
    this.#send({ type: "trace", texts: [...this.#texts.keys()], rows });
    this.#texts.clear();
    this.#count = 0;
    this.#openEndMs = Number.NEGATIVE_INFINITY;
  }

  #sendSoon(nowMs: number): void {
    const { everyMs } = this.#pace;
    if (this.#count >= MOST_SPANS || nowMs - this.#lastSentMs >= everyMs) return this.flush();
    if (this.#isSendDue) return;
    this.#isSendDue = true;
    this.#clock.after(everyMs, () => {
      this.#isSendDue = false;
      this.flush();
    });
  }

  /** Long things are told alone as far as there is room for them. */
  #adjust(): void {
    const most = (this.#pace.perSecond * this.#pace.everyMs) / 1000;
    this.#quiet = this.#isCrowded || this.#count >= most / 3 ? 0 : this.#quiet + 1;
    if (this.#isCrowded) this.#shortMs = Math.min(LONGEST_SHORT_MS, this.#shortMs * 2);
    else if (this.#quiet >= QUIET_TIMES) {
      this.#shortMs = Math.max(SHORT_MS, this.#shortMs / 2);
      this.#quiet = 0;
    }
    this.#isCrowded = false;
  }

  /** Whether it goes on where the last span of that name ended, and has been added to that. */
  #extends(beganMs: number, endMs: number, kind: number, name: string, tasks: number, bytes: number): boolean {
    const rows = this.#rows;
    const last = (this.#count - 1) * SPAN_FIELDS;
    if (beganMs - this.#openEndMs > GAP_MS) return false;
    if (rows[last] !== kind || rows[last + NAME] !== this.#texts.get(name)) return false;
    this.#openEndMs = endMs;
    rows[last + MS] = endMs - this.#openBeganMs;
    rows[last + TASKS] = (rows[last + TASKS] as number) + tasks;
    rows[last + BYTES] = (rows[last + BYTES] as number) + bytes;
    return true;
  }

  #noteTogether(span: Together): void {
    const { kind, name, failed, beganMs, endMs } = span;
    const ofName = this.#together.get(name);
    const same = ofName?.find((each) => each.kind === kind && each.failed === failed);
    if (ofName === undefined) this.#together.set(name, [span]);
    else if (same === undefined) ofName.push(span);
    else {
      same.ms += Math.max(0, endMs - Math.max(beganMs, same.endMs));
      same.endMs = Math.max(endMs, same.endMs);
      same.tasks += span.tasks;
      same.bytes += span.bytes;
    }
  }

  /** One after the other: of those that took turns, nobody could see which was when. */
  #writeTogether(): void {
    if (this.#together.size === 0) return;
    const all = [...this.#together.values()].flat().sort((a, b) => a.beganMs - b.beganMs);
    this.#together.clear();
    let freeMs = Number.NEGATIVE_INFINITY;
    for (const { kind, name, failed, beganMs, ms, tasks, bytes } of all) {
      const isTransfer = SPAN_KINDS[kind] === "transfer";
      const fromMs = isTransfer ? beganMs : Math.max(beganMs, freeMs);
      if (!isTransfer) freeMs = fromMs + ms;
      this.#write(kind, name, fromMs, ms, tasks, bytes, undefined, failed);
    }
  }

  #write(
    kind: number,
    name: string,
    beganMs: number,
    ms: number,
    tasks: number,
    bytes: number,
    key: string | undefined,
    failed: boolean,
  ): void {
    const at = this.#count * SPAN_FIELDS;
    this.#count += 1;
    if (at === this.#rows.length) {
      const rows = new Float64Array(at * 2);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    const rows = this.#rows;
    rows[at] = kind;
    rows[at + NAME] = this.#placeOf(name);
    rows[at + BEGAN] = this.#originMs + beganMs;
    rows[at + MS] = ms;
    rows[at + TASKS] = tasks;
    rows[at + BYTES] = bytes;
    rows[at + KEY] = key === undefined ? -1 : this.#placeOf(key);
    rows[at + FAILED] = +failed;
    this.#openBeganMs = beganMs;
    this.#openEndMs = key === undefined && !failed ? beganMs + ms : Number.NEGATIVE_INFINITY;
  }

  #placeOf(text: string): number {
    let place = this.#texts.get(text);
    if (place === undefined) {
      place = this.#texts.size;
      this.#texts.set(text, place);
    }
    return place;
  }
}
