/** Rules for runs that are not wanted any more: those at work are told to stop, those that have not begun never will. */

import type { RunId, TaskId } from "../protocol/identity.ts";
import type { CancelCompute } from "../protocol/worker-messages.ts";
import { giveBackFollowers } from "./ahead.ts";
import type { WorkerInstruction } from "./contract.ts";
import { takeApart } from "./inputs.ts";
import { disown } from "./rejoin.ts";
import { hasFreeSlot } from "./slots.ts";
import { LocalTask, type WorkerState } from "./state.ts";

export function cancel(
  state: WorkerState,
  { ids, runs, reason, error, unlessBegun }: CancelCompute,
  instructions: WorkerInstruction[],
): void {
  unfoldBlocks(state);
  if (unlessBegun !== undefined) return giveBack(state, ids, runs, unlessBegun);
  for (const [i, id] of ids.entries()) {
    const run = runs[i] as RunId;
    for (const task of [...state.executing, ...state.longRunning]) {
      if (task.id !== id || task.run !== run) continue;
      task.cancelled = true;
      instructions.push({ type: "abort", task, reason, error });
      giveBackFollowers(state, id);
    }
    drop(state, id, run);
    // It may have ended before it was called off.
    disown(state, id, run);
  }
}

function giveBack(
  state: WorkerState,
  ids: readonly TaskId[],
  runs: readonly RunId[],
  which: NonNullable<CancelCompute["unlessBegun"]>,
): void {
  const notBegun = ids.flatMap((id, i) => (state.inHand.get(id)?.run === runs[i] ? [id] : []));
  const kept = which === "surplus" && hasFreeSlot(state) ? Math.ceil(notBegun.length / 2) : 0;
  for (const id of notBegun.slice(kept)) drop(state, id, state.inHand.get(id)?.run);
}

/** Gives up a run that has not begun, if it is here. */
function drop(state: WorkerState, id: TaskId, run: RunId | undefined): void {
  const waiting = state.inHand.get(id);
  if (waiting === undefined || waiting.run !== run) return;
  waiting.state = "done";
  state.inHand.delete(id);
  state.dropped.push(id, run);
  giveBackFollowers(state, id);
}

/** Makes tasks of what is ready in blocks, so that single ones can be taken out. */
function unfoldBlocks(state: WorkerState): void {
  if (state.blocks.length === 0) return;
  state.blocks = [];
  for (let n = state.ready.length; n > 0; n--) {
    const item = state.ready.shift();
    if (item instanceof LocalTask) state.ready.push(item);
    else {
      const tasks = item === undefined ? [] : takeApart(state, item);
      for (const task of tasks) state.ready.push(task);
    }
  }
}
