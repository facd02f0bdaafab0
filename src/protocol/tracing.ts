/** What workers did when, for whoever wants to see it: spans of time, many in a message, in columns. */

/**
 * What a span of time went into: running the function of a task (`compute`), waiting in it for other tasks (`wait`), having values from
 * other workers (`transfer`), or making something of what came (`deserialize`: compiling functions, importing modules).
 */
export const SPAN_KINDS = ["compute", "wait", "transfer", "deserialize"] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

/** Fields of a span in a message: `kind, name, begin, duration, tasks, bytes, key, failed`. */
export const SPAN_FIELDS = 8;

export interface Trace {
  readonly type: "trace";
  /** What stands in the columns `name` and `key` by its place here. */
  readonly texts: readonly string[];
  /**
   * Rows of {@link SPAN_FIELDS}: the kind by its place in {@link SPAN_KINDS}; the name of a function, or the address of a peer; when it began,
   * in milliseconds since 1970; milliseconds; how many tasks, for those that take little are told together; bytes; the key, or -1 where there
   * are several; 1 if it failed.
   */
  readonly rows: Float64Array;
}

/**
 * Has workers say what they do. Answered with {@link Traces} of nothing, whose `count` is where to begin to read. Of more spans than
 * `perSecond`, of all workers, short ones are told together; undefined for as many as there are.
 */
export interface TraceOpenRequest {
  readonly type: "trace-open";
  readonly perSecond?: number | undefined;
}

/** How much a worker tells: how many spans a second at most but for those told together, and what has gathered so often. */
export interface TracePace {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly everyMs: number;
}

/** Nobody tells more often: what is told costs less than what it takes to tell it. Milliseconds. */
export const LEAST_TELLING_MS = 250;

/** Workers that tell of themselves do so this often: the more there are, the less often each, for whoever listens to all. Milliseconds. */
export function tellingEveryMs(workers: number): number {
  return Math.min(1000, Math.max(LEAST_TELLING_MS, workers * 5));
}

/** Answered with {@link Traces} as soon as there are some after the first `after`; with `now`, at once, be it with none. */
export interface TraceReadRequest {
  readonly type: "trace-read";
  readonly after: number;
  readonly now: boolean;
}

/** Ends what was opened with the same `perSecond`. Answered when the last has come of what workers did before. */
export interface TraceCloseRequest {
  readonly type: "trace-close";
  readonly perSecond?: number | undefined;
}

/** What was run since the cluster began. Answered with {@link FunctionTotals}, one for each name, those that took most first. */
export interface TotalsRequest {
  readonly type: "totals";
}

export interface FunctionTotals {
  /** The functions', of which several may have the same. */
  readonly name: string;
  /** Runs that have ended. */
  readonly runs: number;
  /** What they have taken together, in milliseconds, without what they spent waiting for other tasks. */
  readonly ms: number;
}

export type TraceRequest = TraceOpenRequest | TraceReadRequest | TraceCloseRequest;

export interface Traces {
  readonly traces: readonly (Trace & { readonly worker: string })[];
  /** So many there have been up to the last of these. */
  readonly count: number;
  /** So many were there and are not kept any more. */
  readonly missed: number;
}
