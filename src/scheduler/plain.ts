/**
 * Plain tasks: no inputs, no name, no mishap, and nobody concerned but whoever submitted them. Most tasks of a large job are so.
 *
 * They make the same moves as all others, but many at a time and without asking at each step what does not apply to them. As soon
 * as anything is out of the ordinary about a task (another refers to it, a worker dies with it, somebody watches) it goes
 * the way of the others.
 */

import type { Deque } from "../collections/deque.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import { AWAITED } from "../protocol/task-spec.ts";
import {
  FLAG_AT_CLIENT,
  FLAG_AWAITED,
  FLAG_FINAL,
  FLAG_HAS_INPUTS,
  FLAG_IS_RARE,
  FLAG_KEEP,
  FLAG_REGISTERED,
  FLAG_STARTED,
  FLAG_WANTED,
  type TaskGroup,
  TaskRecord,
} from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** What makes a task anything but plain. */
const UNUSUAL = FLAG_HAS_INPUTS | FLAG_IS_RARE | FLAG_KEEP | FLAG_AT_CLIENT | FLAG_REGISTERED;

export function isPlain(task: TaskRecord): boolean {
  return (task.flags & UNUSUAL) === 0 && task.dependents === undefined && task.group.uniform !== undefined;
}

/** released -> queued for a new task; `line` is where those without inputs wait. */
export function admitPlain(
  state: SchedulerState,
  id: ClientTaskId,
  group: TaskGroup,
  at: number,
  line: Deque<TaskRecord>,
): void {
  const task = new TaskRecord(state.nextTaskId++, id, group, at, FLAG_WANTED);
  task.state = "queued";
  group.client.tasks.set(id, task);
  state.tasks.set(task.id, task);
  state.queued += 1;
  line.push(task);
}

/** queued -> processing for tasks of one submission at the head of `line`, up to `most`. Returns how many. */
export function dispatchPlain(
  state: SchedulerState,
  line: Deque<TaskRecord>,
  worker: WorkerRecord,
  expectedUs: number,
  most: number,
): number {
  const { group } = line.peek() as TaskRecord;
  const { client, rows: source } = group;
  const { fn, slots } = group.uniform as NonNullable<TaskGroup["uniform"]>;
  const outbox = state.toWorker(worker);
  outbox.introduce(worker.knows, fn);
  const { blocks, args } = outbox.blocks(client.id);
  let count = 0;
  /** Number and run that would continue the block being written. */
  let id = -1;
  let run = -1;
  let flags = -1;
  while (count < most) {
    const task = line.peek();
    if (task === undefined || task.state !== "queued" || task.group !== group || !isPlain(task)) break;
    line.shift();
    task.state = "processing";
    task.runId += 1;
    task.expectedUs = expectedUs;
    task.processingOn = worker;
    if (task.id !== id || task.runId !== run || (task.flags & FLAG_AWAITED) !== flags) {
      flags = task.flags & FLAG_AWAITED;
      run = task.runId;
      blocks.push(fn.id, slots, flags === 0 ? 0 : AWAITED, task.id, run, task.clientTask, 0);
    }
    id = task.id + 1;
    blocks[blocks.length - 1] = (blocks[blocks.length - 1] as number) + 1;
    for (let i = task.at, end = i + slots; i < end; i++) args.push(source[i]);
    count += 1;
  }
  state.queued -= count;
  state.dispatches += count;
  worker.processing += count;
  worker.occupancyUs += count * expectedUs;
  worker.lastUsed = state.dispatches;
  return count;
}

/** processing -> memory for a small value: it is the client's own from here on. */
export function settlePlain(state: SchedulerState, worker: WorkerRecord, task: TaskRecord, value: unknown): void {
  const { client } = task.group;
  worker.processing -= 1;
  worker.occupancyUs -= task.expectedUs;
  task.processingOn = undefined;
  task.flags = (task.flags | FLAG_FINAL) & ~FLAG_STARTED;
  task.state = "memory";
  task.value = value;
  task.nbytes = 0;
  if ((task.flags & FLAG_WANTED) === 0) return;
  state.toClient(client).inMemory(task.clientTask, value, false);
  client.handOver(task);
}

/** memory -> forgotten, once the client has said that it has the value. False if the task is not plain any more. */
export function forgetPlain(state: SchedulerState, task: TaskRecord): boolean {
  if ((task.flags & UNUSUAL) !== 0 || task.liveDependents > 0 || task.state !== "memory") return false;
  task.flags &= ~FLAG_WANTED;
  task.state = "forgotten";
  task.group.client.tasks.delete(task.clientTask);
  state.tasks.delete(task.id);
  return true;
}
