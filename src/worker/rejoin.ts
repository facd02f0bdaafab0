/**
 * Rules for a worker that changes schedulers, or comes back to one that had given it up.
 *
 * Nothing counts of what was said before: numbers mean other tasks now. What is running is called off, and ends without a word; what was
 * to run is forgotten. Results that were made here are kept, apart from those that will be, until the scheduler has said of each whether
 * it is wanted.
 */

import type { ClientId, ClientTaskId, FunctionId, RunId, TaskId } from "../protocol/identity.ts";
import type { AdoptHeld, HeldValue, WorkerHolds } from "../protocol/worker-messages.ts";
import type { WorkerInstruction } from "./contract.ts";
import { dropValue } from "./holding.ts";
import { type LocalTask, NOTHING_SEEN, type WorkerState } from "./state.ts";

/** Stands for a run of another scheduler's time. */
const ADOPTED = 0;

/** `number`: as in `Rejoin`. `hashOf`: of a function as the scheduler numbered it until now. */
export function beginAnew(
  state: WorkerState,
  number: number,
  hashOf: (fn: FunctionId) => string | undefined,
  instructions: WorkerInstruction[],
): void {
  const reason = "its scheduler is gone";
  for (const task of [...state.executing, ...state.longRunning]) {
    if (task.isOrphan) continue;
    task.isOrphan = true;
    task.cancelled = true;
    instructions.push({ type: "abort", task, reason, error: undefined });
  }
  const offered = new Map(state.offered);
  for (const [id, made] of state.made) {
    const hash = typeof made.fn === "string" ? made.fn : hashOf(made.fn);
    const stored = hash === undefined ? undefined : state.keeping?.part(id);
    if (hash === undefined || (stored === undefined && !state.values.has(id))) continue;
    const load = state.loads.get(id);
    offered.set(nameOf(made), { made: { ...made, fn: hash }, value: state.values.get(id), load, stored });
  }
  forgetAll(state);
  for (const [name, offer] of offered) state.offered.set(name, offer);
  const values = Array.from(offered.values(), ({ made: { client, clientTask, fn, nbytes, valueType } }): HeldValue => {
    return { client, clientTask, hash: String(fn), nbytes, valueType };
  });
  const holds: WorkerHolds = { type: "worker-holds", number, values };
  state.messages.push(holds);
}

/** What was offered has a number now, or is not wanted. */
export function adoptHeld(state: WorkerState, { client, clientTask, id }: AdoptHeld): void {
  const name = nameOf({ client, clientTask });
  const offer = state.offered.get(name);
  state.offered.delete(name);
  if (offer === undefined) return;
  const { stored } = offer;
  if (id === undefined) {
    if (stored !== undefined) state.keeping?.discard(stored);
    return;
  }
  if (stored === undefined) state.values.set(id, offer.value);
  else state.keeping?.takeOver(id, stored);
  if (offer.load !== undefined) state.loads.set(id, offer.load);
  state.made.set(id, { ...offer.made, runs: [ADOPTED] });
  if (stored === undefined) state.keeping?.note(id, offer.made.nbytes);
}

/** Notes how a result that stays here was made. */
export function noteMade(state: WorkerState, task: LocalTask, nbytes: number, valueType: string): void {
  const { client, clientTask, fn, run } = task;
  const runs = [...(state.made.get(task.id)?.runs ?? []), run];
  state.made.set(task.id, { client, clientTask, fn, runs, nbytes, valueType });
}

/** What this run has come to does not count. If nothing else has come to it, it goes. */
export function disown(state: WorkerState, id: TaskId, run: RunId): void {
  const made = state.made.get(id);
  if (made?.runs.includes(run) !== true) return;
  const runs = made.runs.filter((each) => each !== run);
  if (runs.length === 0) dropValue(state, id);
  else state.made.set(id, { ...made, runs });
}

function nameOf({ client, clientTask }: { readonly client: ClientId; readonly clientTask: ClientTaskId }): string {
  return `${client} ${clientTask}`;
}

function forgetAll(state: WorkerState): void {
  state.keeping?.beginAnew();
  for (let n = state.ready.length; n > 0; n--) state.ready.shift();
  state.blocks = [];
  state.recent = [];
  state.recentCount = 0;
  state.seen = NOTHING_SEEN;
  for (const each of [
    state.inHand,
    state.waiters,
    state.values,
    state.loads,
    state.made,
    state.offered,
    state.scattered,
    state.fetches,
    state.requests,
    state.added,
  ]) {
    each.clear();
  }
  state.spent = [];
  state.ranges = [];
  state.results = [];
  state.dropped = [];
  state.messages = [];
  state.transfer = [];
}
