/** Reopening: whether the room was open in this tab before it was loaded anew, and what was left under way when one was closed. */
import { recall, remember } from "../shared/remembered.ts";

const OPEN = "room is open";

/** With how many threads of this page's the room was open, if the tab was loaded anew since; a copy of the tab is another. */
export function threadsBefore(): number | undefined {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const isAnew = navigation?.type === "reload" || (document as { wasDiscarded?: boolean }).wasDiscarded === true;
  try {
    const threads = Number(sessionStorage.getItem(OPEN));
    return isAnew && Number.isInteger(threads) && threads > 0 ? threads : undefined;
  } catch {
    return undefined;
  }
}

/** `threads`: 0 when the room is closed. */
export function noteOpen(threads: number): void {
  try {
    sessionStorage.setItem(OPEN, `${threads}`);
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
