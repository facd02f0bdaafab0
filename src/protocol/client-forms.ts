/** Forms of what a client and the scheduler say to each other. */

import type * as messages from "./client-messages.ts";
import {
  anything,
  both,
  clientTask,
  type Form,
  fields,
  finite,
  flag,
  kinds,
  list,
  name,
  perhaps,
  text,
  whole,
} from "./form.ts";
import type { Grant } from "./packed-value.ts";
import { request } from "./request-forms.ts";
import {
  clientRows,
  countIn,
  errorOnWire,
  MOST_TASKS,
  names,
  nbytes,
  numberedFunctions,
  outcome,
  ranges,
  taskOptions,
} from "./shared-forms.ts";
import { REFERENCES } from "./task-spec.ts";

const type = anything; // It was looked at to find the form.
const ids = list(clientTask, MOST_TASKS);
const copies: Form = (value) => (typeof value === "boolean" ? undefined : whole(1)(value));

const graph = both<messages.UpdateGraph>(
  fields<messages.UpdateGraph>({
    type,
    first: whole(),
    count: whole(0, MOST_TASKS),
    rows: list(anything),
    uniform: perhaps(
      fields<NonNullable<messages.UpdateGraph["uniform"]>>({
        fn: whole(),
        slots: whole(0, 100_000),
        shape: whole(0, REFERENCES),
      }),
    ),
    functions: numberedFunctions,
    options: taskOptions,
    keys: perhaps(list(perhaps(name), MOST_TASKS)),
  }),
  ({ count, rows, uniform, keys }) => {
    if (keys !== undefined && keys.length > count) return `.keys has ${keys.length} items for ${count} tasks`;
    if (uniform !== undefined) {
      const due = count * uniform.slots;
      return rows.length === due ? undefined : `.rows has ${rows.length} items, and should have ${due}`;
    }
    const { count: found, why } = clientRows(rows);
    if (why !== undefined) return `.rows${why}`;
    return found === count ? undefined : `.rows holds ${found} tasks, and should hold ${count}`;
  },
);

const fromClient: { readonly [K in messages.ClientMessage["type"]]: Form } = {
  "update-graph": graph,
  scatter: fields<messages.Scatter>({
    type,
    id: clientTask,
    value: anything,
    nbytes,
    key: perhaps(name),
    prefix: perhaps(name),
    broadcast: perhaps(copies),
    isLocal: perhaps(flag),
    workers: perhaps(names),
  }),
  gather: fields<messages.Gather>({ type, ranges }),
  "carry-keys": fields<messages.CarryKeys>({ type, id: clientTask, tasks: ids }),
  "client-releases-keys": fields<messages.ClientReleasesKeys>({ type, ids }),
  "client-desires-key": fields<messages.ClientDesiresKey>({ type, id: clientTask, key: name }),
  "client-lost-value": fields<messages.ClientLostValue>({ type, ids }),
  "cancel-keys": fields<messages.CancelKeys>({ type, ids, force: flag, reason: text() }),
  "retry-keys": fields<messages.RetryKeys>({ type, ids }),
  "fire-and-forget": fields<messages.FireAndForget>({ type, ids }),
  "news-received": fields<messages.NewsReceived>({ type, batch: whole() }),
  request: fields<messages.ClientRequest>({ type, number: whole(), request }),
  "withdraw-request": fields<messages.WithdrawRequest>({ type, number: whole() }),
};

export const clientMessage = kinds(fromClient);

const grant = fields<Grant>({ id: clientTask, key: name });

const answerOutcome: Form = (value) => {
  if (typeof value !== "object" || value === null || !("grants" in value)) return outcome(value);
  return fields<{ value: unknown; grants?: readonly Grant[] }>({
    value: anything,
    grants: perhaps(list(grant, MOST_TASKS)),
  })(value);
};

const toClient: { readonly [K in messages.SchedulerToClientMessage["type"]]: Form } = {
  "keys-in-memory": both<messages.KeysInMemory>(
    fields<messages.KeysInMemory>({ type, ranges, values: list(anything), shared: list(whole()) }),
    (message) => {
      const due = countIn(message.ranges, 2);
      return message.values.length === due ? undefined : `.values has ${message.values.length} items for ${due} tasks`;
    },
  ),
  "key-stored": fields<messages.KeyStored>({ type, id: clientTask, nbytes, valueType: name }),
  "value-fetched": fields<messages.ValueFetched>({
    type,
    id: clientTask,
    value: anything,
    nbytes,
    shared: flag,
    moved: flag,
  }),
  "task-erred": fields<messages.TaskErredNews>({ type, id: clientTask, error: errorOnWire }),
  "tasks-started": fields<messages.TasksStarted>({ type, ids }),
  "tasks-pending": fields<messages.TasksPending>({ type, ids }),
  "cancelled-keys": fields<messages.CancelledKeys>({ type, ids, reason: text() }),
  "task-progress": fields<messages.TaskProgress>({ type, id: clientTask, fraction: finite, note: perhaps(text()) }),
  answer: fields<messages.Answer>({ type, number: whole(), outcome: answerOutcome }),
  warning: fields<messages.Warning>({ type, text: text() }),
};

/** One flush of the scheduler's. */
export const news = fields<messages.News>({ batch: whole(), messages: list(kinds(toClient), MOST_TASKS) });
