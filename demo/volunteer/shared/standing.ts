/** Standing: what the organiser tells all who help, and what they make of it, who have to look at it first. */
import { isColour } from "./colour.ts";

export interface Entry {
  /** What the library calls the hosts of whoever it is: by that one finds oneself. */
  readonly hosts: readonly string[];
  readonly name: string;
  readonly colour: string;
  /** Parts of jobs that were accepted. */
  readonly parts: number;
}

export interface Standing {
  readonly jobs: readonly { readonly title: string; readonly done: number; readonly total: number }[];
  readonly entries: readonly Entry[];
}

/** No more are told of. */
export const MOST_ENTRIES = 50;
export const MOST_JOBS = 5;
const MOST_TEXT = 100;

/** What of it can be shown; undefined if it is something else. */
export function readStanding(value: unknown): Standing | undefined {
  const { jobs, entries } = fields(value);
  if (!Array.isArray(jobs) || !Array.isArray(entries)) return undefined;
  return {
    jobs: jobs.slice(0, MOST_JOBS).map((job) => {
      const { title, done, total } = fields(job);
      return { title: text(title), done: amount(done), total: amount(total) };
    }),
    entries: entries.slice(0, MOST_ENTRIES).map((entry) => {
      const { hosts, name, colour, parts } = fields(entry);
      return {
        hosts: Array.isArray(hosts) ? hosts.slice(0, MOST_ENTRIES).map(text) : [],
        name: text(name),
        colour: isColour(colour) ? colour : "gray",
        parts: amount(parts),
      };
    }),
  };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MOST_TEXT) : "";
}

function amount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}
