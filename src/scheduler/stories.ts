/** The stories of tasks: what each is at this moment, and what was noted of the moves it made while somebody recorded them. */

import type { ErrorOnWire } from "../protocol/errors.ts";
import type { Key, WorkerAddress } from "../protocol/identity.ts";
import { MOVE_FIELDS, type StoryAnswer, type TaskNow } from "../protocol/stories.ts";
import type { EventLog } from "./event-log.ts";
import type { Span, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { Tracing } from "./tracing.ts";

/** Inputs that are told of one task. */
const MOST_NEEDS = 50;

/** All that is known of the task of this key. */
export function tellStory(
  state: SchedulerState,
  key: Key,
  { log, tracing }: { readonly log: EventLog; readonly tracing: Tracing },
): StoryAnswer {
  const { moveLog } = tracing;
  const found = find(state, key) ?? moveLog?.named(key) ?? submitterIn(state, key);
  const noted = found && moveLog?.movesOf(found.client, found.number);
  const { texts, moves, isPartial } = noted ?? { texts: [], moves: [], isPartial: false };
  const workers = new Set<WorkerAddress>();
  for (let i = 2; i < moves.length; i += MOVE_FIELDS) workers.add(texts[moves[i] as number] as string);
  const removals = log.read("workers").events.filter(({ message }) => {
    const { type, worker } = message as { type: string; worker: WorkerAddress };
    return type === "worker-removed" && workers.has(worker);
  });
  const deaths = log.read("tasks").events.filter(({ message }) => (message as { key?: unknown } | null)?.key === key);
  return {
    now: found === undefined ? undefined : describe(state, found),
    texts,
    moves,
    isPartial,
    sinceMs: moveLog?.sinceMs,
    traces: tracing.ofTask(key),
    events: [...removals, ...deaths],
    nowMs: state.nowMs,
  };
}

interface Found {
  readonly client: string;
  readonly number: number;
  readonly task?: TaskRecord;
  readonly span?: Span;
}

function find(state: SchedulerState, key: Key): Found | undefined {
  const named = state.named.get(key);
  if (named !== undefined) return foundAs(named);
  const number = Number(/-(\d+)$/.exec(key)?.[1] ?? Number.NaN);
  for (const client of state.clients.values()) {
    // Not looked up by `get`: a span that it is in would be unfolded.
    const span = client.tasks.foldAt(number);
    if (span !== undefined && key === `${span.fn.shipped.name || "task"}-${client.id}-${number}`) {
      return { client: client.id, number, span };
    }
  }
  for (const task of state.tasks.values()) if (task.clientTask === number && task.key === key) return foundAs(task);
  return undefined;
}

function foundAs(task: TaskRecord): Found {
  return { client: task.client.id, number: task.clientTask, task };
}

/** By whom a task was submitted that is forgotten: its number and the client's name are in the key. */
function submitterIn(state: SchedulerState, key: Key): Found | undefined {
  const number = /-(\d+)$/.exec(key)?.[1];
  for (const client of state.clients.keys()) {
    if (number !== undefined && key.endsWith(`-${client}-${number}`)) return { client, number: Number(number) };
  }
  return undefined;
}

function describe(state: SchedulerState, { task, span, number }: Found): TaskNow | undefined {
  if (span !== undefined) return describeFolded(span, number - span.firstClientTask);
  if (task === undefined || task.state === "forgotten") return undefined;
  const inputs = [...new Set(task.inputs)];
  const claims = task.wanted ? [task.client.id] : [];
  for (const { client } of task.claims ?? []) claims.push(client.id);
  return {
    name: task.at < 0 ? "(scattered)" : task.function.shipped.name,
    state: task.state,
    worker: task.processingOn?.address,
    started: task.started,
    attempts: task.runId,
    retried: task.retriesUsed,
    killed: task.deaths ?? [],
    error: task.error && describeError(task.error),
    nbytes: Math.max(0, task.nbytes),
    holders: [...state.replicas.rightsOf(task)].map(({ address }) => address),
    needs: inputs.slice(0, MOST_NEEDS).map((input) => ({ key: input.key, state: input.state })),
    missing: inputs.filter((input) => !input.isAvailable).length,
    neededBy: task.liveDependents,
    claimedBy: [...new Set(claims)],
  };
}

function describeError(error: ErrorOnWire): TaskNow["error"] {
  if (error.type === "error") return { name: error.name, message: error.message };
  return { name: typeof error.value, message: `${error.value}` };
}

function describeFolded({ fn, group, sent, next, kin }: Span, index: number): TaskNow {
  const part = sent.find(({ from, to }) => from <= index && index < to);
  const isSent = index < next && !kin?.skipped.includes(index);
  return {
    name: fn.shipped.name,
    state: part !== undefined ? "processing" : isSent ? "memory" : kin === undefined ? "queued" : "waiting",
    worker: part?.worker.address,
    started: false,
    attempts: isSent ? 1 : 0,
    retried: 0,
    killed: [],
    error: undefined,
    nbytes: 0,
    holders: [],
    needs: [],
    missing: 0,
    neededBy: 0,
    claimedBy: [group.client.id],
  };
}
