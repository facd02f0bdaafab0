/** How much there is to be done, for whoever decides how many workers there should be. */

import type { Load } from "../protocol/worker-requests.ts";
import type { Span, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

/** What a run of a function is taken to last that was never seen to end. Microseconds. */
const UNKNOWN_US = 500_000;

export function measureLoad(state: SchedulerState): Load {
  let seen = 0;
  let queuedUs = 0;
  const add = (count: number, { durationUs }: FunctionRecord) => {
    seen += count;
    queuedUs += count * (durationUs < 0 ? UNKNOWN_US : durationUs);
  };
  for (const { dependents, roots } of state.queues) {
    for (const line of [dependents, roots]) {
      for (const item of line) {
        if (!isSpan(item)) {
          if (item.state === "queued") add(1, item.function);
        } else if (item.unfolded === undefined) add(item.count - item.next, item.fn);
        else for (const task of item.unfolded) if (task.state === "queued") add(1, task.function);
      }
    }
  }
  // Those that wait elsewhere are taken to be like those that were seen.
  const meanUs = seen === 0 ? UNKNOWN_US : queuedUs / seen;
  let workUs = queuedUs + Math.max(0, state.queued - seen) * meanUs;
  let tasks = state.queued;
  for (const { occupancyUs, processing } of state.workers.values()) {
    workUs += occupancyUs;
    tasks += processing;
  }
  for (const task of state.tasks.values()) {
    if (task.processingOn !== undefined) workUs += understatedUs(task.function, task.expectedUs);
  }
  for (const { fn, sent } of state.tasks.folds()) {
    for (const { from, to, expectedUs } of sent) workUs += (to - from) * understatedUs(fn, expectedUs);
  }
  return { workUs, tasks, busy: workersAtLong(state).size };
}

/** What has never been seen to end is sent as if it took a moment, so that something is learned of it. */
function understatedUs({ durationUs }: FunctionRecord, expectedUs: number): number {
  return durationUs < 0 ? UNKNOWN_US - expectedUs : 0;
}

/** Workers that have said that they begin something which may take long, and are still at it. */
export function workersAtLong(state: SchedulerState): ReadonlySet<WorkerRecord> {
  const busy = new Set<WorkerRecord>();
  for (const { started, processingOn } of state.tasks.values()) {
    if (started && processingOn !== undefined) busy.add(processingOn);
  }
  return busy;
}

function isSpan(item: TaskRecord | Span): item is Span {
  return "sent" in item;
}
