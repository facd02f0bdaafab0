/** Rules for what a task needs before it can run: it is there, is being fetched, or is being made here. Else the task goes back. */

import { added } from "../collections/added.ts";
import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import { isReference, PACKED } from "../protocol/task-spec.ts";
import { BLOCK_HEADER, type ComputeBlocks } from "../protocol/worker-messages.ts";
import { awaitRun } from "./ahead.ts";
import { awaitInput, lack } from "./gather.ts";
import { isHere } from "./holding.ts";
import { LocalBlock, type LocalTask, type WorkerState } from "./state.ts";

const NO_HOLDERS: readonly WorkerAddress[] = [];

/** Has a task that has just come wait for what it lacks. It is ready if it lacks nothing, and done if something is not to be had. */
export function awaitInputs(state: WorkerState, task: LocalTask): void {
  for (let slot = 0; task.shape !== 0 && slot < task.slots.length; slot++) {
    if (!isReference(task.shape, slot)) continue;
    const id = task.slots[slot] as TaskId;
    if (task.data.has(id) || isHere(state, id) || awaitInput(state, task, id)) continue;
    if ((task.shape & PACKED) === 0 && awaitRun(state, task, slot, id)) continue;
    lack(state, task, id, NO_HOLDERS);
    return;
  }
  if (task.state === "waiting" && task.waitingOn === 0) task.state = "ready";
}

/** Lines up tasks that have come in blocks. */
export function enterBlocks(state: WorkerState, { client, blocks, args, refs }: ComputeBlocks): void {
  let at = 0;
  let refAt = 0;
  for (let b = 0; b < blocks.length; b += BLOCK_HEADER) {
    // The message is ours, and what is lacking in it will be put there.
    const block = new LocalBlock(client, blocks, b, args as unknown[], at, refs, refAt);
    at += block.slots * block.left;
    refAt += block.refsEach * block.left;
    state.ready.push(block);
    state.blocks = added(state.blocks, block);
  }
}

/** An input may have been freed since the task became ready: when it was lost elsewhere, and is being computed again. */
export function hasInputs(state: WorkerState, task: LocalTask): boolean {
  for (let slot = 0; slot < task.slots.length; slot++) {
    if (!isReference(task.shape, slot)) continue;
    const id = task.slots[slot] as TaskId;
    if (task.data.has(id) || state.values.has(id)) continue;
    lack(state, task, id, NO_HOLDERS);
    return false;
  }
  return true;
}

/** Makes tasks of a block, which are to wait for one another and for others one by one. Those that are ready are returned. */
export function takeApart(state: WorkerState, block: LocalBlock): LocalTask[] {
  const tasks = Array.from({ length: block.left }, (_, i) => block.peek(i));
  block.left = 0;
  for (const task of tasks) state.inHand.set(task.id, task);
  for (const task of tasks) awaitInputs(state, task);
  return tasks.filter((task) => task.state === "ready");
}

/** The same for the block whose turn it is. */
export function takeApartFirst(state: WorkerState, block: LocalBlock): void {
  state.ready.shift();
  state.blocks.splice(state.blocks.indexOf(block), 1);
  for (const task of takeApart(state, block).reverse()) state.ready.pushFront(task);
}
