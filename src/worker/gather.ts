/** Rules for inputs that are elsewhere: whom to ask for them, and what follows from the answer. */

import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import { type AcquireReplicas, type ComputeTask, NO_TASK } from "../protocol/worker-messages.ts";
import { giveBackFollowers } from "./ahead.ts";
import type { WorkerInstruction } from "./contract.ts";
import { dropValue, isHere, keepCopy } from "./holding.ts";
import { say } from "./report.ts";
import { type Fetch, type LocalTask, NO_DATA, type WorkerState } from "./state.ts";

/** Enters what a message says of the whereabouts of inputs; returns the fetches that begin with it. */
export function noteHolders(
  state: WorkerState,
  { whoHas = [], peers = [] }: Pick<ComputeTask, "whoHas" | "peers">,
): Fetch[] {
  const begun: Fetch[] = [];
  for (let i = 0; i < whoHas.length; ) {
    const id = whoHas[i] as TaskId;
    const count = whoHas[i + 2] as number;
    const holders: WorkerAddress[] = [];
    for (let k = 0; k < count; k++) holders.push(peers[whoHas[i + 3 + k] as number] as WorkerAddress);
    i += 3 + count;
    // Whoever is told of others that hold it is not counted among them: what a run has made here lost to another, and does not count.
    if (state.made.has(id)) dropValue(state, id);
    if (isHere(state, id)) continue;
    const known = state.fetches.get(id);
    if (known === undefined) {
      const fetch: Fetch = { id, holders, asked: [], waiters: new Set(), isToBeKept: false };
      state.fetches.set(id, fetch);
      begun.push(fetch);
    } else {
      for (const holder of holders) {
        if (!known.holders.includes(holder) && !known.asked.includes(holder)) known.holders.push(holder);
      }
    }
  }
  return begun;
}

/** Fetches values to be kept here. What is here already is said to be. */
export function acquire(state: WorkerState, message: AcquireReplicas, instructions: WorkerInstruction[]): void {
  const begun = noteHolders(state, message);
  const { whoHas } = message;
  for (let i = 0; i < whoHas.length; i += 3 + (whoHas[i + 2] as number)) {
    const id = whoHas[i] as TaskId;
    const fetch = state.fetches.get(id);
    if (fetch === undefined) state.added.add(id);
    else fetch.isToBeKept = true;
  }
  ask(state, begun, instructions);
}

/** Has `task` wait for an input that is on its way. False if it is not. */
export function awaitInput(state: WorkerState, task: LocalTask, id: TaskId): boolean {
  const fetch = state.fetches.get(id);
  if (fetch === undefined) return false;
  if (!fetch.waiters.has(task)) {
    fetch.waiters.add(task);
    task.waitingOn += 1;
  }
  return true;
}

/** Asks each fetch's next holder, all that goes to one peer in one message. Those with no holder left are given up. */
export function ask(state: WorkerState, fetches: readonly Fetch[], instructions: WorkerInstruction[]): void {
  const byPeer = new Map<WorkerAddress, TaskId[]>();
  for (const fetch of fetches) {
    const peer = fetch.holders.shift();
    if (peer === undefined) {
      giveUp(state, fetch);
      continue;
    }
    fetch.asked.push(peer);
    const ids = byPeer.get(peer);
    if (ids === undefined) byPeer.set(peer, [fetch.id]);
    else ids.push(fetch.id);
  }
  for (const [from, ids] of byPeer) {
    const request = state.nextRequest++;
    state.requests.set(request, { number: request, peer: from, ids });
    instructions.push({ type: "gather-dep", from, request, ids });
  }
}

/** Nobody has it: the tasks that need it go back to the scheduler, which knows how to make it again. */
function giveUp(state: WorkerState, fetch: Fetch): void {
  state.fetches.delete(fetch.id);
  if (fetch.isToBeKept) {
    say(state, { type: "missing-data", id: NO_TASK, run: 0, missing: fetch.id, holders: fetch.asked });
  }
  for (const task of fetch.waiters) {
    if (task.state !== "waiting") continue;
    lack(state, task, fetch.id, fetch.asked);
  }
}

/** An input is neither here nor to be had: the task cannot run here. */
export function lack(state: WorkerState, task: LocalTask, missing: TaskId, holders: readonly WorkerAddress[]): void {
  task.state = "done";
  state.inHand.delete(task.id);
  say(state, { type: "missing-data", id: task.id, run: task.run, missing, holders });
  giveBackFollowers(state, task.id);
}

/** A peer answered `request` with some or all of what it was asked for. Returns the fetches to be tried elsewhere. */
export function receive(
  state: WorkerState,
  number: number,
  values: ReadonlyMap<TaskId, unknown>,
  isMoreToCome = false,
): Fetch[] {
  const request = state.requests.get(number);
  if (request === undefined) return [];
  if (!isMoreToCome) state.requests.delete(number);
  const again: Fetch[] = [];
  for (const id of request.ids) {
    const fetch = state.fetches.get(id);
    if (fetch === undefined) continue;
    if (values.has(id)) arrive(state, fetch, values.get(id));
    else if (!isMoreToCome) again.push(fetch);
  }
  return again;
}

function arrive(state: WorkerState, fetch: Fetch, value: unknown): void {
  state.fetches.delete(fetch.id);
  keepCopy(state, fetch.id, value);
  state.added.add(fetch.id);
  satisfy(state, fetch);
}

/** Makes ready what waited for nothing else. */
export function satisfy(state: WorkerState, fetch: Fetch): void {
  for (const task of fetch.waiters) {
    task.waitingOn -= 1;
    if (task.waitingOn > 0 || task.state !== "waiting") continue;
    task.state = "ready";
    state.ready.push(task);
  }
}

/** A worker is gone: nothing comes from it any more. */
export function removePeer(state: WorkerState, address: WorkerAddress, instructions: WorkerInstruction[]): void {
  for (const fetch of state.fetches.values()) {
    const at = fetch.holders.indexOf(address);
    if (at >= 0) fetch.holders.splice(at, 1);
  }
  for (const request of [...state.requests.values()]) {
    if (request.peer === address) ask(state, receive(state, request.number, NO_DATA), instructions);
  }
}
