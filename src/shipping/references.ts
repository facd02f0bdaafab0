/** Futures and functions found among arguments and captured with them; `restore.ts` puts values in their place where the task runs. */

import { UnserializableError } from "../protocol/errors.ts";
import { type AnyFunction, describeFunction } from "./function-source.ts";
import { isUncloneable } from "./measure.ts";
import { describeHandle, FUNCTION_MARK, HANDLE_MARK, isPlainObject, REFERENCE_MARK } from "./plain-data.ts";

/** Copies a value that has no parts we could look into (a Blob, an Error, …), or throws. */
export type CloneWhole = (value: object) => unknown;

export interface Captured<R> {
  readonly value: unknown;
  /** What was referred to, by mark. */
  readonly references: readonly R[];
  /** Whether there is anything to be put back: references or functions. */
  readonly isPacked: boolean;
  readonly hasFunctions: boolean;
  /** Buffers of the copy, which nobody else has. */
  readonly buffers: readonly ArrayBuffer[];
}

/**
 * Copies `value` as structured clone would, so that nothing done to the original later is seen, but with marks in place of futures,
 * functions and handles.
 *
 * @param referenceOf - what an object stands for if it is a future, else undefined.
 * @param moved - buffers that are ours already and need no copy.
 * @param references - what has been referred to so far, to be counted on.
 * @throws {@link UnserializableError} naming the place of what cannot travel.
 */
export function capture<R extends object>(
  value: unknown,
  path: string,
  referenceOf: (value: object) => R | undefined,
  cloneWhole: CloneWhole,
  moved?: ReadonlyMap<ArrayBuffer, ArrayBuffer>,
  references: R[] = [],
): Captured<R> {
  const buffers: ArrayBuffer[] = [];
  const copies = new Map<object, unknown>(moved);
  let hasReferences = false;
  let hasFunctions = false;

  const copyOf = (original: unknown, path: string): unknown => {
    if (typeof original === "function") {
      hasFunctions = true;
      return { [FUNCTION_MARK]: describeFunction(original as AnyFunction, path) };
    }
    if (typeof original === "symbol") refuse(path, "a symbol");
    if (typeof original !== "object" || original === null) return original;
    const known = copies.get(original);
    if (known !== undefined) return known;
    const reference = referenceOf(original);
    if (reference !== undefined) {
      hasReferences = true;
      let slot = references.indexOf(reference);
      if (slot < 0) slot = references.push(reference) - 1;
      return { [REFERENCE_MARK]: slot + 1 };
    }
    const handle = describeHandle(original);
    if (handle !== undefined) return note(original, { [HANDLE_MARK]: copyOf(handle, path) });
    return copyObject(original, path);
  };

  const note = <T extends object>(original: object, copy: T): T => {
    copies.set(original, copy);
    return copy;
  };

  const copyBuffer = (original: ArrayBuffer): ArrayBuffer => {
    const known = copies.get(original) as ArrayBuffer | undefined;
    if (known !== undefined) return known;
    const copy = original.slice(0);
    buffers.push(copy);
    return note(original, copy);
  };

  const copyObject = (original: object, path: string): unknown => {
    if (Array.isArray(original)) {
      const copy = note(original, new Array<unknown>(original.length));
      for (const key of Object.keys(original)) {
        (copy as unknown as Record<string, unknown>)[key] = copyOf(original[key as never], `${path}[${key}]`);
      }
      return copy;
    }
    if (original instanceof ArrayBuffer) return copyBuffer(original);
    if (ArrayBuffer.isView(original) && original.buffer instanceof ArrayBuffer) {
      const { byteOffset } = original;
      const length = original instanceof DataView ? original.byteLength : (original as Uint8Array).length;
      const Type = original.constructor as new (buffer: ArrayBuffer, byteOffset: number, length: number) => object;
      // A small view on a large buffer takes along only what it shows.
      const isWhole = moved?.has(original.buffer) === true || original.byteLength === original.buffer.byteLength;
      if (isWhole) return note(original, new Type(copyBuffer(original.buffer), byteOffset, length));
      const part = original.buffer.slice(byteOffset, byteOffset + original.byteLength);
      buffers.push(part);
      return note(original, new Type(part, 0, length));
    }
    if (original instanceof Map) {
      const copy = note(original, new Map());
      let i = 0;
      for (const [key, item] of original) copy.set(copyOf(key, `${path}[key ${i}]`), copyOf(item, `${path}[${i++}]`));
      return copy;
    }
    if (original instanceof Set) {
      const copy = note(original, new Set());
      let i = 0;
      for (const item of original) copy.add(copyOf(item, `${path}[${i++}]`));
      return copy;
    }
    if (isUncloneable(original)) refuse(path, `a ${original.constructor.name}`);
    if (!isPlainObject(original) && isPlatforms(original)) {
      try {
        return note(original, cloneWhole(original) as object);
      } catch (cause) {
        return refuse(path, `a ${original.constructor.name}`, cause);
      }
    }
    const copy = note(original, {} as Record<string, unknown>);
    for (const [key, item] of Object.entries(original)) define(copy, key, copyOf(item, `${path}.${key}`));
    return copy;
  };

  const copy = copyOf(value, path);
  return { value: copy, references, isPacked: hasReferences || hasFunctions, hasFunctions, buffers };
}

/** Whether it is not of a class written in JavaScript, whose instances travel as their fields. */
function isPlatforms(value: object): boolean {
  const tag = Object.prototype.toString.call(value);
  return tag !== "[object Object]" || value instanceof Error;
}

function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else target[key] = value;
}

function refuse(path: string, what: string, cause?: unknown): never {
  const options = cause === undefined ? undefined : { cause };
  throw new UnserializableError(
    `${path} is ${what}, which cannot travel to a worker; pass plain data, and make it there`,
    { path },
    options,
  );
}
