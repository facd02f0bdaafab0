/** Where in a value something lies. Looked for only once it is known to be there, so that encoding need not keep track. */

/** As `.args[1].socket`; the shortest way to it is not promised. */
export function pathTo(root: unknown, culprit: unknown): string {
  const seen = new Set<unknown>();
  const open: { value: unknown; path: string }[] = [{ value: root, path: "" }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { value, path } = at;
    if (Object.is(value, culprit)) return path;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const inner = within(value).map(([name, each]) => ({ value: each, path: path + name }));
    open.push(...inner.reverse());
  }
  return "";
}

function within(object: object): [string, unknown][] {
  const entries: [string, unknown][] = [];
  if (object instanceof Map) {
    let i = 0;
    for (const [key, value] of object) {
      entries.push([`[key ${i}]`, key], [`[${i++}]`, value]);
    }
  } else if (object instanceof Set) {
    let i = 0;
    for (const item of object) entries.push([`[${i++}]`, item]);
  } else if (ArrayBuffer.isView(object)) entries.push([".buffer", object.buffer]);
  else {
    for (const key of Object.keys(object))
      entries.push([nameOf(object, key), (object as Record<string, unknown>)[key]]);
    if (object instanceof Error) entries.push([".cause", object.cause]);
    if (object instanceof AggregateError) entries.push([".errors", object.errors]);
  }
  return entries;
}

function nameOf(object: object, key: string): string {
  if (Array.isArray(object) && /^\d+$/.test(key)) return `[${key}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
