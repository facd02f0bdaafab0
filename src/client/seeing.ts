/** What is loaded when a client looks into its cluster: builds keep this apart, and leave it out of threads. */

import { type CallStackOptions, readCallStacks, type WorkerCallStack } from "./call-stacks.ts";
import type { EventSubscription } from "./cluster-events.ts";
import type { Future } from "./future.ts";
import { type ForwardLogsOptions, forwardLogs, type LogsOptions, readLogs, type WorkerLines } from "./logs.ts";
import { type PerformanceReport, type Profile, profile, type ReportOptions, report } from "./profiling.ts";
import { Recording, type RecordingOptions } from "./recording.ts";
import type { Session } from "./session.ts";
import { readStory, type TaskStory } from "./stories.ts";
import type { WorkerControl } from "./worker-control.ts";

export class Seeing {
  readonly #client: WorkerControl;
  readonly #session: Session;

  constructor(client: WorkerControl, session: Session) {
    this.#client = client;
    this.#session = session;
  }

  async taskStream(options: RecordingOptions = {}): Promise<Recording> {
    const recording = new Recording(this.#session, options);
    await recording.ready;
    return recording;
  }

  story(task: string | Future): Promise<TaskStory> {
    const key = typeof task === "string" ? task : task?.key;
    if (typeof key !== "string" || key === "") throw new TypeError("story() is told of a key or a future");
    return readStory(this.#session, key);
  }

  callStack(options: CallStackOptions = {}): Promise<Record<string, WorkerCallStack>> {
    return readCallStacks(this.#session, options);
  }

  logs(options: LogsOptions = {}): Promise<Record<string, WorkerLines>> {
    return readLogs(this.#session, options);
  }

  forwardLogs(options: ForwardLogsOptions = {}): Promise<EventSubscription> {
    return forwardLogs(this.#session, options);
  }

  profile({ filename }: { readonly filename?: string } = {}): Promise<Profile> {
    return profile(this.#session, filename);
  }

  report(options: ReportOptions = {}): Promise<PerformanceReport> {
    return report(this.#client, this.#session, options);
  }
}
