/** What pages remember from one visit to the next. Where the browser lets them keep nothing, they begin anew each time. */
import { get, set } from "idb-keyval";

/** What was kept under that name, as far as it is of the form of `fallback`; else what that has. */
export async function recall<T extends object>(name: string, fallback: T): Promise<T> {
  const kept: unknown = await get(name).catch(() => undefined);
  if (typeof kept !== "object" || kept === null) return fallback;
  const fields = Object.entries(fallback).map(([field, value]) => {
    const found = (kept as Record<string, unknown>)[field];
    return [field, typeof found === typeof value ? found : value];
  });
  return Object.fromEntries(fields) as T;
}

export async function remember(name: string, value: object): Promise<void> {
  await set(name, value).catch(() => {});
}
