/** What is said to a scheduler that is new to a client, and what becomes of questions that were open with the one before. */

import type { Answer, ClientMessage, UpdateGraph } from "../protocol/client-messages.ts";
import { errorOnWire } from "../protocol/errors.ts";
import type { ClientTaskId, FunctionId, Key } from "../protocol/identity.ts";
import type { Request } from "../protocol/requests.ts";
import type { NumberedFunction } from "../protocol/task-spec.ts";
import type { Kept, TaskRow } from "./recollection.ts";

/** `unknown`: those of the functions used that the scheduler has not had. `found`: each after what it needs. */
export function retell(
  found: readonly Kept[],
  unknown: (used: ReadonlySet<FunctionId>) => readonly NumberedFunction[],
): readonly ClientMessage[] {
  const out: ClientMessage[] = [];
  for (const { first, tasks, other } of inRows(found)) {
    if (other !== undefined) out.push(other);
    else out.push(graphOf(first, tasks, unknown(new Set(tasks.map(({ fn }) => fn)))));
  }
  for (const { id, carried } of found) if (carried.length > 0) out.push({ type: "carry-keys", id, tasks: carried });
  const awaited = found.filter(({ isAwaited }) => isAwaited).flatMap(({ id }) => [id, 1]);
  if (awaited.length > 0) out.push({ type: "gather", ranges: awaited });
  const forgotten = found.filter(({ isForgotten }) => isForgotten).map(({ id }) => id);
  if (forgotten.length > 0) out.push({ type: "fire-and-forget", ids: forgotten });
  return out;
}

/** That those among them are not wanted which only others need: to be said once all that need them have entered that. */
export function releasesOf(found: readonly Kept[]): readonly ClientMessage[] {
  const ids = found.filter(({ isWanted }) => !isWanted).map(({ id }) => id);
  return ids.length > 0 ? [{ type: "client-releases-keys", ids }] : [];
}

/** Questions that change nothing, and can be asked of another scheduler just as well. */
const LOOKING: ReadonlySet<Request["type"]> = new Set<Request["type"]>([
  "scheduler-info",
  "survey",
  "totals",
  "story",
  "logs",
  // Whoever follows what workers write goes on with those of the new one.
  "log-follow",
  "call-stack",
  "wait-for-workers",
  "who-has",
  "who-made",
  "has-what",
  "nbytes",
  "list-datasets",
  "get-dataset",
  "load",
  // Whoever follows a topic hears of what the new one notes.
  "events",
  "recipe",
  "replicate",
  "rebalance",
]);

export function isLooking({ type }: Request): boolean {
  return LOOKING.has(type);
}

/** To be told to whoever asked something that is not asked again. */
export function refusalOf(request: Request, reason: string): Answer["outcome"] {
  const what = request.type === "coordinate" ? `${request.target.kind} "${request.target.name}"` : request.type;
  const message =
    `the scheduler was lost (${reason}) before it answered what was asked (${what}), and what it kept for clients went with it: ` +
    "ask again once there is another";
  return { error: errorOnWire("CommClosedError", message, {}) };
}

interface Rows {
  readonly first: ClientTaskId;
  readonly tasks: TaskRow[];
  /** In place of tasks. */
  readonly other: ClientMessage | undefined;
}

/** Tasks numbered on end that were submitted alike together, everything else by itself; in this order. */
function inRows(all: readonly Kept[]): readonly Rows[] {
  const rows: Rows[] = [];
  for (const { id, source } of all) {
    const last = rows.at(-1);
    if (source.kind === "task") {
      const isNext = last !== undefined && last.other === undefined && last.first + last.tasks.length === id;
      if (isNext && last.tasks[0]?.options === source.options) last.tasks.push(source);
      else rows.push({ first: id, tasks: [source], other: undefined });
    } else if (source.kind === "data") rows.push({ first: id, tasks: [], other: { ...source.scatter, id } });
    else if (source.kind === "claim") {
      rows.push({ first: id, tasks: [], other: { type: "client-desires-key", id, key: source.key } });
    }
  }
  return rows;
}

function graphOf(first: ClientTaskId, tasks: readonly TaskRow[], functions: readonly NumberedFunction[]): UpdateGraph {
  const keys: (Key | undefined)[] = tasks.map(({ key }) => key);
  return {
    type: "update-graph",
    first,
    count: tasks.length,
    rows: tasks.flatMap(({ fn, slots, shape }) => [fn, slots.length, shape, ...slots]),
    uniform: undefined,
    functions,
    options: tasks[0]?.options ?? {},
    ...(keys.some((key) => key !== undefined) && { keys }),
  };
}
