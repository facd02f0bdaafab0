/** Futures inside of collections: found, and replaced by their values. */

import { isPlainObject } from "../shipping/plain-data.ts";
import { Future, futureAccess, hasFailed } from "./future.ts";
import { asFuture } from "./stand-in.ts";

/** The collection as it is now, and the futures in it, each once. `copies`: what was met before. */
export function snapshot(item: unknown, futures: Future[], copies = new Map<object, object>()): unknown {
  if (typeof item !== "object" || item === null) return item;
  const known = copies.get(item);
  if (known !== undefined) return known;
  const note = <T extends object>(copy: T): T => {
    copies.set(item, copy);
    return copy;
  };
  const future = asFuture(item);
  if (future !== undefined) {
    futures.push(future);
    return note(future);
  }
  const inside = (each: unknown) => snapshot(each, futures, copies);
  if (item instanceof Set) {
    const copy = note(new Set());
    for (const each of item) copy.add(inside(each));
    return copy;
  }
  if (item instanceof Map) {
    const copy = note(new Map());
    for (const [key, value] of item) copy.set(inside(key), inside(value));
    return copy;
  }
  if (!Array.isArray(item) && !isPlainObject(item)) return item;
  const copy = note((Array.isArray(item) ? [...item] : { ...item }) as Record<string, unknown>);
  for (const key of Object.keys(copy)) copy[key] = inside(copy[key]);
  return copy;
}

/** Puts values in place of the futures in what `snapshot` made. */
export function fill(item: unknown, skipsFailed: boolean, seen = new Set<object>()): unknown {
  if (typeof item !== "object" || item === null) return item;
  const isSkipped = (each: unknown) => skipsFailed && each instanceof Future && hasFailed(futureAccess.state(each));
  if (item instanceof Future) return isSkipped(item) ? undefined : futureAccess.value(item);
  if (seen.has(item)) return item;
  seen.add(item);
  const inside = (each: unknown) => fill(each, skipsFailed, seen);
  if (Array.isArray(item)) {
    let kept = 0;
    for (const each of item) if (!isSkipped(each)) item[kept++] = inside(each);
    item.length = kept;
  } else if (item instanceof Set) {
    const items = [...item];
    item.clear();
    for (const each of items) if (!isSkipped(each)) item.add(inside(each));
  } else if (item instanceof Map) {
    const entries = [...item];
    item.clear();
    for (const entry of entries) if (!entry.some(isSkipped)) item.set(inside(entry[0]), inside(entry[1]));
  } else if (isPlainObject(item)) {
    for (const key of Object.keys(item)) item[key] = inside(item[key]);
  }
  return item;
}

/**
 * The futures in a collection: in arrays, plain objects, maps and sets, at any depth, each once.
 *
 * @example
 * ```ts
 * await wait(futuresOf({ rows: client.map(parse, texts), total }));
 * ```
 */
export function futuresOf(collection: unknown): Future[] {
  const futures: Future[] = [];
  snapshot(collection, futures);
  return futures;
}
