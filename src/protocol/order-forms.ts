/** Forms of what the scheduler says to workers: a host need not believe its scheduler either. */

import { news } from "./client-forms.ts";
import type { Errand } from "./errands.ts";
import {
  amount,
  anything,
  both,
  clientTask,
  exactly,
  type Fields,
  type Form,
  fields,
  flag,
  groups,
  kinds,
  list,
  name,
  perhaps,
  text,
  whole,
} from "./form.ts";
import {
  errorOnWire,
  MOST_TASKS,
  names,
  nbytes,
  numberedFunctions,
  rowsForm,
  run,
  shippedFunction,
  taskId,
} from "./shared-forms.ts";
import type { TracePace } from "./tracing.ts";
import type * as messages from "./worker-messages.ts";
import { BLOCK_HEADER } from "./worker-messages.ts";

const type = anything; // It was looked at to find the form.
const ids = list(taskId, MOST_TASKS);
const rows = rowsForm([taskId, run, clientTask, whole(), anything, anything], { slots: 4, shape: 5 }, taskId);

/** `id, nbytes, holders, ...holder numbers`, as long as there are any. */
function whyNotHolders(whoHas: readonly number[], peers: readonly unknown[]): string | undefined {
  for (let i = 0; i < whoHas.length; ) {
    const count = whoHas[i + 2];
    if (count === undefined || i + 3 + count > whoHas.length) return `.whoHas[${i}] has fewer holders than it says`;
    for (let k = i + 3; k < i + 3 + count; k++) {
      if ((whoHas[k] as number) >= peers.length) return `.whoHas[${k}] is none of the peers`;
    }
    i += 3 + count;
  }
  return undefined;
}

type Of<T extends Errand["type"]> = Errand & { readonly type: T };

const errands: { readonly [K in Errand["type"]]: Form } = {
  run: fields<Of<"run">>({ type, fn: shippedFunction, args: anything, workers: perhaps(names) } as Fields<Of<"run">>),
  "register-plugin": fields<Of<"register-plugin">>({ type, name, plugin: anything }),
  "unregister-plugin": fields<Of<"unregister-plugin">>({ type, name }),
  "register-module": fields<Of<"register-module">>({ type, url: name }),
  leave: fields<Of<"leave">>({ type }),
  "forget-functions": fields<Of<"forget-functions">>({ type, ids: list(whole()) }),
  trace: fields<Of<"trace">>({ type, pace: perhaps(fields<TracePace>({ perSecond: amount, everyMs: amount })) }),
  log: fields<Of<"log">>({ type, isOn: perhaps(flag) }),
  "drop-actor": fields<Of<"drop-actor">>({ type, actor: whole(), reason: text() }),
  "move-actor": fields<Of<"move-actor">>({ type, actor: whole() }),
};

const toWorker: { readonly [K in messages.SchedulerToWorkerMessage["type"]]: Form } = {
  rejoin: fields<messages.Rejoin>({ type, number: whole() }),
  "adopt-held": fields<messages.AdoptHeld>({ type, client: name, clientTask: whole(), id: perhaps(taskId) }),
  "compute-task": both<messages.ComputeTask>(
    fields<messages.ComputeTask>({
      type,
      client: name,
      rows: list(anything),
      names: perhaps(groups(taskId, name)),
      data: perhaps(groups(taskId, anything)),
      whoHas: perhaps(list(whole())),
      peers: perhaps(names),
    }),
    (message) => {
      const { why } = rows(message.rows);
      return why === undefined ? whyNotHolders(message.whoHas ?? [], message.peers ?? []) : `.rows${why}`;
    },
  ),
  "compute-blocks": both<messages.ComputeBlocks>(
    fields<messages.ComputeBlocks>({
      type,
      client: name,
      blocks: groups(whole(), whole(0, 100_000), whole(), taskId, run, whole(), whole(1, MOST_TASKS)),
      args: list(anything),
      refs: perhaps(list(whole())),
    }),
    ({ blocks, args }) => {
      let due = 0;
      for (let i = 0; i < blocks.length; i += BLOCK_HEADER)
        due += (blocks[i + 1] as number) * (blocks[i + 6] as number);
      return args.length === due ? undefined : `.args has ${args.length} items, and should have ${due}`;
    },
  ),
  "register-functions": fields<messages.RegisterFunctions>({ type, functions: numberedFunctions }),
  "put-data": fields<messages.PutData>({ type, id: taskId, value: anything, nbytes }),
  "acquire-replicas": both<messages.AcquireReplicas>(
    fields<messages.AcquireReplicas>({ type, whoHas: list(whole()), peers: names }),
    ({ whoHas, peers }) => whyNotHolders(whoHas, peers),
  ),
  "get-data": fields<messages.GetData>({ type, id: taskId, move: flag }),
  "free-keys": fields<messages.FreeKeys>({ type, ids }),
  "cancel-compute": both<messages.CancelCompute>(
    fields<messages.CancelCompute>({
      type,
      ids,
      runs: list(run, MOST_TASKS),
      reason: text(),
      unlessBegun: perhaps(exactly("all", "surplus")),
      error: perhaps(errorOnWire),
    }),
    (message) =>
      message.runs.length === message.ids.length
        ? undefined
        : `.runs has ${message.runs.length} items for ${message.ids.length} tasks`,
  ),
  "stream-credit": fields<messages.StreamCredit>({ type, id: taskId, run, credit: whole() }),
  "remove-peer": fields<messages.RemovePeer>({ type, address: name }),
  "client-news": fields<messages.ClientNews>({ type, news }),
  "adopt-data": fields<messages.AdoptData>({ type, scattered: clientTask, id: perhaps(taskId) }),
  errand: fields<messages.SendErrand>({ type, number: whole(), errand: kinds(errands) }),
};

export const order = kinds(toWorker);
