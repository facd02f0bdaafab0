/**
 * Which worker runs what, and when it is sent.
 *
 * A thread that computes is deaf, so what is sent to it cannot be taken back until it is between tasks. Surplus work therefore
 * stays here: a worker has one task per slot in flight, and beyond that only as much as is expected to keep it busy for
 * `WINDOW_US`: hundreds of tiny tasks, or a single long one. How long a task takes is a moving average by function; one that was
 * never seen counts as long, so nothing is sent behind it. What was sent behind something that turns out to be long is taken back,
 * if its worker can hear that: see `stealing.ts`.
 *
 * Results that are large stay with their workers until others have used them. A worker that is given many tasks that make such results
 * has made them all before it comes to those that use them up, which go first here. So it is given few more than it has slots.
 */

import { considerDependents, sendAhead } from "./ahead.ts";
import { forEachDependency } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
import { headOf, shiftHead } from "./line.ts";
import { dispatchSpan } from "./plain.ts";
import { Span, type TaskRecord } from "./records.ts";
import { CRUMB_US, type Line, type SchedulerState } from "./state.ts";
import { type FunctionRecord, WINDOW_US, type WorkerRecord } from "./worker-record.ts";

/** A task of up to so much may be sent to wait behind one that is not longer either. Microseconds. */
const NEXT_US = 7_500;
/** The most tasks in flight on one worker, so that its answers come in digestible batches. */
export const MAX_IN_FLIGHT = 1024;
/** Results that are so small that this much of them may be made for each slot are not held back. Bytes. */
const UNHELD_BYTES = 2 ** 22;
/** What moving a value between threads takes: a fixed part, and bytes per microsecond. */
const COPY_START_US = 150;
const COPY_BYTES_PER_US = 1000;

/** What a run of `fn` is expected to take, in microseconds. */
export function expectedUs({ durationUs }: FunctionRecord): number {
  return durationUs < 0 ? WINDOW_US : durationUs;
}

/** Whether a task of `costUs` may be sent now: to a free slot, or behind work that will not take long. */
export function fits(worker: WorkerRecord, costUs: number): boolean {
  const { running, nThreads } = worker;
  // A worker that is busy cannot hand out what others wait for: meanwhile these may run something else.
  if (running - Math.min(worker.fetching, nThreads) < nThreads) return true;
  const { inFlight } = worker;
  // One more than there are slots, lest a thread have to ask for its next task each time that it ends one of a few milliseconds.
  const isNext = inFlight === nThreads && costUs <= NEXT_US && worker.occupancyUs <= NEXT_US * nThreads;
  return isNext || (worker.occupancyUs + costUs <= worker.windowUs && inFlight < MAX_IN_FLIGHT);
}

/** How many more tasks of `fn`, whose results are large, may be sent to the worker. Runs that wait for others are not among those it has. */
function roomForResults({ saturation }: SchedulerState, worker: WorkerRecord, { nbytes }: FunctionRecord): number {
  // One that is far away has to have more in hand, lest it be idle while its answer and the next task are on their way.
  const most = saturation * worker.nThreads * Math.max(1, worker.windowUs / (WINDOW_US * worker.nThreads));
  return Math.ceil(Math.max(most, (UNHELD_BYTES * most) / nbytes)) - worker.running;
}

function canTake(state: SchedulerState, worker: WorkerRecord, fn: FunctionRecord, costUs: number): boolean {
  return fits(worker, costUs) && (fn.nbytes === 0 || roomForResults(state, worker, fn) > 0);
}

/** Whether tasks wait on it for others to be done. */
export function hasSurplus({ running, fetching, nThreads, alone, takesTasks }: WorkerRecord): boolean {
  return running - fetching > nThreads && takesTasks && !alone;
}

/** Whether some worker has tasks that wait for others to be done: "some", or "uneven" if another has a free slot meanwhile. */
export function surplus({ workers }: SchedulerState): "none" | "some" | "uneven" {
  const all = [...workers.values()];
  const isFree = ({ running, fetching, nThreads, alone, takesTasks }: WorkerRecord) =>
    running - fetching < nThreads && takesTasks && !alone;
  if (!all.some(hasSurplus)) return "none";
  return all.some(isFree) ? "uneven" : "some";
}

/** Enters the worker among those that can take more, or takes it out. To be called whenever its occupancy changed. */
export function judgeRoom(state: SchedulerState, worker: WorkerRecord): void {
  if (worker.running === 0) worker.alone = false;
  if (worker.takesTasks && !worker.alone && worker !== state.vacating && fits(worker, 1)) state.roomy.update(worker);
  else state.roomy.delete(worker);
}

const room = { fits, judge: judgeRoom };

/** Sends queued tasks to workers until there are no more of either. Called once per event, when all its news is in. */
export function assign(state: SchedulerState): void {
  if (state.queued > 0 && state.suspects.length > 0) assignSuspects(state);
  state.weaving?.assign();
  if (state.followers.size > 0 || state.candidates.length > 0) sendAhead(state, room);
  if (state.queued === 0) return;
  state.demands?.assign(Number.POSITIVE_INFINITY);
  assignQueued(state);
  if (state.candidates.length > 0) sendAhead(state, room);
}

function assignQueued(state: SchedulerState): void {
  while (state.queued > 0 && state.roomy.size > 0) {
    const line = nextLine(state);
    const leastBusy = state.roomy.peek();
    if (line === undefined || leastBusy === undefined) return;
    supply(state, line, leastBusy);
  }
}

/** Gives `worker` tasks from the head of `line`: as many as are not worth looking around again in between. */
function supply(state: SchedulerState, line: Line, worker: WorkerRecord): void {
  const untilUs = worker.occupancyUs + CRUMB_US;
  do {
    const task = headOf(line);
    if (task === undefined) break;
    const fn = task instanceof Span ? task.fn : task.function;
    const costUs = expectedUs(fn);
    if (task instanceof Span && canTake(state, worker, fn, costUs)) {
      const room = fn.nbytes === 0 ? MAX_IN_FLIGHT : roomForResults(state, worker, fn);
      const most = Math.min(room, MAX_IN_FLIGHT - worker.inFlight, Math.ceil((untilUs - worker.occupancyUs) / costUs));
      dispatchSpan(state, task, worker, costUs, Math.max(1, most));
      // As the next look at the line would, for which there may be no reason.
      if (task.next === task.count) line.shift();
      continue;
    }
    if (task instanceof Span) {
      state.roomy.delete(worker);
      return;
    }
    const target = task.hasInputs
      ? closest(state, task, worker, (holder) => state.roomy.has(holder) && canTake(state, holder, fn, costUs))
      : worker;
    if (!canTake(state, target, fn, costUs)) {
      // It has room for something shorter, but this comes first. When it is through with something, it is judged anew.
      state.roomy.delete(worker);
      return;
    }
    shiftHead(line);
    dispatch(state, task, target, costUs);
    considerDependents(state, task);
    if (target !== worker) judgeRoom(state, target);
  } while (state.queued > 0 && worker.occupancyUs < untilUs);
  judgeRoom(state, worker);
}

/**
 * Tasks that were at hand when a thread died run alone, so that the next death has one culprit. Under steady load nobody would
 * ever be idle: then one worker gets nothing more until it is.
 */
function assignSuspects(state: SchedulerState): void {
  for (let task = state.suspects.peek(); task !== undefined; task = state.suspects.peek()) {
    if (task.state === "queued") {
      const idle = [...state.roomy].find(isIdle) ?? (isIdle(state.vacating) ? state.vacating : undefined);
      if (idle === undefined) {
        state.vacating ??= state.roomy.peek();
        if (state.vacating !== undefined) state.roomy.delete(state.vacating);
        return;
      }
      idle.alone = true;
      dispatch(state, task, idle, expectedUs(task.function));
      judgeRoom(state, idle);
    }
    state.suspects.shift();
  }
  const { vacating } = state;
  state.vacating = undefined;
  if (vacating !== undefined) judgeRoom(state, vacating);
}

function isIdle(worker: WorkerRecord | undefined): boolean {
  return worker?.running === 0 && worker.takesTasks;
}

/**
 * The line whose head is to run next. Tasks that may only run on some workers are sent before others of their priority: behind a long
 * queue of those, the workers they need would be busy all the time.
 */
function nextLine(state: SchedulerState): Line | undefined {
  for (const { priority, nested, dependents, roots } of state.queues) {
    state.demands?.assign(priority);
    for (let deepest = nested.at(-1); deepest !== undefined; deepest = nested.at(-1)) {
      if (headOf(deepest) !== undefined) return deepest;
      nested.pop();
    }
    if (headOf(dependents) !== undefined) return dependents;
    if (headOf(roots) !== undefined) return roots;
  }
  state.demands?.assign(Number.NEGATIVE_INFINITY);
  return undefined;
}

/** Among `leastBusy` and the holders of the task's large inputs that can take it: where it would be done first. */
export function closest(
  state: SchedulerState,
  task: TaskRecord,
  leastBusy: WorkerRecord,
  canTake: (worker: WorkerRecord) => boolean,
): WorkerRecord {
  if (state.hosts !== undefined) return state.hosts.closest(task, leastBusy, canTake);
  let inputBytes = 0;
  let held: Map<WorkerRecord, number> | undefined;
  forEachDependency(task, (input) => {
    const holders = state.replicas.rightsOf(input);
    if (holders.size === 0) return;
    held ??= new Map();
    inputBytes += input.nbytes;
    for (const holder of holders) held.set(holder, (held.get(holder) ?? 0) + input.nbytes);
  });
  if (held === undefined) return leastBusy;
  const startUs = (worker: WorkerRecord): number => {
    const missing = inputBytes - (held?.get(worker) ?? 0);
    return worker.occupancyUs + (missing === 0 ? 0 : COPY_START_US + missing / COPY_BYTES_PER_US);
  };
  let best = leastBusy;
  let bestUs = startUs(leastBusy);
  for (const holder of held.keys()) {
    if (!canTake(holder)) continue;
    const us = startUs(holder);
    if (us < bestUs) {
      best = holder;
      bestUs = us;
    }
  }
  return best;
}
