/** Streams of results, as far as they have to be there before somebody iterates one. */

import type { ClientTaskId } from "../protocol/identity.ts";
import type { SchedulerInfo } from "../protocol/requests.ts";
import { STREAM } from "../protocol/task-spec.ts";
import type { AnyFunction } from "../shipping/function-source.ts";
import type { Argument } from "./arguments.ts";
import { type Future, futureAccess } from "./future.ts";
import { LazyIterator } from "./lazy-iterator.ts";
import type { Session } from "./session.ts";
import { type Defaults, keyOfEach, submitSpecially } from "./special-submission.ts";

/** How `client.mapStream()` goes through its source. */
export interface MapStreamOptions {
  /**
   * Items that may be under way at a time: taken from the source, and their results not yet taken from the stream. Unless said,
   * twice what the workers can have in flight, and at least 16.
   */
  readonly limit?: number;
  /** Whether results come in the order of the items (the default), or as they are there. */
  readonly ordered?: boolean;
  /** Ends the stream with its reason, and cancels what is under way. */
  readonly signal?: AbortSignal;
}

/** What a stream is made of: items, futures on them, or promises of either. */
export type StreamSource<T> = Iterable<Argument<T> | PromiseLike<Argument<T>>> | AsyncIterable<Argument<T>>;

export function mapStream<R>(
  session: Session,
  fn: AnyFunction,
  source: Iterable<unknown> | AsyncIterable<unknown>,
  { limit, ordered = true, signal }: MapStreamOptions,
  defaults: Defaults,
): LazyIterator<R> {
  session.know(fn);
  const { [Symbol.asyncIterator]: items, [Symbol.iterator]: rest } = Object(source);
  if (typeof (items ?? rest) !== "function") {
    throw new TypeError(
      "mapStream() takes an iterable or async iterable beside the function, as an array or a stream is",
    );
  }
  demandLimit(limit);
  return new LazyIterator(async () => {
    const { MapStream } = await import("./map-stream.ts");
    // The stream heeds the signal, once for all.
    const each = { ...defaults, special: { ...defaults.special, signal: undefined } };
    const submit = (item: unknown, i: number) =>
      submitSpecially(session, fn, [[item]], each, () => keyOfEach(defaults, i))[0] as Future;
    const signals = [signal, defaults.special?.signal].flatMap((each) => each ?? []);
    return new MapStream({ submit, countSlots: () => countSlots(session) }, { source, limit, ordered, signals });
  });
}

/** What a function returns that is to be streamed: as generators do. */
export type StreamMade<T, R> = AsyncIterable<T, R> | Iterable<T, R> | PromiseLike<AsyncIterable<T, R> | Iterable<T, R>>;

/** Items that a stream may have made and nobody taken, unless `with({ limit })` says otherwise. */
const DEFAULT_LIMIT = 16;

/**
 * What a generator yields on a worker, item by item; see {@link Client.stream}. It can be iterated once; by several at once, each item
 * goes to one of them.
 */
export class TaskStream<T, R = unknown> extends LazyIterator<T> {
  /**
   * Done when the generator has ended: what it returns is the value. It goes on only as its items are taken, and is cancelled when
   * nobody holds the stream any more.
   */
  readonly future: Future<R>;

  /** Made by clients. */
  constructor(future: Future<R>, load: () => Promise<AsyncIterableIterator<T, undefined>>) {
    super(load);
    this.future = future;
  }
}

export function stream<T, R>(session: Session, fn: AnyFunction, args: unknown[], defaults: Defaults): TaskStream<T, R> {
  const { limit = DEFAULT_LIMIT, special } = defaults;
  demandLimit(limit);
  if (defaults.task.demands?.quorum !== undefined) {
    throw new TypeError("what is streamed cannot be compared with other copies: quorum is for submit() and map()");
  }
  // Each item is given to one: there is nothing to be shared.
  const options = { ...defaults, special: { ...special, pure: false } };
  const [future] = submitSpecially(session, fn, [args], options, () => defaults.key, STREAM) as [Future<R>];
  // Whatever is wrong, the future and the iteration will say.
  session.ask({ type: "stream-credit", id: futureAccess.id(future), credit: limit }).catch(() => {});
  const load = async () => {
    const { StreamItems } = await import("./stream-items.ts");
    return new StreamItems<T>(session, future, limit);
  };
  const made = new TaskStream<T, R>(future, load);
  abandoned.register(made, giveUp(session, futureAccess.id(future)));
  return made;
}

/**
 * By its number, and not with the future in reach: the error that a future ends with may remember what it was thrown through, the stream among
 * it, which then would never be collected.
 */
const giveUp = (session: Session, id: ClientTaskId) => async () =>
  (await import("./stream-items.ts")).giveUpItems(session, id);

/** Of a stream that nobody holds, nobody will take what it waits to give. */
const abandoned = new FinalizationRegistry<() => Promise<unknown>>((giveUp) => giveUp().catch(() => {}));

/** With none, nothing would ever come. */
function demandLimit(limit: number | undefined): void {
  if (limit !== undefined && !(limit >= 1)) throw new TypeError(`limit must be a number of at least 1, not ${limit}`);
}

/** Tasks that the workers can have in flight together. */
async function countSlots(session: Session): Promise<number> {
  const { workers } = (await session.ask({ type: "scheduler-info" })) as SchedulerInfo;
  return Object.values(workers).reduce((sum, { nThreads }) => sum + nThreads, 0);
}
