/** Forms of what workers say to the scheduler. */

import { clientMessage } from "./client-forms.ts";
import {
  anything,
  both,
  clientTask,
  exactly,
  type Form,
  fields,
  finite,
  flag,
  groups,
  kinds,
  list,
  measured,
  name,
  perhaps,
  text,
  whole,
} from "./form.ts";
import { LOG_LEVELS, type LoggedLine, MOST_LINE, type WorkerLog } from "./logs.ts";
import { countIn, errorOnWire, MOST_TASKS, names, nbytes, outcome, resources, run, taskId } from "./shared-forms.ts";
import { SPAN_FIELDS, type Trace } from "./tracing.ts";
import type * as messages from "./worker-messages.ts";
import { HELD_VALUE } from "./worker-messages.ts";

const type = anything; // It was looked at to find the form.
const ids = list(taskId, MOST_TASKS);

/** In one trace. */
const MOST_SPANS = 100_000;

/** Spans of a trace, row by row. */
function spanRows(rows: unknown): string | undefined {
  if (!(rows instanceof Float64Array)) return " must be a Float64Array";
  if (rows.length % SPAN_FIELDS !== 0 || rows.length > MOST_SPANS * SPAN_FIELDS) return ` has ${rows.length} numbers`;
  return rows.every(Number.isFinite) ? undefined : " has what is no number";
}

const fromWorker: { readonly [K in messages.WorkerMessage["type"]]: Form } = {
  "task-finished": both<messages.TaskFinished>(
    fields<messages.TaskFinished>({
      type,
      ranges: groups(taskId, run, whole(1, MOST_TASKS)),
      values: list(anything),
      spent: groups(whole(), whole(), measured),
    }),
    ({ ranges, values }) => {
      const due = countIn(ranges, 3);
      return values.length === due ? undefined : `.values has ${values.length} items for ${due} tasks`;
    },
  ),
  "task-stored": fields<messages.TaskStored>({
    type,
    id: taskId,
    run,
    nbytes,
    valueType: name,
    pushed: perhaps(fields<NonNullable<messages.TaskStored["pushed"]>>({ value: anything, moved: flag })),
  }),
  "task-erred": fields<messages.TaskErred>({ type, id: taskId, run: whole(HELD_VALUE), error: errorOnWire }),
  "task-started": fields<messages.TaskStarted>({ type, id: taskId, run }),
  "task-dropped": fields<messages.TaskDropped>({ type, runs: groups(taskId, run) }),
  "task-progress": fields<messages.WorkerTaskProgress>({
    type,
    id: taskId,
    run,
    fraction: finite,
    note: perhaps(text()),
  }),
  "task-items": fields<messages.TaskItems>({ type, id: taskId, run, items: list(anything, MOST_TASKS) }),
  "add-keys": fields<messages.AddKeys>({ type, ids }),
  "missing-data": fields<messages.MissingData>({ type, id: whole(), run: whole(), missing: taskId, holders: names }),
  data: fields<messages.DataForScheduler>({ type, id: taskId, found: flag, value: anything, moved: flag }),
  "client-messages": fields<messages.ClientMessages>({ type, messages: list(clientMessage, MOST_TASKS) }),
  "task-carries": fields<messages.TaskCarries>({ type, id: taskId, run, tasks: list(clientTask, MOST_TASKS) }),
  "task-seceded": fields<messages.TaskSeceded>({ type, id: taskId, run }),
  "task-rejoined": fields<messages.TaskRejoined>({ type, id: taskId, run }),
  "slots-lent": fields<messages.SlotsLent>({ type, count: whole() }),
  "errand-done": fields<messages.ErrandDone>({ type, number: whole(), outcome }),
  "set-resources": fields<messages.SetResources>({ type, resources }),
  "memory-used": fields<messages.MemoryUsed>({
    type,
    threadBytes: perhaps(measured),
    kept: perhaps(
      fields<messages.KeptBytes>({ limit: nbytes, heldBytes: measured, spilledBytes: measured, isFull: flag }),
    ),
    warning: perhaps(text()),
    givesUp: perhaps(text()),
  }),
  trace: fields<Trace>({
    type,
    texts: names,
    rows: spanRows,
  }),
  log: fields<WorkerLog>({
    type,
    lines: list(
      fields<LoggedLine>({
        atMs: finite,
        level: exactly(...LOG_LEVELS),
        text: text(MOST_LINE),
        key: perhaps(name),
        name: perhaps(name),
      }),
      1000,
    ),
    missed: whole(),
  }),
  "worker-holds": fields<messages.WorkerHolds>({
    type,
    number: whole(),
    values: list(
      fields<messages.HeldValue>({ client: name, clientTask: whole(), hash: text(256), nbytes, valueType: name }),
      100_000,
    ),
  }),
};

export const workerMessage = kinds(fromWorker);
