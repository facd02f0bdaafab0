/** What was captured, put together again with values in place of the marks: see `references.ts`. */

import type { FunctionSpec } from "./function-source.ts";
import { FUNCTION_MARK, HANDLE_MARK, isPlainObject, REFERENCE_MARK, type Revive } from "./plain-data.ts";

/**
 * Puts values in place of the marks in `packed`, which is written into.
 *
 * @param input - the value for a slot.
 * @param compile - makes a function of its description; what it returns may be a promise, then so is the result.
 * @param revive - makes a handle of its description, or a promise of one.
 */
export function restore(
  packed: unknown,
  input: (slot: number) => unknown,
  compile: (spec: FunctionSpec) => unknown,
  revive: Revive = refuseHandle,
): unknown {
  const seen = new Set<object>();
  const pending: Promise<unknown>[] = [];
  /** Maps and sets are filled again in the end, so that what was put into them is in its place. */
  const rebuild: (() => void)[] = [];

  const put = (item: unknown, place: (value: unknown) => void): void => {
    if (typeof item !== "object" || item === null) return;
    const slot = (item as { [REFERENCE_MARK]?: number })[REFERENCE_MARK];
    if (slot !== undefined) return place(input(slot));
    const spec = (item as { [FUNCTION_MARK]?: FunctionSpec })[FUNCTION_MARK];
    const handle = (item as { [HANDLE_MARK]?: object })[HANDLE_MARK];
    if (spec === undefined && handle === undefined) return visit(item);
    if (handle !== undefined) visit(handle);
    const made = spec === undefined ? revive(handle as object) : compile(spec);
    if (made instanceof Promise) pending.push(made.then(place));
    else place(made);
  };

  const visit = (container: object): void => {
    if (seen.has(container)) return;
    seen.add(container);
    if (container instanceof Map) {
      const entries = [...container];
      for (const entry of entries) visit(entry);
      rebuild.push(() => {
        container.clear();
        for (const [key, item] of entries) container.set(key, item);
      });
    } else if (container instanceof Set) {
      const items = [...container];
      visit(items);
      rebuild.push(() => {
        container.clear();
        for (const item of items) container.add(item);
      });
    } else if (Array.isArray(container) || isPlainObject(container)) {
      const record = container as Record<string, unknown>;
      for (const key of Object.keys(record)) {
        put(record[key], (value) => {
          record[key] = value;
        });
      }
    }
  };

  const root = { packed };
  visit(root);
  const finish = () => {
    for (const each of rebuild) each();
    return root.packed;
  };
  return pending.length === 0 ? finish() : Promise.all(pending).then(finish);
}

/** For where there are no clients that a handle could belong to. */
export function refuseHandle(): never {
  throw new TypeError("a queue, lock or the like cannot arrive here");
}
