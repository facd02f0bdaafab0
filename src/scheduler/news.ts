/** Telling everybody who wants a task what became of it, under their own number for it. */

import type { SchedulerToClientMessage } from "../protocol/client-messages.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";

/** Calls `visit` for every claim on `task`: its submitter's first. */
export function forEachClaim(task: TaskRecord, visit: (client: ClientRecord, id: ClientTaskId) => void): void {
  if (task.wanted) visit(task.client, task.clientTask);
  for (const { client, id } of task.claims ?? []) visit(client, id);
}

export function tell(
  state: SchedulerState,
  task: TaskRecord,
  news: (id: ClientTaskId) => SchedulerToClientMessage,
): void {
  forEachClaim(task, (client, id) => state.toClient(client).send(news(id)));
}

/** Back to pending: it is to run again. */
export function tellPending(state: SchedulerState, task: TaskRecord): void {
  tell(state, task, (id) => ({ type: "tasks-pending", ids: [id] }));
}
