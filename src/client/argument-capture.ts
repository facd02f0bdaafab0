/** Arguments and data as they were at the call: copied or moved, with futures in them turned into references. */

import { UnserializableError } from "../protocol/errors.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import { FUTURES_MARK, type PackedFutures } from "../protocol/packed-futures.ts";
import type { PackedValue } from "../protocol/packed-value.ts";
import { MAX_REFERENCE_SLOTS, PACKED } from "../protocol/task-spec.ts";
import { capture } from "../shipping/references.ts";
import { takeTransfers } from "../shipping/transfer.ts";
import { Future, futureAccess } from "./future.ts";
import { isLargeArray } from "./noticed.ts";
import { asFuture } from "./stand-in.ts";

/** How futures and large arrays are named in messages. */
export interface Naming {
  /** The number by which the scheduler knows the future. */
  refer(future: Future): ClientTaskId;
  /** The future's value, if that is here and cheaper to send than to refer to. */
  literalOf(future: Future): { readonly value: unknown } | undefined;
  /** The number by which the scheduler knows this array, which it is given if need be. */
  notice(array: ArrayBufferView | ArrayBuffer): ClientTaskId;
}

/** Captures `args` in place, as slots of a row; returns the row's shape. Throws before anything is named. */
export function captureArguments(args: unknown[], naming: Naming): number {
  let isPlain = true;
  let hasFutures = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    // What it is comes first: to ask a number whether it is a future takes long.
    if (typeof arg === "object" && arg !== null) {
      if (arg instanceof Future && i < MAX_REFERENCE_SLOTS) hasFutures = true;
      else isPlain = false;
    } else if (typeof arg === "function" || typeof arg === "symbol") isPlain = false;
  }
  if (!isPlain) return captureObjects(args, naming);
  if (!hasFutures) return 0;
  let shape = 0;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (!(arg instanceof Future)) continue;
    const literal = futureAccess.state(arg) === "finished" ? naming.literalOf(arg) : undefined;
    args[i] = literal === undefined ? naming.refer(arg) : literal.value;
    if (literal === undefined) shape |= 1 << i;
  }
  return shape;
}

function captureObjects(args: unknown[], naming: Naming): number {
  const named = (arg: unknown, i: number) =>
    i < MAX_REFERENCE_SLOTS && typeof arg === "object" && arg !== null && (arg instanceof Future || isLargeArray(arg));
  // All that can fail comes first, and only then is anything named.
  const references: Future[] = [];
  const captured = args.map((arg, i) => (named(arg, i) ? undefined : captureOne(arg, `args[${i}]`, references)));
  if (captured.some((one) => one?.isPacked)) return pack(args, captured, references, naming);
  let shape = 0;
  for (const [i, arg] of args.entries()) {
    const one = captured[i];
    if (one !== undefined) args[i] = one.value;
    else {
      args[i] = arg instanceof Future ? naming.refer(arg) : naming.notice(arg as ArrayBuffer);
      shape |= 1 << i;
    }
  }
  return shape;
}

type Captured = ReturnType<typeof captureOne>;

/** All arguments as one value with marks in it, and the tasks that the marks stand for. */
function pack(
  args: unknown[],
  captured: readonly (Captured | undefined)[],
  references: Future[],
  naming: Naming,
): number {
  const together = captured.map((one, i) => (one ?? captureOne(args[i], `args[${i}]`, references)).value);
  args.length = 0;
  args.push(together);
  for (const reference of references) args.push(naming.refer(reference));
  return PACKED;
}

/** One of several, whose futures are counted on. */
export function captureOne(value: unknown, path: string, references: Future[]) {
  const transfers = takeTransfers(value);
  if (transfers === undefined) return capture(value, path, asFuture, structuredClone, undefined, references);
  const asItIs = new Map<ArrayBuffer, ArrayBuffer>(transfers.map((buffer) => [buffer, buffer]));
  const captured = capture(value, path, asFuture, structuredClone, asItIs, references);
  return { ...captured, value: moveBuffers(captured.value, transfers, path) };
}

/** A value that is to be kept as it is, with the futures in it; if there are any, it is packed. */
export interface CapturedData {
  readonly value: unknown;
  readonly futures: readonly Future[];
}

/** Captures a value that is to be kept as it is, and may hold neither futures nor functions. */
export function captureData(original: unknown, path: string): unknown {
  const { value, futures } = captureWithFutures(original, path);
  if (futures.length > 0) throw new TypeError(`${path} holds futures; submit a function that takes them instead`);
  return value;
}

/** Captures a value that may hold futures, but no functions. */
export function captureWithFutures(original: unknown, path: string): CapturedData {
  const futures: Future[] = [];
  const { value, hasFunctions } = captureOne(original, path, futures);
  if (hasFunctions) refuseFunctions(path);
  return { value: futures.length === 0 ? value : packFutures(value, futures), futures };
}

/** `value`: with marks in place of the futures. */
export function packFutures(value: unknown, futures: readonly Future[]): PackedFutures {
  return { [FUTURES_MARK]: futures.map(({ key }) => key), value };
}

/** Captures a value that the scheduler is to keep for clients, and may hold futures. */
export function packValue(value: unknown, path: string, naming: Naming): PackedValue {
  const references: Future[] = [];
  const captured = captureOne(value, path, references);
  if (captured.hasFunctions) refuseFunctions(path);
  return { value: captured.value, tasks: references.map((future) => naming.refer(future)) };
}

function refuseFunctions(path: string): never {
  throw new UnserializableError(`${path} holds functions; pass them as arguments, or take them along with closure()`, {
    path,
  });
}

/** Captures what goes to every worker: it may hold functions, but no futures. */
export function captureWithoutFutures(value: unknown, path: string) {
  const captured = capture(value, path, asFuture, structuredClone);
  if (captured.references.length === 0) return captured;
  throw new TypeError(`${path} holds futures; submit a function that takes them instead`);
}

function moveBuffers(value: unknown, buffers: readonly ArrayBuffer[], path: string): unknown {
  try {
    return structuredClone(value, { transfer: [...buffers] });
  } catch (cause) {
    throw new UnserializableError(`${path} cannot be transferred: ${String(cause)}`, { path }, { cause });
  }
}
