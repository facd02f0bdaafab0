/** Workers that are to take no tasks for a while, and tasks that workers are asked to give back. */

import type { WorkerAddress } from "../protocol/identity.ts";
import type { CancelCompute } from "../protocol/worker-messages.ts";
import { answer, findWorkers, type Question } from "./answers.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Has the workers take no tasks any more. What they have begun they finish, and what they hold can be fetched. */
export function pause(state: SchedulerState, question: Question, names: readonly WorkerAddress[]): void {
  const { found, unknown } = findWorkers(state, names);
  if (unknown !== undefined) return answer(state, question, { error: unknown });
  for (const worker of found) {
    if (worker.status !== "running") continue;
    worker.status = "paused";
    takeWorkFrom(state, worker);
  }
  answer(state, question, { value: undefined });
}

export function unpause(
  state: SchedulerState,
  { judgeRoom }: RequestTools,
  question: Question,
  names: readonly WorkerAddress[],
): void {
  const { found, unknown } = findWorkers(state, names);
  if (unknown !== undefined) return answer(state, question, { error: unknown });
  for (const worker of found) {
    if (worker.status !== "paused") continue;
    worker.status = "running";
    judgeRoom(state, worker);
  }
  answer(state, question, { value: undefined });
}

/** Offers it no tasks any more, and asks for those back that it has not begun. */
export function takeWorkFrom(state: SchedulerState, worker: WorkerRecord): void {
  state.roomy.delete(worker);
  if (state.vacating === worker) state.vacating = undefined;
  recall(state, worker, state.processingOn(worker), "all");
}

/**
 * Asks `worker` for tasks in its hands back. It gives back those that it has not begun, and says so; the others it goes on with. A
 * thread that computes answers when it is between tasks. Of what is surplus it keeps half if it can begin one now.
 */
export function recall(
  state: SchedulerState,
  worker: WorkerRecord,
  tasks: readonly TaskRecord[],
  which: NonNullable<CancelCompute["unlessBegun"]>,
): void {
  const waiting = tasks.filter(({ started }) => !started);
  if (waiting.length === 0) return;
  state.toWorker(worker).send({
    type: "cancel-compute",
    ids: waiting.map(({ id }) => id),
    runs: waiting.map(({ runId }) => runId),
    reason: "another worker can do it",
    unlessBegun: which,
  });
}
