/** Submitting in ways that few do: under a name, once for all who ask for the same, or for as long as a signal allows. */

import { CancelledError } from "../protocol/errors.ts";
import type { ClientTaskId, Key } from "../protocol/identity.ts";
import { ACTOR, isReference, PACKED } from "../protocol/task-spec.ts";
import { contentHash } from "../shipping/content-hash.ts";
import { type AnyFunction, markedFunction } from "../shipping/function-source.ts";
import { REFERENCE_MARK } from "../shipping/plain-data.ts";
import { captureArguments, type Naming } from "./argument-capture.ts";
import type { SubmitOptions } from "./call-options.ts";
import { type Future, futureAccess } from "./future.ts";
import type { KnownFunction } from "./known-functions.ts";
import type { Session } from "./session.ts";

export interface Specialities {
  readonly pure?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** `ACTOR` if these are classes. */
  readonly kind?: number;
}

/** What a client was told of all that is submitted through it. */
export interface Defaults extends SubmitOptions {
  readonly keys?: readonly Key[] | undefined;
  readonly limit?: number | undefined;
  readonly special?: Specialities | undefined;
}

/** The key of one of several tasks, if they have been given any. */
export function keyOfEach({ key, keys }: Defaults, i: number): Key | undefined {
  return key === undefined ? keys?.[i] : `${key}-${i}`;
}

/**
 * One task for each of `rows`, which are arguments.
 *
 * @param keyOf - the key of each that has been given one.
 * @param kind - `STREAM` if it is to give many values.
 */
export function submitSpecially(
  session: Session,
  fn: AnyFunction,
  rows: Iterable<unknown[]>,
  { task, special: { pure, signal, kind: usual = 0 } = {} }: Defaults,
  keyOf: (row: number) => Key | undefined,
  kind = usual,
): Future[] {
  const known = session.know(fn, kind);
  if (kind === ACTOR && known.as.spec.kind === "source" && !/^\(*class\b/.test(known.as.spec.source)) {
    throw new TypeError(`actor() takes a class, not the function ${known.as.spec.name}; submit() runs it`);
  }
  const { name = known.origin.prefix } = task;
  const named: KnownFunction = { as: known.as, origin: { owner: session, prefix: name } };
  const options: SubmitOptions = { task };
  const futures = Array.from(rows, (args, i) => {
    if (signal?.aborted) return neverSent(session, name, signal);
    const keys = new Map<ClientTaskId, string>();
    const shape = captureArguments(args, pure ? remembering(session.naming, keys) : session.naming);
    const key = keyOf(i) ?? (pure ? `${name || "task"}-${hashCall(known, args, shape, keys)}` : undefined);
    return session.append(named, args, shape | kind, key === undefined ? options : { task, key });
  });
  if (signal?.aborted === false) cancelOn(signal, futures, session);
  return futures;
}

/** A future on a task that was cancelled before. */
function neverSent(session: Session, name: string, signal: AbortSignal): Future {
  const future = session.create(name, undefined);
  const { key } = future;
  const reason = String(signal.reason);
  futureAccess.change(future, "cancelled", new CancelledError(`${key} was cancelled: ${reason}`, { key, reason }));
  return future;
}

/** Names futures and arrays as `naming` does, and notes what each stands for. */
function remembering(naming: Naming, keys: Map<ClientTaskId, string>): Naming {
  const note = (id: ClientTaskId, key: string) => {
    keys.set(id, key);
    return id;
  };
  return {
    refer: (future) => note(naming.refer(future), future.key),
    // Whether its value is here already must make no difference.
    literalOf: () => undefined,
    notice: (array) => note(naming.notice(array), contentHash(array)),
  };
}

/** The same for equal functions with equal arguments, and for no others. */
function hashCall(
  { as: { spec } }: KnownFunction,
  slots: readonly unknown[],
  shape: number,
  keys: ReadonlyMap<ClientTaskId, string>,
): string {
  const isPacked = (shape & PACKED) !== 0;
  const args = isPacked ? slots[0] : slots.map((slot, i) => (isReference(shape, i) ? { [REFERENCE_MARK]: i } : slot));
  return contentHash([spec.hash, args], (object) => {
    const slot = (object as { [REFERENCE_MARK]?: number })[REFERENCE_MARK];
    return slot === undefined ? markedFunction(object)?.hash : keys.get(slots[slot] as ClientTaskId);
  });
}

/** Cancels those of `futures` that are not done when `signal` is aborted. Once all are done, the signal hears no more of us. */
function cancelOn(signal: AbortSignal, futures: readonly Future[], session: Session): void {
  const cancel = () =>
    session.cancel(
      futures.filter((future) => !future.done()),
      { reason: String(signal.reason) },
    );
  signal.addEventListener("abort", cancel);
  let left = futures.length;
  for (const future of futures) {
    futureAccess.watch(future, {
      changed: () => {
        if (!future.done()) return true;
        left -= 1;
        if (left === 0) signal.removeEventListener("abort", cancel);
        return false;
      },
    });
  }
}
