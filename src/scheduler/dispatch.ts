/** queued -> processing, or waiting -> processing if it is sent ahead: writes a task's row for its worker, with the small inputs in it and the whereabouts of the large ones. */

import { ALONE, ANNOUNCED, AWAITED, isReference, PACKED, SMALL_VALUE_LIMIT, STREAM } from "../protocol/task-spec.ts";
import { mayMove } from "./gather.ts";
import { FLAG_CARRIES, FLAG_COPIED, FLAG_FETCHING, NO_VALUE, type TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

export function dispatch(state: SchedulerState, task: TaskRecord, worker: WorkerRecord, expectedUs: number): void {
  const from = task.state;
  if (from === "queued") state.queued -= 1;
  state.dispatches += 1;
  task.runId += 1;
  task.expectedUs = expectedUs;
  task.processingOn = worker;
  task.started = false;
  worker.processing += 1;
  worker.occupancyUs += expectedUs;
  worker.lastUsed = state.dispatches;
  writeRow(state, task, worker);
  if ((task.shape & STREAM) !== 0) state.requests?.followStream(task);
  task.state = "processing";
  state.watch?.({ key: task.key, from, to: "processing", stimulus: state.stimulus, worker: worker.address });
  state.noteMove(task, from, "processing", worker);
}

function writeRow(state: SchedulerState, task: TaskRecord, worker: WorkerRecord): void {
  const { function: fn, slots, group } = task;
  const outbox = state.toWorker(worker);
  outbox.introduce(worker.knows, fn);
  const source = group.rows;
  const first = task.firstSlot;
  let shape = task.shape;
  if (task.hasInputs) {
    for (let slot = 0; slot < slots; slot++) {
      if (isReference(shape, slot)) provide(state, task, source[first + slot] as TaskRecord, worker);
    }
  }
  const message = outbox.compute(task.client.id);
  const { rows } = message;
  const at = rows.length;
  rows.push(task.id, task.runId, task.clientTask, fn.id, slots, shape);
  if (task.name !== undefined || group.options.name !== undefined) {
    message.names ??= [];
    message.names.push(task.id, task.key);
  }
  for (let slot = 0; slot < slots; slot++) {
    const item = source[first + slot];
    if (!isReference(shape, slot)) {
      rows.push(item);
      continue;
    }
    const input = item as TaskRecord;
    if (!isSmall(input)) rows.push(input.id);
    else if ((shape & PACKED) !== 0) {
      rows.push(input.id);
      message.data ??= [];
      message.data.push(input.id, input.value);
    } else {
      rows.push(input.value);
      shape &= ~(1 << slot);
    }
  }
  if ((task.awaited && mayMove(task)) || (task.flags & FLAG_COPIED) !== 0) shape |= AWAITED;
  if (worker.alone) shape |= ALONE;
  if (group.options.demands?.timeoutMs !== undefined) shape |= ANNOUNCED;
  rows[at + 5] = shape;
}

/** Whether the value travels with what needs it. */
export function isSmall(input: TaskRecord): boolean {
  return input.value !== NO_VALUE && input.nbytes <= SMALL_VALUE_LIMIT && (input.flags & FLAG_CARRIES) === 0;
}

/** Sees to it that a large input reaches the worker: once, from the scheduler if that holds it, else from a peer. */
function provide(state: SchedulerState, task: TaskRecord, input: TaskRecord, worker: WorkerRecord): void {
  if (isSmall(input) || !input.isAvailable || state.replicas.has(input, worker)) return;
  if (input.value !== NO_VALUE) {
    state.replicas.add(input, worker);
    state.toWorker(worker).send({ type: "put-data", id: input.id, value: input.value, nbytes: input.nbytes });
    return;
  }
  if ((task.flags & FLAG_FETCHING) === 0) {
    task.flags |= FLAG_FETCHING;
    worker.fetching += 1;
  }
  const holders = state.replicas.rightsOf(input);
  const message = state.toWorker(worker).compute(task.client.id);
  message.whoHas ??= [];
  message.peers ??= [];
  const { whoHas, peers } = message;
  whoHas.push(input.id, input.nbytes, holders.size);
  for (const holder of state.hosts?.nearest(worker, holders) ?? holders) {
    let index = peers.indexOf(holder.address);
    if (index < 0) index = peers.push(holder.address) - 1;
    whoHas.push(index);
    link(state, worker, holder);
  }
}

/** A direct way between two workers is made when the first value is to move between them. */
export function link(state: SchedulerState, worker: WorkerRecord, holder: WorkerRecord): void {
  if (worker.linked.has(holder)) return;
  worker.linked.add(holder);
  holder.linked.add(worker);
  state.orders.push({ type: "link-workers", from: worker.address, to: holder.address });
}
