/** What every door offers, whichever platform it is for. */

export type { ActorCall, ActorStream } from "./client/actors/actor-call.ts";
export type { ActorClass, ActorHandle } from "./client/actors/handle-types.ts";
export type { Argument, Arguments, Gathered } from "./client/arguments.ts";
export type { AsCompletedOptions, Waited, WaitOptions } from "./client/as-completed.ts";
export { AsCompleted, asCompleted, wait } from "./client/as-completed.ts";
export type { ScatterOptions } from "./client/call-options.ts";
export type { CallStackOptions, WorkerCallStack } from "./client/call-stacks.ts";
export { fireAndForget } from "./client/client.ts";
export type { ClusterEvent, EventSubscription, SubscribeOptions } from "./client/cluster-events.ts";
export { Barrier, Event } from "./client/coordination/event.ts";
export type { HandleOptions, WaitingOptions } from "./client/coordination/handle.ts";
export type { Lease, MultiLockAcquireOptions, SemaphoreOptions } from "./client/coordination/lock.ts";
export { Lock, MultiLock, Semaphore } from "./client/coordination/lock.ts";
export type { QueueOptions } from "./client/coordination/queue.ts";
export { Queue } from "./client/coordination/queue.ts";
export type { ReadingOptions, TopicOptions } from "./client/coordination/topic.ts";
export { Topic } from "./client/coordination/topic.ts";
export { Variable } from "./client/coordination/variable.ts";
export type { RebalanceOptions, ReplicateOptions } from "./client/data-control.ts";
export type { DatasetOptions, PublishOptions } from "./client/datasets.ts";
export type { CancelOptions, FutureStatus, Progress } from "./client/future.ts";
export { Future } from "./client/future.ts";
export { getClient } from "./client/get-client.ts";
export type { ForwardLogsOptions, LogLine, LogsOptions, WorkerLines } from "./client/logs.ts";
export { futuresOf } from "./client/nesting.ts";
export type { ChromeTrace, CpuProfile, SampledStacks } from "./client/profile-exports.ts";
export type { PerformanceReport, Profile, ReportOptions } from "./client/profiling.ts";
export type { ProgressCount, ProgressReport } from "./client/progress.ts";
export { progress } from "./client/progress.ts";
export type { Recording, RecordingOptions, TaskSpan } from "./client/recording.ts";
export type { ReplayOptions } from "./client/replay.ts";
export type { StoryStep, TaskStory } from "./client/stories.ts";
export type { MapStreamOptions, StreamMade, StreamSource, TaskStream } from "./client/streaming.ts";
export type { TimeAccount, TransferAccount } from "./client/time-accounts.ts";
export type { Retries, WithOptions } from "./client/with-options.ts";
export type { ActorOptions } from "./protocol/actors.ts";
export {
  ActorLostError,
  CancelledError,
  CommClosedError,
  DisagreementError,
  KilledWorkerError,
  MemoryLimitError,
  NoValidWorkerError,
  ProtocolError,
  TimeoutError,
  UnauthorizedError,
  UnserializableError,
} from "./protocol/errors.ts";
export type { Key } from "./protocol/identity.ts";
export type { SchedulerInfo, WorkerInfo } from "./protocol/requests.ts";
export type { TaskNow } from "./protocol/stories.ts";
export type { MeetingPlace, NameCounts, Survey, SurveyedTask } from "./protocol/survey.ts";
export type { Resources } from "./protocol/task-spec.ts";
export type { FunctionTotals } from "./protocol/tracing.ts";
export type { AdaptOptions } from "./runtime/elasticity.ts";
export type { ConnectOptions } from "./runtime/far-client.ts";
export type { DurableOptions } from "./runtime/keeper.ts";
export type { HostStats, JoinOptions, LentHost as Host } from "./runtime/lending.ts";
export type { ListenEvent, Listening, ListenOptions } from "./runtime/listening.ts";
export type { Adaptive, LocalClusterOptions } from "./runtime/local-cluster.ts";
export type { HostInfo } from "./runtime/remote-hosts.ts";
export { closure, fromModule } from "./shipping/function-source.ts";
export type { RunState, WorkerPlugin } from "./shipping/plugin.ts";
export type { TaskContext, WorkerContext } from "./shipping/task-context.ts";
export { getTask, getWorker, rejoin, secede } from "./shipping/task-context.ts";
export { transfer } from "./shipping/transfer.ts";
