/**
 * Dependents sent ahead: a task whose unfinished inputs are all in the hands of one worker goes there before they are finished, so
 * that a chain or a subtree of small tasks runs without asking the scheduler after each.
 *
 * The worker has an order of its own for them: it runs such a task once the inputs have been made there, and gives it back
 * (`task-dropped`) if one of them fails, is called off, or turns out to be elsewhere. Only what is expected to take less than a
 * message to and fro is worth it; of anything longer, it is better to decide where it runs when its inputs are there.
 */

import { Deque } from "../collections/deque.ts";
import { PACKED } from "../protocol/task-spec.ts";
import { isSuspect } from "./compute.ts";
import { dispatch, isSmall } from "./dispatch.ts";
import { FLAG_COPIED, FLAG_SECEDED, type TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** What takes longer is not sent ahead. Microseconds. */
const LONGEST_US = 200;
/** Of more dependents than this, some had better run elsewhere. */
const MOST_DEPENDENTS = 4;
/** With more arguments than this, looking at all of them each time that one is sent would take too long. */
const MOST_SLOTS = 8;

/** What a worker can be sent, as `placement.ts` sees it. */
interface Room {
  /** Whether it may be sent what is expected to take so many microseconds. */
  fits(worker: WorkerRecord, us: number): boolean;
  judge(state: SchedulerState, worker: WorkerRecord): void;
}

/** Whether it is worth looking for a worker that makes all of its inputs. */
function mayGoAhead(task: TaskRecord): boolean {
  const { durationUs } = task.function;
  const isQuick = durationUs >= 0 && durationUs <= LONGEST_US;
  const isFree = task.group.options.demands === undefined;
  return isQuick && isFree && task.slots <= MOST_SLOTS && (task.shape & PACKED) === 0;
}

/** `input` has gone to a worker: its dependents may follow. */
export function considerDependents(state: SchedulerState, input: TaskRecord): void {
  if (input.dependents === undefined || input.liveDependents > MOST_DEPENDENTS) return;
  for (const dependent of input.dependents) {
    if (dependent.state === "waiting") state.candidates.push(dependent);
  }
}

/** Sends tasks after their inputs, as far as there is room. */
export function sendAhead(state: SchedulerState, room: Room): void {
  for (const [worker, line] of state.followers) {
    for (let task = line.peek(); task !== undefined; task = line.peek()) {
      if (workerOfInputs(state, task) === worker) {
        if (!room.fits(worker, task.function.durationUs)) break;
        follow(state, task, worker);
      }
      line.shift();
    }
    if (line.length === 0) state.followers.delete(worker);
    if (state.roomy.has(worker)) room.judge(state, worker);
  }
  if (state.candidates.length === 0) return;
  const touched = new Set<WorkerRecord>();
  // Those that are sent make candidates of their own dependents, which this loop comes to as well.
  for (const task of state.candidates) {
    const worker = mayGoAhead(task) ? workerOfInputs(state, task) : undefined;
    if (worker === undefined) continue;
    const line = state.followers.get(worker);
    if (line !== undefined) line.push(task);
    else if (room.fits(worker, task.function.durationUs)) {
      follow(state, task, worker);
      touched.add(worker);
    } else {
      const followers = new Deque<TaskRecord>();
      followers.push(task);
      state.followers.set(worker, followers);
    }
  }
  state.candidates = [];
  // What it was sent can only have made its room smaller.
  for (const worker of touched) if (state.roomy.has(worker)) room.judge(state, worker);
}

function follow(state: SchedulerState, task: TaskRecord, worker: WorkerRecord): void {
  dispatch(state, task, worker, task.function.durationUs);
  considerDependents(state, task);
}

/** The worker that is making all that `task` still waits for and has all the rest, if there is one. */
function workerOfInputs(state: SchedulerState, task: TaskRecord): WorkerRecord | undefined {
  if (task.state !== "waiting" || isSuspect(task)) return undefined;
  const { inputs } = task;
  let worker: WorkerRecord | undefined;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i] as TaskRecord;
    if (input.isAvailable) continue;
    if (input.state !== "processing" || (worker !== undefined && worker !== input.processingOn)) return undefined;
    // One that waits for other tasks leaves its slot to them, and nobody is to take it meanwhile.
    // What one copy of several comes to is not its value yet.
    if ((input.flags & (FLAG_SECEDED | FLAG_COPIED)) !== 0) return undefined;
    worker = input.processingOn;
  }
  if (worker === undefined || !worker.takesTasks || worker.alone) return undefined;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i] as TaskRecord;
    if (input.isAvailable && !isSmall(input) && !state.replicas.has(input, worker)) return undefined;
  }
  return worker;
}
