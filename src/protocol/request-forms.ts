/** Forms of what clients ask. */

import type * as actors from "./actors.ts";
import type { CallStackRequest } from "./call-stacks.ts";
import type { EventsRequest, LogEventRequest } from "./cluster-events.ts";
import type * as coordination from "./coordination.ts";
import type { ErrandRequest } from "./errands.ts";
import {
  amount,
  anything,
  clientTask,
  exactly,
  type Fields,
  type Form,
  fields,
  flag,
  kinds,
  list,
  name,
  perhaps,
  text,
  whole,
} from "./form.ts";
import type { FollowLogsRequest, LogsRequest } from "./logs.ts";
import type * as requests from "./requests.ts";
import { MOST_TASKS, names, packedValue, shippedFunction, taskId } from "./shared-forms.ts";
import type { StoryRequest } from "./stories.ts";
import type { TotalsRequest, TraceCloseRequest, TraceOpenRequest, TraceReadRequest } from "./tracing.ts";
import type * as workers from "./worker-requests.ts";

const type = anything; // It was looked at to find the form.
const some = perhaps(list(clientTask, MOST_TASKS));
const each = list(clientTask, MOST_TASKS);
const credit = whole();

const acts: { readonly [K in coordination.SharedAct["type"]]: Form } = {
  acquire: fields<coordination.Acquire>({ type, names: perhaps(names), count: perhaps(whole(1)) }),
  release: fields<coordination.Release>({ type, token: whole() }),
  "count-holders": fields<coordination.CountHolders>({ type }),
  wait: fields<coordination.Wait>({ type }),
  set: fields<coordination.SetTo>({ type, value: perhaps(packedValue) }),
  clear: fields<coordination.Clear>({ type }),
  "is-set": fields<coordination.IsSet>({ type }),
  get: fields<coordination.Get>({ type, count: perhaps(whole()) }),
  put: fields<coordination.Put>({ type, value: packedValue }),
  "put-back": fields<coordination.PutBack>({ type, values: list(packedValue, MOST_TASKS) }),
  size: fields<coordination.Size>({ type }),
  end: fields<coordination.End>({ type }),
  publish: fields<coordination.Publish>({ type, value: anything }),
  read: fields<coordination.Read>({ type, reader: whole(), fromStart: flag }),
  "stop-reading": fields<coordination.StopReading>({ type, reader: whole() }),
  history: fields<coordination.History>({ type }),
  "host-actor": fields<actors.HostActor>({ type, hasCheckpoints: flag }),
  "actor-ready": fields<actors.ActorReady>({ type, actor: whole() }),
  "checkpoint-actor": fields<actors.CheckpointActor>({ type, actor: whole(), state: packedValue }),
  "locate-actor": fields<actors.LocateActor>({ type, not: perhaps(whole()) }),
  "end-actor": fields<actors.EndActor>({ type, reason: text() }),
};

const target = fields<coordination.SharedTarget>({
  kind: exactly("queue", "lock", "semaphore", "event", "variable", "topic", "barrier", "actor"),
  name,
  limit: perhaps(whole(0)),
  isAnonymous: perhaps(flag),
});

type Errand<T extends ErrandRequest["type"]> = ErrandRequest & { readonly type: T };

const forms: { readonly [K in requests.Request["type"]]: Form } = {
  "scheduler-info": fields<requests.InfoRequest>({ type }),
  "wait-for-workers": fields<requests.WorkersRequest>({ type, count: whole() }),
  "publish-dataset": fields<requests.PublishRequest>({ type, name, value: packedValue, override: flag }),
  "get-dataset": fields<requests.DatasetRequest>({ type, name }),
  "list-datasets": fields<requests.DatasetsRequest>({ type }),
  "unpublish-dataset": fields<requests.UnpublishRequest>({ type, name }),
  "stream-credit": fields<requests.StreamCreditRequest>({ type, id: clientTask, credit }),
  "stream-items": fields<requests.StreamItemsRequest>({ type, id: clientTask, credit }),
  "stream-close": fields<requests.StreamCloseRequest>({ type, id: clientTask }),
  recipe: fields<requests.RecipeRequest>({ type, id: clientTask }),
  "who-has": fields<requests.WhoHasRequest>({ type, tasks: some }),
  "who-made": fields<requests.WhoMadeRequest>({ type, tasks: each }),
  "has-what": fields<requests.HasWhatRequest>({ type, workers: perhaps(names) }),
  nbytes: fields<requests.SizesRequest>({ type, tasks: some }),
  replicate: fields<requests.ReplicateRequest>({
    type,
    tasks: each,
    n: perhaps(whole()),
    workers: perhaps(names),
  }),
  rebalance: fields<requests.RebalanceRequest>({ type, tasks: some, workers: perhaps(names) }),
  coordinate: fields<coordination.CoordinationRequest>({ type, target, act: kinds(acts), task: perhaps(taskId) }),
  "pause-workers": fields<workers.PauseRequest>({ type, workers: names }),
  "unpause-workers": fields<workers.PauseRequest>({ type, workers: names }),
  "retire-workers": fields<workers.RetireTheseRequest>({ type, workers: names }),
  "retire-some": fields<workers.RetireSomeRequest>({ type, count: whole() }),
  load: fields<workers.LoadRequest>({ type }),
  restart: fields<workers.RestartRequest>({ type, workers: perhaps(names), waits: flag }),
  run: fields<Errand<"run">>({ type, fn: shippedFunction, args: anything, workers: perhaps(names) } as Fields<
    Errand<"run">
  >),
  "register-plugin": fields<Errand<"register-plugin">>({ type, name, plugin: anything }),
  "unregister-plugin": fields<Errand<"unregister-plugin">>({ type, name }),
  "register-module": fields<Errand<"register-module">>({ type, url: name }),
  "log-event": fields<LogEventRequest>({ type, topics: names, message: anything }),
  events: fields<EventsRequest>({ type, topic: name, after: perhaps(whole()) }),
  survey: fields<requests.SurveyRequest>({ type, graph: whole() }),
  "call-stack": fields<CallStackRequest>({ type, workers: perhaps(names) }),
  logs: fields<LogsRequest>({ type, workers: perhaps(names) }),
  "log-follow": fields<FollowLogsRequest>({ type }),
  story: fields<StoryRequest>({ type, key: name }),
  totals: fields<TotalsRequest>({ type }),
  "trace-open": fields<TraceOpenRequest>({ type, perSecond: perhaps(amount) }),
  "trace-read": fields<TraceReadRequest>({ type, after: whole(), now: flag }),
  "trace-close": fields<TraceCloseRequest>({ type, perSecond: perhaps(amount) }),
  shutdown: fields<requests.ShutdownRequest>({ type }),
};

export const request = kinds(forms);
