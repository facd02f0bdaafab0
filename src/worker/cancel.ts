/** Rules for runs that are not wanted any more: those at work are told to stop, those that have not begun never will. */

import type { RunId } from "../protocol/identity.ts";
import type { CancelCompute } from "../protocol/worker-messages.ts";
import { giveBackFollowers } from "./ahead.ts";
import type { WorkerInstruction } from "./contract.ts";
import { LocalTask, type WorkerState } from "./state.ts";

export function cancel(
  state: WorkerState,
  { ids, runs, reason, error, unlessBegun = false }: CancelCompute,
  instructions: WorkerInstruction[],
): void {
  unfoldBlocks(state);
  for (const [i, id] of ids.entries()) {
    const run = runs[i] as RunId;
    for (const task of unlessBegun ? [] : [...state.executing, ...state.longRunning]) {
      if (task.id !== id || task.run !== run) continue;
      task.cancelled = true;
      instructions.push({ type: "abort", task, reason, error });
      giveBackFollowers(state, id);
    }
    const waiting = state.inHand.get(id);
    if (waiting === undefined || waiting.run !== run) continue;
    waiting.state = "done";
    state.inHand.delete(id);
    state.dropped.push(id, run);
    giveBackFollowers(state, id);
  }
}

/** Makes tasks of what is ready in blocks, so that single ones can be taken out. */
function unfoldBlocks(state: WorkerState): void {
  if (state.blocks.length === 0) return;
  state.blocks = [];
  for (let n = state.ready.length; n > 0; n--) {
    const item = state.ready.shift();
    if (item instanceof LocalTask) state.ready.push(item);
    else {
      for (let i = 0; i < (item?.left ?? 0); i++) {
        const task = item?.peek(i) as LocalTask;
        state.ready.push(task);
        state.inHand.set(task.id, task);
      }
    }
  }
}
