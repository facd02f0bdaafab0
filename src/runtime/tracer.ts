/** Tracer: notes what a worker does when, while somebody wants to know. */

import type { Clock } from "../ports/clock.ts";
import { SPAN_FIELDS, SPAN_KINDS, type SpanKind, type Trace } from "../protocol/tracing.ts";

/** What has gathered is sent so often. Milliseconds. */
const SEND_MS = 100;
/** And at the latest when so many spans have. */
const MOST_SPANS = 2000;
/** What runs of equal small things have between them is not worth a span of its own. Milliseconds. */
const GAP_MS = 0.2;

export interface Span {
  readonly kind: SpanKind;
  readonly name: string;
  /** Undefined where several tasks are told together. */
  readonly key?: string | undefined;
  readonly tasks?: number;
  readonly bytes?: number;
  readonly failed?: boolean;
}

export class Tracer {
  readonly #clock: Clock;
  readonly #send: (trace: Trace) => void;
  /** To be added to what the clock says for milliseconds since 1970. */
  readonly #originMs: number;
  #texts = new Map<string, number>();
  #rows: number[] = [];
  #lastSentMs: number;
  #isSendDue = false;

  /** `nowMs`: milliseconds since 1970. */
  constructor(clock: Clock, nowMs: number, send: (trace: Trace) => void) {
    this.#clock = clock;
    this.#send = send;
    this.#originMs = nowMs - clock.now();
    this.#lastSentMs = clock.now();
  }

  /** Something took from `beganMs` to `endMs`, by the clock. */
  note(beganMs: number, endMs: number, { kind, name, key, tasks = 1, bytes = 0, failed = false }: Span): void {
    if (key === undefined && this.#extends(beganMs, endMs, kind, name, tasks)) return;
    const begin = this.#originMs + beganMs;
    const place = key === undefined ? -1 : this.#placeOf(key);
    this.#rows.push(
      SPAN_KINDS.indexOf(kind),
      this.#placeOf(name),
      begin,
      endMs - beganMs,
      tasks,
      bytes,
      place,
      +failed,
    );
    if (this.#rows.length >= MOST_SPANS * SPAN_FIELDS) this.flush();
    else this.#sendSoon(endMs);
  }

  /** Sends what has gathered. */
  flush(): void {
    this.#lastSentMs = this.#clock.now();
    if (this.#rows.length === 0) return;
    this.#send({ type: "trace", texts: [...this.#texts.keys()], rows: this.#rows });
    this.#texts = new Map();
    this.#rows = [];
  }

  #sendSoon(nowMs: number): void {
    if (nowMs - this.#lastSentMs >= SEND_MS) return this.flush();
    if (this.#isSendDue) return;
    this.#isSendDue = true;
    this.#clock.after(SEND_MS, () => {
      this.#isSendDue = false;
      this.flush();
    });
  }

  /** Whether it goes on where the last span of that name ended, and has been added to that. */
  #extends(beganMs: number, endMs: number, kind: SpanKind, name: string, tasks: number): boolean {
    const rows = this.#rows;
    const last = rows.length - SPAN_FIELDS;
    if (last < 0 || rows[last] !== SPAN_KINDS.indexOf(kind) || rows[last + 1] !== this.#texts.get(name)) return false;
    const began = (rows[last + 2] as number) - this.#originMs;
    if (rows[last + 6] !== -1 || beganMs - (began + (rows[last + 3] as number)) > GAP_MS) return false;
    rows[last + 3] = endMs - began;
    rows[last + 4] = (rows[last + 4] as number) + tasks;
    return true;
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
