/** Which of the platform's own kinds an object is, as structured clone sees it: by what it is made of, not by what it says it is. */

import { nearestClass } from "../protocol/errors.ts";
import { platform } from "./frame-tags.ts";

export type PlatformKind =
  | { readonly type: "plain" }
  | { readonly type: "refused" }
  | { readonly type: "map"; entries(): IterableIterator<[unknown, unknown]> }
  | { readonly type: "set"; items(): IterableIterator<unknown> }
  | { readonly type: "date"; readonly time: number }
  | { readonly type: "regexp" }
  | { readonly type: "boxed"; readonly value: unknown }
  | { readonly type: "error" }
  | { readonly type: "view"; readonly name: string }
  | { readonly type: "buffer"; readonly isShared: boolean };

const PLAIN = { type: "plain" } as const;
const REFUSED = { type: "refused" } as const;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayName = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)?.get as () => string | undefined;
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get as () => number;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get as () => number;
const bufferLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get as () => number;
const sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, "source")?.get as () => string;

/** What `read` finds in an object that is what it looks like; undefined for one that only looks so. */
function inside<T>(read: (this: never) => T, object: object): T | undefined {
  try {
    return read.call(object as never);
  } catch {
    return undefined;
  }
}

export function kindOf(object: object): PlatformKind {
  if (ArrayBuffer.isView(object)) return { type: "view", name: typedArrayName.call(object) ?? "DataView" };
  const tag = Object.prototype.toString.call(object).slice(8, -1);
  return builtIn(object, tag) ?? (isError(object, tag) ? { type: "error" } : byTag(object, tag));
}

function builtIn(object: object, tag: string): PlatformKind | undefined {
  const is = (name: string, type: unknown): boolean => tag === name || object instanceof (type as ErrorConstructor);
  if (is("Map", Map) && inside(mapSize, object) !== undefined)
    return { type: "map", entries: () => Map.prototype.entries.call(object) };
  if (is("Set", Set) && inside(setSize, object) !== undefined)
    return { type: "set", items: () => Set.prototype.values.call(object) };
  if (is("Date", Date)) {
    const time = inside(Date.prototype.valueOf as () => number, object);
    if (time !== undefined) return { type: "date", time };
  }
  if (is("RegExp", RegExp) && object !== RegExp.prototype && inside(sourceOf, object) !== undefined)
    return { type: "regexp" };
  if (is("ArrayBuffer", ArrayBuffer) && inside(bufferLength, object) !== undefined)
    return { type: "buffer", isShared: false };
  const { SharedArrayBuffer: Shared } = platform;
  if (Shared !== undefined && is("SharedArrayBuffer", Shared)) return { type: "buffer", isShared: true };
  for (const [type, read] of boxes) {
    if (!is(type.name, type)) continue;
    const value = inside(read as () => unknown, object);
    if (value !== undefined) return typeof value === "symbol" ? REFUSED : { type: "boxed", value };
  }
  return undefined;
}

const boxes = [Number, String, Boolean, BigInt, Symbol].map((type) => [type, type.prototype.valueOf] as const);

function isError(object: object, tag: string): boolean {
  return tag === "Error" || (object instanceof Error && tag !== "Object");
}

/** What is left: instances of the program's classes, which travel as their fields, and what only the platform knows. */
function byTag(object: object, tag: string): PlatformKind {
  if (tag === "Object") return isUncloneable(object) ? REFUSED : PLAIN;
  // Its class may only call itself something: then the platform makes a plain object of it, of anything else not.
  try {
    const clone = platform.structuredClone?.(object);
    return clone !== undefined && Object.getPrototypeOf(clone) === Object.prototype ? PLAIN : REFUSED;
  } catch {
    return REFUSED;
  }
}

/** What hides what it is. */
function isUncloneable(object: object): boolean {
  return (
    object instanceof Promise || object instanceof WeakMap || object instanceof WeakSet || object instanceof WeakRef
  );
}

export interface PlainError {
  readonly base: string;
  readonly className: string | undefined;
  readonly name: string | undefined;
  readonly message: string | undefined;
  readonly stack: string | undefined;
  /** Its own properties that errors have out of sight: cause and errors. */
  readonly hidden: readonly string[];
  /** Names of its own fields. */
  readonly fields: readonly string[];
}

const UNSEEN = ["name", "message", "stack"];

export function plainOf(error: Error): PlainError {
  const own = (name: string): string | undefined => {
    const value: unknown = Object.hasOwn(error, name) ? (error as unknown as Record<string, unknown>)[name] : undefined;
    return value === undefined ? undefined : String(value);
  };
  const { base, className } = nearestClass(error);
  return {
    base,
    className,
    name: typeof error.name === "string" ? error.name : undefined,
    message: base === "DOMException" ? error.message : own("message"),
    stack: typeof error.stack === "string" ? error.stack : undefined,
    hidden: ["cause", "errors"].filter((name) => Object.hasOwn(error, name)),
    fields: Object.keys(error).filter((name) => !UNSEEN.includes(name) && name !== "cause" && name !== "errors"),
  };
}
