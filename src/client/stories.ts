/** The story of one task, as `client.story()` tells it. */

import { MOVE_FIELDS, type StoryAnswer, type TaskNow } from "../protocol/stories.ts";
import { spansIn, type TaskSpan } from "./recording.ts";
import type { Session } from "./session.ts";

/** One thing that happened to a task, or to a worker that had it. */
export interface StoryStep {
  /** In milliseconds since 1970. */
  readonly atMs: number;
  /** Who saw it: `scheduler`, or the address of a worker. */
  readonly seenBy: string;
  /** As `queued -> processing`, `compute` or `worker-removed`. */
  readonly what: string;
  /** The worker that it was about. */
  readonly worker: string | undefined;
  /** How long it took, in milliseconds, if it was more than a moment. */
  readonly ms: number | undefined;
  /** The number of the event that made the scheduler do it: what has the same happened together. */
  readonly stimulus: number | undefined;
  /** More about it: that it failed, why a worker ended. */
  readonly note: string | undefined;
}

export interface TaskStory {
  readonly key: string;
  /** The task at this moment; undefined if the scheduler has none of this key, or has forgotten it. */
  readonly now: TaskNow | undefined;
  /** What happened, the oldest first, as far as it was recorded. */
  readonly steps: readonly StoryStep[];
  /** Since when moves are noted, in milliseconds since 1970; undefined if nobody records at the moment. */
  readonly recordedSince: number | undefined;
  /** Whether moves of it may be missing since then: where tasks move more than 20,000 times a second, those of some are left out. */
  readonly isPartial: boolean;
  /** The same for people, a line each. */
  toString(): string;
}

export async function readStory(session: Session, key: string): Promise<TaskStory> {
  const answer = (await session.ask({ type: "story", key })) as StoryAnswer;
  const sinceMs = Date.now() - answer.nowMs;
  const steps = [
    ...movesIn(answer, sinceMs),
    ...answer.traces.flatMap(spansIn).flatMap((span) => (span.key === key ? spanStep(span) : [])),
    ...answer.events.map(({ atMs, from, message }) => {
      const { type, worker, reason, workers } = message as Record<string, unknown>;
      const note = reason ?? (Array.isArray(workers) ? workers.join(", ") : undefined);
      return step(atMs + sinceMs, from, `${type}`, { worker: worker as string | undefined, note: note as string });
    }),
  ].sort((a, b) => a.atMs - b.atMs);
  const recordedSince = answer.sinceMs === undefined ? undefined : answer.sinceMs + sinceMs;
  const { now, isPartial } = answer;
  const story = { key, now, steps, recordedSince, isPartial };
  return { ...story, toString: () => storyText(story) };
}

type Details = Partial<Omit<StoryStep, "atMs" | "seenBy" | "what">>;

function step(atMs: number, seenBy: string, what: string, details: Details): StoryStep {
  return { atMs, seenBy, what, worker: undefined, ms: undefined, stimulus: undefined, note: undefined, ...details };
}

function movesIn({ texts, moves }: StoryAnswer, sinceMs: number): StoryStep[] {
  const steps: StoryStep[] = [];
  // A task is out of its worker's hands when it moves on.
  let last: string | undefined;
  for (let i = 0; i < moves.length; i += MOVE_FIELDS) {
    const [from = 0, to = 0, worker = -1, stimulus, atMs = 0] = moves.slice(i, i + MOVE_FIELDS);
    const isRunning = texts[from] === "processing";
    last = texts[worker] ?? (isRunning ? last : undefined);
    steps.push(step(atMs + sinceMs, "scheduler", `${texts[from]} -> ${texts[to]}`, { worker: last, stimulus }));
  }
  return steps;
}

function spanStep({ worker, kind, beganMs, ms, status }: TaskSpan): StoryStep {
  return step(beganMs, worker, kind, { worker, ms, note: status === "error" ? "it failed" : undefined });
}

/** A story in lines. */
export function storyText({ key, now, steps, recordedSince, isPartial }: Omit<TaskStory, "toString">): string {
  const gone = steps.length > 0 ? "it is over, and forgotten" : "there is no such task, or not any more";
  const lines = [`${key}: ${now === undefined ? gone : stateText(now)}`];
  if (now !== undefined) lines.push(...detailLines(now));
  for (const { atMs, seenBy, what, worker, ms, note } of steps) {
    const parts = [timeText(atMs), what];
    if (worker !== undefined) parts.push(`on ${worker}`);
    if (ms !== undefined) parts.push(`for ${ms < 10 ? ms.toFixed(2) : Math.round(ms)} ms`);
    if (note !== undefined) parts.push(`(${note})`);
    if (seenBy !== "scheduler") parts.push("- says the worker");
    lines.push(parts.join(" "));
  }
  if (recordedSince === undefined) {
    lines.push("Moves are noted while somebody looks: open a dashboard, taskStream() or performanceReport() before.");
  } else lines.push(`Moves are noted since ${timeText(recordedSince)}.`);
  if (isPartial) lines.push("There were more than can be noted: some of this task may be missing.");
  return lines.join("\n");
}

function stateText({ state, worker, started, name }: TaskNow): string {
  const where = worker === undefined ? "" : ` on ${worker}${started ? ", which has begun" : ""}`;
  return `${state}${where}; it runs ${name || "an anonymous function"}`;
}

function detailLines(now: TaskNow): string[] {
  const { attempts, retried, killed, error, nbytes, holders, needs, missing, neededBy, claimedBy } = now;
  const lines: string[] = [];
  if (error !== undefined) lines.push(`failed: ${error.name}: ${error.message}`);
  if (attempts > 1) lines.push(`sent to workers ${attempts} times, ${retried} of them after an error of its own`);
  if (killed.length > 0) lines.push(`workers died with it in hand: ${killed.join(", ")}`);
  if (holders.length > 0) lines.push(`its value of ${nbytes} bytes is on ${holders.join(", ")}`);
  const absent = needs.filter(({ state }) => state !== "memory").map((each) => `${each.key} (${each.state})`);
  if (absent.length > 0) lines.push(`waits for ${absent.join(", ")}${missing > absent.length ? " and others" : ""}`);
  else if (needs.length > 0) lines.push(`needs ${needs.map((each) => each.key).join(", ")}`);
  if (neededBy > 0) lines.push(`needed by ${neededBy} other${neededBy === 1 ? "" : "s"}`);
  if (claimedBy.length > 0) lines.push(`wanted by ${claimedBy.join(", ")}`);
  return lines;
}

/** With milliseconds, as `12:01:02.123`. */
function timeText(ms: number): string {
  const time = new Date(ms);
  return `${time.toLocaleTimeString("en-GB")}.${`${time.getMilliseconds()}`.padStart(3, "0")}`;
}
