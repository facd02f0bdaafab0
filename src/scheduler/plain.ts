/**
 * Plain tasks: no inputs, no name, no mishap, and nobody concerned but whoever submitted them. Most tasks of a large job are so.
 *
 * They stay in spans, as they were submitted, and make their moves many at a time. As soon as one of them is asked for by its number
 * (another task refers to it, it fails, it is cancelled, its worker dies) its span is unfolded: each task gets the record
 * that it would have had, and goes the way of all others.
 */

import { added } from "../collections/added.ts";
import type { ClientTaskId, TaskId } from "../protocol/identity.ts";
import { AWAITED } from "../protocol/task-spec.ts";
import {
  type ClientRecord,
  FLAG_AWAITED,
  FLAG_FINAL,
  FLAG_WANTED,
  Span,
  type TaskGroup,
  TaskRecord,
} from "./records.ts";
import type { Line, SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A span is unfolded before any of its tasks is sent again. */
const FIRST_RUN = 1;

/** released -> queued; `line` is where tasks without inputs wait. */
export function admitSpan(
  state: SchedulerState,
  group: TaskGroup,
  uniform: NonNullable<TaskGroup["uniform"]>,
  first: ClientTaskId,
  count: number,
  line: Line,
): void {
  const span = new Span(group, uniform, state.nextTaskId, first, count);
  state.nextTaskId += count;
  group.client.tasks.fold(first, count, span);
  state.tasks.fold(span.firstTask, count, span);
  state.queued += count;
  line.push(span);
  state.notes?.noteMany(span, 0, count, "queued");
}

/** queued -> processing for up to `most` tasks of a span. */
export function dispatchSpan(
  state: SchedulerState,
  span: Span,
  worker: WorkerRecord,
  expectedUs: number,
  most: number,
): void {
  const { fn, slots, group, next: from, awaitedFrom, awaitedTo } = span;
  const isAwaited = awaitedFrom <= from && from < awaitedTo;
  let to = Math.min(span.count, from + most);
  if (isAwaited) to = Math.min(to, awaitedTo);
  else if (from < awaitedFrom) to = Math.min(to, awaitedFrom);
  const count = to - from;
  span.next = to;
  span.sent = added(span.sent, { worker, expectedUs, from, to });
  span.kin?.holders.fill(worker, from, to);
  state.queued -= count;
  state.dispatches += count;
  worker.processing += count;
  worker.occupancyUs += count * expectedUs;
  worker.lastUsed = state.dispatches;
  state.notes?.noteMany(span, from, count, "processing", worker);

  const outbox = state.toWorker(worker);
  outbox.introduce(worker.knows, fn);
  const shape = isAwaited ? AWAITED : 0;
  const args = group.rows.slice(from * slots, to * slots);
  outbox.block(
    group.client.id,
    [fn.id, slots, shape, span.firstTask + from, FIRST_RUN, span.firstClientTask + from, count],
    args,
  );
}

/**
 * processing -> memory for tasks from `first` on whose small values are in `values` from `at` on: they are the client's from here on.
 * Returns how many were dealt with; none if they are not in a span any more.
 */
export function settleSpan(
  state: SchedulerState,
  worker: WorkerRecord,
  first: TaskId,
  run: number,
  most: number,
  values: readonly unknown[],
  at: number,
): number {
  const span = run === FIRST_RUN ? state.tasks.foldAt(first) : undefined;
  if (span === undefined) return 0;
  const from = first - span.firstTask;
  const { sent } = span;
  let index = 0;
  while (index < sent.length && !(sent[index]?.worker === worker && sent[index]?.from === from)) index += 1;
  const part = sent[index];
  if (part === undefined) return 0;
  const count = Math.min(most, part.to - from);
  part.from += count;
  if (part.from === part.to && sent.length === 1) sent.pop();
  else if (part.from === part.to) sent.splice(index, 1);
  worker.processing -= count;
  worker.occupancyUs -= count * part.expectedUs;
  const { client } = span.group;
  if (span.kin !== undefined) state.weaving?.note(span, from, count, values, at);
  else state.toClient(client).inMemoryRange(span.firstClientTask + from, count, values, at);
  const { handedOver } = client;
  handedOver.parts = added(handedOver.parts, { span, from, count, values, at });
  state.notes?.noteMany(span, from, count, "memory", worker);
  return count;
}

/** memory -> forgotten, once the client has said that it has the values. */
export function forgetPart(state: SchedulerState, span: Span, count: number): void {
  span.left -= count;
  if (span.left > 0) return;
  if (span.kin !== undefined) span.kin.sources = [];
  span.group.client.tasks.removeFold(span.firstClientTask);
  state.tasks.removeFold(span.firstTask);
}

/**
 * The client waits for values from `first` on. Returns how many tasks that was said of; none if they are not in a span, or not to be
 * told of together with others of theirs.
 */
export function awaitSpan(client: ClientRecord, first: ClientTaskId, most: number): number {
  const span = client.tasks.foldAt(first);
  if (span === undefined) return 0;
  const from = first - span.firstClientTask;
  const count = Math.min(most, span.count - from);
  const to = from + count;
  if (span.awaitedFrom === span.awaitedTo) {
    span.awaitedFrom = from;
    span.awaitedTo = to;
  } else if (from <= span.awaitedTo && to >= span.awaitedFrom) {
    span.awaitedFrom = Math.min(span.awaitedFrom, from);
    span.awaitedTo = Math.max(span.awaitedTo, to);
  } else return 0;
  return count;
}

/** Gives each task of a span a record; those that refer to each other can only have them together. */
export function unfold(state: SchedulerState, span: Span): void {
  if (span.kin === undefined) unfoldOne(state, span);
  else state.weaving?.unfold();
}

export function unfoldOne(state: SchedulerState, span: Span): void {
  const { group, slots, firstTask, firstClientTask, kin } = span;
  const { client } = group;
  client.tasks.removeFold(firstClientTask);
  state.tasks.removeFold(firstTask);
  const record = (i: number): TaskRecord => {
    const flags = span.awaitedFrom <= i && i < span.awaitedTo ? FLAG_WANTED | FLAG_AWAITED : FLAG_WANTED;
    const task = new TaskRecord(firstTask + i, firstClientTask + i, group, i * slots, flags);
    client.tasks.set(task.clientTask, task);
    state.tasks.set(task.id, task);
    return task;
  };
  for (const delivery of client.delivered) {
    for (const part of delivery.parts) {
      if (part.span !== span) continue;
      for (let i = 0; i < part.count; i++) {
        const task = record(part.from + i);
        task.runId = FIRST_RUN;
        task.state = "memory";
        task.flags |= FLAG_FINAL;
        task.value = part.values[part.at + i];
        task.nbytes = 0;
        delivery.tasks.push(task);
      }
    }
    delivery.parts = delivery.parts.filter((part) => part.span !== span);
  }
  for (const { worker, expectedUs, from, to } of span.sent) {
    for (let i = from; i < to; i++) {
      const task = record(i);
      task.runId = FIRST_RUN;
      task.state = "processing";
      task.expectedUs = expectedUs;
      task.processingOn = worker;
    }
  }
  span.unfolded = [];
  if (kin !== undefined && kin.refs.length > 0) {
    for (const i of kin.skipped) record(i).state = "waiting";
    for (let i = span.next; i < span.count; i++) record(i).state = "waiting";
    return;
  }
  for (let i = span.next; i < span.count; i++) {
    const task = record(i);
    task.state = "queued";
    span.unfolded.push(task);
  }
}
