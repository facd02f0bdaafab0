/** Spans as lanes draw them: in columns, a set for each worker, so that a hundred thousand are gone through in no time. */

import type { TaskSpan } from "../client/recording.ts";

/** What one worker did. The spans themselves are kept beside their columns, for whoever points at one. */
export class LaneSpans {
  from = new Float64Array(64);
  to = new Float64Array(64);
  /** By its place among the colours of the store. */
  colour = new Uint16Array(64);
  readonly spans: TaskSpan[] = [];
  /** The longest there is: nothing that began before a time by more than this reaches it. Milliseconds. */
  longestMs = 0;

  add(span: TaskSpan, colour: number): void {
    const { beganMs, ms } = span;
    if (this.spans.length === this.from.length) this.#grow();
    // They come nearly in order: what began before the last ones is put where it belongs.
    let at = this.spans.length;
    while (at > 0 && (this.from[at - 1] as number) > beganMs) at -= 1;
    const count = this.spans.length;
    this.from.copyWithin(at + 1, at, count);
    this.to.copyWithin(at + 1, at, count);
    this.colour.copyWithin(at + 1, at, count);
    this.spans.splice(at, 0, span);
    this.from[at] = beganMs;
    this.to[at] = beganMs + ms;
    this.colour[at] = colour;
    this.longestMs = Math.max(this.longestMs, ms);
  }

  /** Lets go of the first so many. */
  drop(count: number): void {
    this.spans.splice(0, count);
    this.from.copyWithin(0, count);
    this.to.copyWithin(0, count);
    this.colour.copyWithin(0, count);
  }

  /** The first that may be seen from `ms` on. */
  firstAt(ms: number): number {
    const wanted = ms - this.longestMs;
    let [low, high] = [0, this.spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.from[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The part of the time between those that went into computing, transfers left out: 0 to 1. */
  busyBetween(fromMs: number, toMs: number, isComputing: (span: TaskSpan) => boolean): number {
    let busyMs = 0;
    for (let i = this.firstAt(fromMs); i < this.spans.length && (this.from[i] as number) < toMs; i++) {
      if (!isComputing(this.spans[i] as TaskSpan)) continue;
      busyMs += Math.max(0, Math.min(toMs, this.to[i] as number) - Math.max(fromMs, this.from[i] as number));
    }
    return Math.min(1, busyMs / (toMs - fromMs));
  }

  /** The one that is seen at `ms`: what began last is on top. */
  at(ms: number, slackMs: number): TaskSpan | undefined {
    let found: TaskSpan | undefined;
    for (let i = this.firstAt(ms - slackMs); i < this.spans.length && (this.from[i] as number) <= ms + slackMs; i++) {
      if ((this.to[i] as number) >= ms - slackMs) found = this.spans[i];
    }
    return found;
  }

  #grow(): void {
    const more = <T extends Float64Array | Uint16Array>(old: T, grown: T): T => {
      grown.set(old);
      return grown;
    };
    const size = this.from.length * 2;
    this.from = more(this.from, new Float64Array(size));
    this.to = more(this.to, new Float64Array(size));
    this.colour = more(this.colour, new Uint16Array(size));
  }
}

/** Of so many spans, one is looked at to find the oldest. */
const SAMPLED = 16;

export class SpanStore {
  readonly lanes = new Map<string, LaneSpans>();
  readonly #limit: number;
  readonly #colours = new Map<string, number>();
  /** What stands in the column `colour` by its place here. */
  readonly titles: string[] = [];
  count = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;

  /** `limit`: about so many of the last are kept. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  laneOf(worker: string): LaneSpans {
    let lane = this.lanes.get(worker);
    if (lane === undefined) {
      lane = new LaneSpans();
      this.lanes.set(worker, lane);
    }
    return lane;
  }

  add(span: TaskSpan): void {
    const title = span.status === "error" ? "\terror" : span.kind === "transfer" ? "\ttransfer" : span.name;
    let colour = this.#colours.get(title);
    if (colour === undefined) {
      colour = Math.min(this.titles.length, 0xffff);
      this.#colours.set(title, colour);
      this.titles.push(title);
    }
    this.laneOf(span.worker).add(span, colour);
    this.count += 1;
    this.firstMs = Math.min(this.firstMs, span.beganMs);
    this.lastMs = Math.max(this.lastMs, span.beganMs + span.ms);
    if (this.count > this.#limit * 1.2) this.#forget();
  }

  /** Lets go of the oldest. */
  #forget(): void {
    // One in so many tells well enough how old they are, and is sorted in no time.
    const sample: number[] = [];
    for (const { from, spans } of this.lanes.values()) {
      for (let i = 0; i < spans.length; i += SAMPLED) sample.push(from[i] as number);
    }
    const begins = Float64Array.from(sample).sort();
    const cut = begins[Math.floor((begins.length * (this.count - this.#limit)) / this.count)] as number;
    for (const lane of this.lanes.values()) {
      let gone = 0;
      while (gone < lane.spans.length && (lane.from[gone] as number) < cut) gone += 1;
      lane.drop(gone);
      this.count -= gone;
    }
    this.firstMs = cut;
  }
}
