/** Seeing what the cluster does: the part of `Client` that records it. */

import type { Survey } from "../protocol/survey.ts";
import type { CallStackOptions, WorkerCallStack } from "./call-stacks.ts";
import type { EventSubscription } from "./cluster-events.ts";
import { EventControl } from "./event-control.ts";
import type { Future } from "./future.ts";
import type { ForwardLogsOptions, LogsOptions, WorkerLines } from "./logs.ts";
import type { PerformanceReport, Profile, ReportOptions } from "./profiling.ts";
import type { Recording, RecordingOptions } from "./recording.ts";
import type { Seeing } from "./seeing.ts";
import type { Session } from "./session.ts";
import type { TaskStory } from "./stories.ts";

export class Diagnostics extends EventControl {
  readonly #session: Session;

  constructor(session: Session) {
    super(session);
    this.#session = session;
  }

  /**
   * Records what workers do, from now on until it is stopped: which task ran where and when, and what data moved. Settles when it has begun.
   *
   * @example
   * ```ts
   * await using recording = await client.taskStream();
   * await client.gather(client.map(work, items));
   * await recording.stop();
   * recording.spans; // [{ worker, kind: "compute", name: "work", beganMs, ms, … }, …]
   * ```
   */
  async taskStream(options?: RecordingOptions): Promise<Recording> {
    return (await this.#seeing()).taskStream(options);
  }

  /**
   * What there is in the cluster at this moment: who is there, tasks by name and state, each task and what it needs if there are no more
   * than `graph` (200 unless said), and what clients meet at. It is counted when it is asked for.
   */
  survey({ graph = 200 }: { readonly graph?: number } = {}): Promise<Survey> {
    return this.#session.ask({ type: "survey", graph }) as Promise<Survey>;
  }

  /**
   * What there is to tell of one task, by its key or future: what it is at this moment (its state, whose hands it is in, what it waits for,
   * who wants it), and what happened to it. That is noted while somebody records what workers do, with {@link taskStream},
   * {@link performanceReport} or a dashboard, and as far as it is kept: the last 130 000 moves of all tasks, where many
   * small ones that move together count once. Otherwise noting would cost those who never ask.
   *
   * @example
   * ```ts
   * await using recording = await client.taskStream();
   * const future = client.submit(work, 1);
   * await future.exception();
   * console.log(`${await client.story(future)}`); // work-k3x-0: erred … released -> waiting … processing -> erred on thread://worker/1
   * ```
   */
  async story(task: string | Future): Promise<TaskStory> {
    return (await this.#seeing()).story(task);
  }

  /**
   * What workers are at: the tasks that each has begun, what else it has in hand, and where in its code it is at this moment. By address.
   *
   * In Node, threads are stopped for some milliseconds through V8's inspector for their stack, also those of hosts elsewhere; functions that
   * travelled as text are found in scripts called `manyhands:` and their name. Browsers let nobody look into a running worker, and neither can
   * a sandboxed process be: then `noFrames` says so, and the tasks are told all the same.
   *
   * @throws RangeError if one of the workers is not there.
   * @example
   * ```ts
   * for (const [worker, { running, frames }] of Object.entries(await client.callStack())) console.log(worker, running, frames?.[0]);
   * ```
   */
  async callStack(options?: CallStackOptions): Promise<Record<string, WorkerCallStack>> {
    return (await this.#seeing()).callStack(options);
  }

  /**
   * What workers have written to their consoles, by address: the last thousand lines of each, with the tasks that wrote them. One that
   * computes cannot answer; after three seconds, the others' lines are given without its.
   *
   * @throws RangeError if one of the workers is not there.
   */
  async logs(options?: LogsOptions): Promise<Record<string, WorkerLines>> {
    return (await this.#seeing()).logs(options);
  }

  /**
   * Has what workers write to their consoles from now on come here, each line with the task that wrote it: to this console, or to `handler`,
   * until what is returned, or the client, is closed. It comes at once, though the task goes on computing; of more than a console can
   * show, some is left out, and it is said how much. Meanwhile the lines are also noted as events, under `logs`.
   *
   * @example
   * ```ts
   * using forwarding = await client.forwardLogs({ level: "warn" });
   * await client.submit(() => console.warn("it is late")).result(); // [ws://host-1/0 (anonymous)] it is late
   * ```
   */
  async forwardLogs(options?: ForwardLogsOptions): Promise<EventSubscription> {
    return (await this.#seeing()).forwardLogs(options);
  }

  /**
   * Where time has gone. While a {@link performanceReport} of this client is open, all that it has recorded so far (workers tell ten times a
   * second); otherwise what the
   * scheduler counts anyway: how often each function has run since the cluster began, and how long all of that took.
   *
   * With `filename`, it is also written as a page that opens by itself, with no network.
   *
   * @example
   * ```ts
   * const { totals } = await client.profile({ filename: "profile.html" }); // [{ name: "work", runs: 100, ms: 2504.3 }]
   * ```
   */
  async profile(options?: { readonly filename?: string }): Promise<Profile> {
    return (await this.#seeing()).profile(options);
  }

  /**
   * Records what workers do, span by span, and in Node what stacks they are found in, until it is stopped or goes out of scope; then
   * writes it as a page, if there is a `filename`. Settles when it has begun: open it before the work it is about.
   *
   * @example
   * ```ts
   * {
   *   await using report = await client.performanceReport({ filename: "report.html" });
   *   await client.gather(client.map(work, items));
   * }
   * ```
   */
  async performanceReport(options?: ReportOptions): Promise<PerformanceReport> {
    return (await this.#seeing()).report(options);
  }

  async #seeing(): Promise<Seeing> {
    const { Seeing } = await import("./seeing.ts");
    return new Seeing(this, this.#session);
  }
}
