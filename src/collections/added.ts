/** The list with one item more, for lists of which most are of one: V8 makes room for 17 in one that grows (https://v8.dev/blog/elements-kinds). */
export function added<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
