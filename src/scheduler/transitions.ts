/**
 * The table of moves a task can make, and the loop that makes recommended ones until none is left.
 *
 *   released -> waiting -> queued -> processing -> memory
 *                  \          \           \-> erred
 *                   \----------\-> erred / released (an input failed, was lost, or nobody wants it any more)
 *
 * Beside queued there is no-worker, for what none of those who are there may run.
 *
 * A rule does what the move means and recommends what follows from it for this task and others; it never calls another rule.
 */

import { InvalidTransitionError } from "../protocol/errors.ts";
import { awaitInputs, enqueue, fail, park, settle } from "./compute.ts";
import type { TaskRecord, TaskState } from "./records.ts";
import { dropValue, forget, isReady, letGo, stepBack, withdraw } from "./release.ts";
import type { SchedulerState } from "./state.ts";

type Rule = (state: SchedulerState, task: TaskRecord) => void;

const RULES: { readonly [From in TaskState]: { readonly [To in TaskState]?: Rule } } = {
  released: { waiting: awaitInputs, erred: fail, forgotten: forget },
  waiting: { queued: enqueue, erred: fail, released: letGo },
  queued: { waiting: stepBack, erred: fail, released: letGo, "no-worker": park },
  "no-worker": { queued: enqueue, waiting: stepBack, erred: fail, released: letGo },
  processing: { memory: settle, erred: fail, released: withdraw },
  memory: { released: dropValue },
  erred: { released: letGo },
  forgotten: { waiting: awaitInputs },
};

/** Makes one move now, and recommends what follows from it. */
export function move(state: SchedulerState, task: TaskRecord, to: TaskState): void {
  const from = task.state;
  const rule = RULES[from][to];
  if (rule === undefined) {
    throw new InvalidTransitionError(`no way from ${from} to ${to} for ${task.key}: a bug in manyhands`, {
      key: task.key,
      from,
      to,
    });
  }
  const worker = task.processingOn;
  rule(state, task);
  task.state = to;
  state.durability?.touch(task);
  state.watch?.({ key: task.key, from, to, stimulus: state.stimulus, worker: worker?.address });
  state.noteMove(task, from, to, worker);
}

/** Makes recommended moves until none is left, first come, first served. */
export function settleRecommendations(state: SchedulerState): void {
  for (let i = 0; i < state.recommendations.length; i += 2) {
    const task = state.recommendations[i] as TaskRecord;
    const to = state.recommendations[i + 1] as TaskState;
    if (isStillDue(task, to)) move(state, task, to);
  }
  if (state.recommendations.length > 0) state.recommendations = [];
}

/** Between a recommendation and its turn, another move may have taken its reason away. */
function isStillDue(task: TaskRecord, to: TaskState): boolean {
  const { state } = task;
  switch (to) {
    case "queued":
      return task.waitingOn === 0 && (state === "waiting" || state === "no-worker");
    case "no-worker":
      return state === "queued";
    case "waiting":
      return task.isNeeded && (state === "released" || state === "forgotten" || (isReady(task) && task.waitingOn > 0));
    case "erred":
      return state === "released" || state === "waiting" || isReady(task);
    case "released":
      return (!task.isNeeded || task.atClient) && state !== "released" && state !== "forgotten";
    case "forgotten":
      return !task.isNeeded && state === "released";
    default:
      return true;
  }
}
