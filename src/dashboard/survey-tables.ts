/** What a survey says, as tables. */

import type { TaskSpan } from "../client/recording.ts";
import type { SchedulerInfo } from "../protocol/requests.ts";
import type { MeetingPlace, NameCounts } from "../protocol/survey.ts";
import { bytes, duration, element, shortAddress, table } from "./elements.ts";
import { colourOf, ERROR } from "./palette.ts";

/** Rows that are shown of one table. */
const MOST_ROWS = 200;

export function namedWithColour(name: string): HTMLElement {
  const key = element("i");
  key.style.background = colourOf(name);
  return element("span", { class: "key" }, key, name || "(anonymous)");
}

/** How far each function has come. Tasks whose values have been handed over are done, and only counted. */
export function progressTable(names: readonly NameCounts[]): HTMLElement {
  const rows = [...names].sort((a, b) => b.ms - a.ms).slice(0, MOST_ROWS);
  return table(
    "Tasks by name",
    ["name", "progress", "done", "running", "queued", "waiting", "failed", "each"],
    rows.map(({ name, waiting, queued, processing, memory, erred, runs, ms }) => {
      const done = Math.max(runs - erred, memory);
      const parts = [
        { what: "done", count: done, colour: colourOf(name) },
        { what: "failed", count: erred, colour: ERROR },
        { what: "running", count: processing, colour: `${colourOf(name)}99` },
      ];
      return [
        namedWithColour(name),
        countBar(parts, done + erred + processing + queued + waiting),
        `${done}`,
        `${processing}`,
        `${queued}`,
        `${waiting}`,
        `${erred}`,
        runs === 0 ? "" : duration(ms / runs),
      ];
    }),
  );
}

function countBar(
  parts: readonly { readonly what: string; readonly count: number; readonly colour: string }[],
  whole: number,
): HTMLElement {
  const text = parts.map(({ what, count }) => `${count} ${what}`).join(", ");
  const box = element("div", {
    class: "bar",
    role: "img",
    "aria-label": `${text} of ${whole}`,
    title: `${text} of ${whole}`,
  });
  for (const { count, colour } of parts) {
    if (count === 0) continue;
    const part = element("span");
    part.style.background = colour;
    part.style.width = `${(100 * count) / whole}%`;
    box.append(part);
  }
  return box;
}

/**
 * What is known of workers. Between threads of one place there is no latency to speak of. `busyness`: the part of the last seconds that one has
 * spent on tasks.
 */
export function workersTable(
  { workers }: SchedulerInfo,
  busyness: (worker: string) => number | undefined,
): HTMLElement {
  const rows = Object.entries(workers)
    .slice(0, MOST_ROWS)
    .map(([address, { name, status, nThreads, actors, nValues, nbytes, link, ...worker }]) => {
      const { processing, occupancyMs, heldBytes = nbytes, spilledBytes, memoryLimit, threadBytes, latencyMs } = worker;
      return [
        element("span", { title: address }, name || shortAddress(address)),
        status === "running" ? status : element("span", { class: "waiting" }, status),
        meter(Math.round((busyness(address) ?? 0) * 100)),
        `${processing}${nThreads > 1 ? ` of ${nThreads}` : ""}`,
        duration(Math.round(occupancyMs)),
        `${nValues}`,
        `${bytes(heldBytes)}${memoryLimit === undefined ? "" : ` of ${bytes(memoryLimit)}`}`,
        spilledBytes === undefined ? "" : bytes(spilledBytes),
        threadBytes === undefined ? "" : bytes(threadBytes),
        `${actors}`,
        link,
        latencyMs === undefined ? "" : duration(latencyMs),
      ];
    });
  const about = ["worker", "status", "busy", "in hand", "expected"];
  const held = ["values", "stored", "written out", "memory", "actors", "link", "latency"];
  return table("Workers", [...about, ...held], rows);
}

function meter(percent: number): HTMLElement {
  const filled = element("span");
  filled.style.width = `${percent}%`;
  return element("div", { class: "meter", title: `${percent} % of the last two seconds` }, filled, `${percent} %`);
}

export function meetingTable(places: readonly MeetingPlace[]): HTMLElement {
  return table(
    "Queues, locks and others",
    ["name", "kind", "waiting", "state"],
    places
      .slice(0, MOST_ROWS)
      .map(({ kind, name, waiting, isIdle }) => [name, kind, `${waiting}`, isIdle ? "as new" : "in use"]),
  );
}

export function describeSpan({ kind, name, key, ms, tasks, nbytes, status, worker }: TaskSpan): string {
  const what = kind === "transfer" ? `${bytes(nbytes)} from ${shortAddress(name)}` : `${kind} ${name || "(anonymous)"}`;
  const many = tasks > 1 ? `, ${tasks} tasks` : "";
  const end = status === "error" ? ", failed" : "";
  return [`${what}${many}: ${duration(ms)}${end}`, key, shortAddress(worker)].filter((line) => line).join("\n");
}
