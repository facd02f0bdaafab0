/** Where functions may keep buffers that they return: what is kept cannot be transferred away. */

import { type FunctionSpec, markedFunction } from "../shipping/function-source.ts";
import { measure } from "../shipping/measure.ts";

/** Whether some of `buffers` are found in `kept`, or could be hidden where nobody can look: in a function or a weak map. */
export function mayHold(kept: unknown, buffers: ReadonlySet<ArrayBuffer>): boolean {
  if (typeof kept === "function") return true;
  if (typeof kept !== "object" || kept === null || kept instanceof WeakRef) return false;
  const measured = measure(kept);
  if (measured.problem !== undefined) return true;
  for (const buffer of measured.buffers) if (buffers.has(buffer)) return true;
  return false;
}

/** Whether a function may keep things in a module, or on itself or on a function or class that it took along. */
export function keepsOnFunctions(spec: FunctionSpec): boolean {
  if (spec.kind !== "source") return spec.kind === "module";
  const inner = Object.entries(spec.bindings ?? {}).flatMap(([name, value]) => {
    const bound = markedFunction(value);
    return bound === undefined ? [] : [{ name, bound }];
  });
  const names = [spec.name, ...inner.map(({ name }) => name)];
  const sources = [spec.source, ...inner.map(({ bound }) => (bound.kind === "source" ? bound.source : ""))];
  return (
    sources.some((source) => /\bimport\s*\(/.test(source) || names.some((name) => usesAsObject(source, name))) ||
    inner.some(({ bound }) => keepsOnFunctions(bound))
  );
}

/** Whether `source` does anything else with `name` than to call it. Sees more than there is rather than less. */
function usesAsObject(source: string, name: string): boolean {
  if (name === "") return false;
  for (let at = source.indexOf(name); at >= 0; at = source.indexOf(name, at + 1)) {
    const before = source.slice(Math.max(0, at - 10), at);
    const after = source.slice(at + name.length, at + name.length + 10);
    if (!/(["'`\w$.]|\b(class|function)\s+)$/.test(before) && !/^[\w$"'`]|^\s*\(/.test(after)) return true;
  }
  return false;
}
