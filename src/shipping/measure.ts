/** How many bytes a value holds, which buffers are in it, and whether it can travel at all: one fast walk for all three. */

import { DESCRIBE, isFutureLike } from "./plain-data.ts";

/** Bytes an object or an entry takes beside what it refers to, roughly as engines lay it out. */
const OBJECT_BYTES = 32;
const ENTRY_BYTES = 16;
const NUMBER_BYTES = 8;

export interface Measured {
  /** An estimate; exact for what is in buffers. */
  readonly nbytes: number;
  /** Each once, however many views look at it. */
  readonly buffers: ReadonlySet<ArrayBuffer>;
  /** Where something is that cannot travel, as `.a[3]`, and what; undefined if all of it can. */
  readonly problem: { readonly path: string; readonly what: string } | undefined;
  /** Whether futures are among what is in it: they travel packed. */
  readonly hasFutures: boolean;
}

interface Walk {
  nbytes: number;
  readonly buffers: Set<ArrayBuffer>;
  readonly seen: Set<object>;
  readonly clone: ((value: object) => unknown) | undefined;
  problem: Measured["problem"];
  hasFutures: boolean;
}

const NO_BUFFERS: ReadonlySet<ArrayBuffer> = new Set();

/** `clone`: how to find out whether something of the platform's own can travel. Without it, that is taken for granted. */
export function measure(value: unknown, clone?: (value: object) => unknown): Measured {
  if (typeof value === "number")
    return { nbytes: NUMBER_BYTES, buffers: NO_BUFFERS, problem: undefined, hasFutures: false };
  const walk: Walk = {
    nbytes: 0,
    buffers: new Set(),
    seen: new Set(),
    clone,
    problem: undefined,
    hasFutures: false,
  };
  visit(value, "", walk);
  return walk;
}

function visit(value: unknown, path: string, walk: Walk): void {
  switch (typeof value) {
    case "string":
      walk.nbytes += 2 * value.length;
      return;
    case "object":
      if (value !== null) visitObject(value, path, walk);
      return;
    case "function":
    case "symbol":
      walk.problem ??= { path, what: `a ${typeof value}` };
      return;
    case "bigint":
      walk.nbytes += ENTRY_BYTES;
      return;
    default:
      walk.nbytes += NUMBER_BYTES;
  }
}

function visitObject(value: object, path: string, walk: Walk): void {
  if (walk.seen.has(value)) return;
  walk.seen.add(value);
  walk.nbytes += OBJECT_BYTES;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === "number") walk.nbytes += NUMBER_BYTES;
      else visit(item, item !== null && typeof item === "object" ? `${path}[${i}]` : path, walk);
      if (walk.problem !== undefined) {
        if (walk.problem.path === path) walk.problem = { ...walk.problem, path: `${path}[${i}]` };
        return;
      }
    }
    return;
  }
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (buffer instanceof ArrayBuffer) {
    if (!walk.buffers.has(buffer)) walk.nbytes += buffer.byteLength;
    walk.buffers.add(buffer);
    return;
  }
  if (value instanceof Map) {
    let i = 0;
    for (const [key, item] of value) {
      walk.nbytes += ENTRY_BYTES;
      visit(key, `${path}[key ${i}]`, walk);
      visit(item, `${path}[${i++}]`, walk);
    }
  } else if (value instanceof Set) {
    let i = 0;
    for (const item of value) visit(item, `${path}[${i++}]`, walk);
  } else if (isUncloneable(value) || (walk.clone !== undefined && isRefused(value, walk.clone))) {
    walk.problem ??= { path, what: `a ${typeOf(value)}` };
  } else {
    const keys = Object.keys(value);
    if (keys.length === 0 && (isFutureLike(value) || DESCRIBE in value)) walk.hasFutures = true;
    for (const key of keys) {
      walk.nbytes += ENTRY_BYTES;
      visit((value as Record<string, unknown>)[key], `${path}.${key}`, walk);
    }
  }
}

/** Built-ins that no clone can be made of. Of what the platform adds to them, the platform itself complains. */
export function isUncloneable(value: object): boolean {
  return value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef;
}

/** Whether the platform refuses to clone an object of its own: a port, a socket. */
function isRefused(value: object, clone: (value: object) => unknown): boolean {
  if (Object.getPrototypeOf(value) === Object.prototype) return false;
  if (/^\[object (Object|Error|Date|RegExp)\]$/.test(Object.prototype.toString.call(value))) return false;
  try {
    clone(value);
    return false;
  } catch {
    return true;
  }
}

/** `number`, `string`, … or the class of an object. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? (value.constructor?.name ?? "Object") : typeof value;
}
