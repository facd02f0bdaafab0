/** Reopening: whether the room was open in this tab before it was loaded anew, and what was left under way when one was closed. */
import { recall, remember } from "../shared/remembered.ts";

const OPEN = "room is open";
const SERVER = "secret of the server";

/** Where a room is: in this page, with so many of its threads, or at the scheduler of the server that the page comes from. */
export interface Site {
  /** Of this page's; 0 at the server, which has its own. */
  readonly threads: number;
  /** The secret of the server's scheduler; empty in this page. */
  readonly token: string;
}

/** Where the room was open, if the tab was loaded anew since; a copy of the tab is another. */
export function siteBefore(): Site | undefined {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const isAnew = navigation?.type === "reload" || (document as { wasDiscarded?: boolean }).wasDiscarded === true;
  const { threads, token } = recallHere<Partial<Site>>(OPEN) ?? {};
  if (!isAnew || typeof threads !== "number" || typeof token !== "string") return undefined;
  return threads > 0 || token !== "" ? { threads, token } : undefined;
}

/** Undefined when the room is closed. */
export function noteOpen(site: Site | undefined): void {
  rememberHere(OPEN, site);
}

/**
 * The secret of the server's scheduler, which stood in the address by which this tab was opened. There it is not left, where it would be
 * given away with the address.
 */
export function serverToken(): string {
  const [, token] = /^#scheduler=([\w-]+)$/.exec(location.hash) ?? [];
  if (token === undefined) return recallHere<string>(SERVER) ?? "";
  rememberHere(SERVER, token);
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** What this tab remembers; undefined where there is no storage. */
function recallHere<T>(name: string): T | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(name) ?? "null") as T | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function rememberHere(name: string, value: unknown): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(value ?? null));
  } catch {
    // Without storage, the room is opened by hand again.
  }
}

const NOTHING_LEFT = { jobs: 0 };

/** Jobs that were not done when the page went. */
export async function jobsLeft(): Promise<number> {
  return (await recall("left", NOTHING_LEFT)).jobs;
}

export function noteJobsLeft(jobs: number): Promise<void> {
  return remember("left", { jobs } satisfies typeof NOTHING_LEFT);
}
