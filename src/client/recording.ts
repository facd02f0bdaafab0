/** Recording: what workers do, span by span, from when it begins until it is stopped. */

import { LEAST_TELLING_MS, SPAN_FIELDS, SPAN_KINDS, type SpanKind, type Traces } from "../protocol/tracing.ts";
import type { Session } from "./session.ts";

/** A span of time in the life of a worker. */
export interface TaskSpan {
  /** The worker's address. */
  readonly worker: string;
  /**
   * What the time went into: `compute`, running a task's function, which for an async one includes what it awaits; `wait`, waiting in
   * it for other tasks; `transfer`, having values from another worker; `deserialize`, making something of what came.
   */
  readonly kind: SpanKind;
  /** The function's name; of a transfer, the address of whoever had the values. */
  readonly name: string;
  /** Of the task; undefined where short tasks of one function, run one after the other, are told together. */
  readonly key: string | undefined;
  /** When it began, in milliseconds since 1970 by the clock of the worker's machine. */
  readonly beganMs: number;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** How many tasks that were. */
  readonly tasks: number;
  /** Bytes that came. */
  readonly nbytes: number;
  readonly status: "ok" | "error";
}

export interface RecordingOptions {
  /** So many of the last spans are kept in {@link Recording.spans}. 100 000 unless said. */
  readonly limit?: number;
  /**
   * About so many spans a second are told, of all workers together. Of more, those that take least are told together, all of one name in one, so
   * that it costs no more to look at a cluster that does more. All are told unless said, but for those shorter than 0.2 ms.
   */
  readonly perSecond?: number;
}

/**
 * What `client.taskStream()` gives. Workers tell what they do only while there is one of these, and it costs them next to nothing.
 *
 * As an async iterable it gives batches of spans as they come, and ends when it is stopped.
 */
export class Recording implements AsyncDisposable {
  /** All so far, in the order in which they were told; of many, the last. */
  readonly spans: TaskSpan[] = [];
  /** Spans that were lost, because nobody read them for long. */
  missed = 0;
  /** Settles when every worker has been told to tell; rejects if the client is closed before. */
  readonly ready: Promise<void>;
  readonly #session: Session;
  readonly #limit: number;
  readonly #perSecond: number | undefined;
  readonly #end = new AbortController();
  readonly #following: Promise<void>;
  #waiting: (() => void)[] = [];
  #batches: { readonly number: number; readonly spans: readonly TaskSpan[] }[] = [];
  #count = 0;
  #stopped: Promise<void> | undefined;
  #isOver = false;
  /** Whether it looks for another scheduler. */
  #isLost = false;

  constructor(session: Session, { limit = 100_000, perSecond }: RecordingOptions = {}) {
    if (perSecond !== undefined && !(perSecond >= 0)) throw new TypeError("perSecond must be a number of at least 0");
    this.#session = session;
    this.#limit = limit;
    this.#perSecond = perSecond;
    const begun = this.#open();
    this.ready = begun.then(() => {});
    this.#following = begun.then((count) => this.#follow(count));
    this.ready.catch(() => {});
    // It ends with the client, too.
    this.#following.catch(() => {}).finally(() => this.#over());
  }

  /** Settles when all has come that was done before the call. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly TaskSpan[], void, undefined> {
    let next = this.#count;
    for (;;) {
      for (const { number, spans } of [...this.#batches]) {
        if (number < next) continue;
        next = number + 1;
        yield spans;
      }
      if (next < this.#count) continue;
      if (this.#isOver) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async #stop(): Promise<void> {
    try {
      await this.ready;
      // While a scheduler is looked for, there is nobody to be told.
      if (!this.#isLost) await this.#close();
    } catch {
      // The scheduler is gone, or the client is closed, and with it this.
    }
    // What came before that answer is there, and is read to its end.
    this.#end.abort();
    await this.#following.catch(() => {});
  }

  /** Settles with where to begin to read. */
  async #open(signal?: AbortSignal): Promise<number> {
    const open = { type: "trace-open", perSecond: this.#perSecond } as const;
    // Nobody wants to read what is left.
    const late = () =>
      void this.#close()
        .then(() => this.#session.ask({ type: "trace-read", after: Number.MAX_SAFE_INTEGER, now: true }))
        .catch(() => {});
    const { count } = (await this.#session.ask(open, signal, late)) as Traces;
    return count;
  }

  #close(): Promise<unknown> {
    return this.#session.ask({ type: "trace-close", perSecond: this.#perSecond });
  }

  /** The scheduler was lost: goes on with the next one. Settles with where to begin there; rejects when it is stopped before, or the client closed. */
  async #openAgain(): Promise<number> {
    this.#isLost = true;
    for (;;) {
      this.#end.signal.throwIfAborted();
      try {
        // That of a closed client throws at once; others are asked when there is a scheduler again.
        const count = await this.#open(this.#end.signal);
        this.#isLost = false;
        return count;
      } catch (error) {
        if (!isLoss(error) || this.#session.closed !== undefined) throw error;
      }
    }
  }

  async #follow(from: number): Promise<void> {
    let after = from;
    for (;;) {
      const isLast = this.#end.signal.aborted;
      let traces: Traces | undefined;
      try {
        traces = await this.#read(after, isLast);
      } catch (error) {
        if (isLast || !isLoss(error) || this.#session.closed !== undefined) throw error;
        after = await this.#openAgain();
        continue;
      }
      if (traces === undefined) return;
      after = traces.count;
      this.missed += traces.missed;
      this.#take(traces);
      if (!isLast) await pause(LEAST_TELLING_MS, this.#end.signal);
    }
  }

  /** Undefined when it has been stopped and there is nothing left to be read. */
  async #read(after: number, isLast: boolean): Promise<Traces | undefined> {
    try {
      const asked = this.#session.ask(
        { type: "trace-read", after, now: isLast },
        isLast ? undefined : this.#end.signal,
      );
      const traces = (await asked) as Traces;
      return isLast && traces.traces.length === 0 ? undefined : traces;
    } catch (error) {
      if (!isLast && this.#end.signal.aborted) return { traces: [], count: after, missed: 0 };
      throw error;
    }
  }

  #take({ traces }: Traces): void {
    const spans = traces.flatMap(spansIn);
    if (spans.length === 0) return;
    for (const span of spans) this.spans.push(span);
    if (this.spans.length > this.#limit) this.spans.splice(0, this.spans.length - this.#limit);
    this.#batches.push({ number: this.#count++, spans });
    if (this.#batches.length > 100) this.#batches.shift();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #over(): void {
    this.#isOver = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export function spansIn({ worker, texts, rows }: Traces["traces"][number]): TaskSpan[] {
  const spans: TaskSpan[] = [];
  for (let i = 0; i < rows.length; i += SPAN_FIELDS) {
    spans.push({
      worker,
      kind: SPAN_KINDS[rows[i] as number] ?? "compute",
      name: texts[rows[i + 1] as number] ?? "",
      key: texts[rows[i + 6] as number],
      beganMs: rows[i + 2] as number,
      ms: rows[i + 3] as number,
      tasks: rows[i + 4] as number,
      nbytes: rows[i + 5] as number,
      status: rows[i + 7] === 1 ? "error" : "ok",
    });
  }
  return spans;
}

function isLoss(error: unknown): boolean {
  return error instanceof Error && error.name === "CommClosedError";
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    (timer as { unref?(): void }).unref?.();
    signal.addEventListener("abort", end);
  });
}
