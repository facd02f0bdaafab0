/** Profiles: where time went, as data and as a page that opens by itself. */

import type { FunctionTotals } from "../protocol/tracing.ts";
import {
  type ChromeTrace,
  type CpuProfile,
  chromeTrace,
  joinedProfile,
  type SampledStacks,
} from "./profile-exports.ts";
import { Recording, type TaskSpan } from "./recording.ts";
import { Sampling } from "./sampling.ts";
import { saveFile } from "./saving.ts";
import type { Session } from "./session.ts";
import { idleMs, type TimeAccount, type TransferAccount, timeAccounts, transferAccounts } from "./time-accounts.ts";
import type { WorkerControl } from "./worker-control.ts";

/** What a page about a profile is given. */
export interface ProfileContents {
  /** What was run since the cluster began. */
  readonly totals: readonly FunctionTotals[];
  /** Between these, in milliseconds since 1970, it was recorded; equal if it was not. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Addresses. */
  readonly workers: readonly string[];
  readonly spans: readonly TaskSpan[];
  /** Messages of spans that were lost, because they were not read in time. */
  readonly missed: number;
  readonly stacks: readonly SampledStacks[];
  /** Why there are no stacks of workers, if there are none. */
  readonly noStacks: string | undefined;
}

/** What `client.profile()` and a report give. */
export class Profile {
  readonly contents: ProfileContents;

  constructor(contents: ProfileContents) {
    this.contents = contents;
  }

  /** What each function has taken since the cluster began, whoever looked or did not. */
  get totals(): readonly FunctionTotals[] {
    return this.contents.totals;
  }

  /** What workers did, span by span, while it was recorded. */
  get spans(): readonly TaskSpan[] {
    return this.contents.spans;
  }

  /** The sampled stacks, by worker; none where the platform gives none. Chromium gives those of the page itself, if its policy lets it. */
  get stacks(): readonly SampledStacks[] {
    return this.contents.stacks;
  }

  /** Where the recorded time went, by the name of the function. */
  get byName(): TimeAccount[] {
    return timeAccounts(this.spans);
  }

  get transfers(): TransferAccount[] {
    return transferAccounts(this.spans);
  }

  /** Milliseconds in which recorded workers did nothing, all together. */
  get idleMs(): number {
    const { spans, workers } = this.contents;
    return idleMs(spans, workers, this.contents);
  }

  /** What Perfetto and chrome://tracing open, once it is written as JSON. */
  toChromeTrace(): ChromeTrace {
    return chromeTrace(this.spans);
  }

  /** What a .cpuprofile holds, which the developer tools of Chrome and VS Code open; undefined if no stacks were sampled. */
  toCpuProfile(): CpuProfile | undefined {
    return joinedProfile(this.stacks);
  }

  /** A page that needs nothing beside itself. */
  async toHtml(): Promise<string> {
    const { default: page } = await import("./profile-page-inline.js");
    const json = JSON.stringify(this.contents).replaceAll("<", "\\u003c");
    return page.replace('"PROFILE_CONTENTS"', () => json);
  }
}

export interface ReportOptions {
  /** Where the page is written when the report ends: a path in Node, the name of a download in pages. None is written unless said. */
  readonly filename?: string;
  /** Whether stacks are sampled, where that can be. They are unless this is false. */
  readonly stacks?: boolean;
  /** So many of the last spans are kept. 100 000 unless said. */
  readonly limit?: number;
}

/** What `client.performanceReport()` gives: it records until it is stopped, or goes out of scope. */
export class PerformanceReport implements AsyncDisposable {
  readonly #session: Session;
  readonly #options: ReportOptions;
  readonly #recording: Recording;
  readonly #sampling: Sampling | undefined;
  readonly #fromMs = Date.now();
  readonly #workers = new Set<string>();
  #stopped: Promise<Profile> | undefined;

  constructor(client: WorkerControl, session: Session, options: ReportOptions) {
    this.#session = session;
    this.#options = options;
    this.#recording = new Recording(session, options.limit === undefined ? {} : { limit: options.limit });
    this.#sampling = options.stacks === false ? undefined : new Sampling(client);
  }

  async start(): Promise<void> {
    await this.#recording.ready;
    await this.#sampling?.start();
    await this.#noteWorkers();
  }

  /** What has been recorded so far. */
  profile(): Promise<Profile> {
    return this.#take(false);
  }

  /** Ends it, writes the page if one is wanted, and gives what was recorded. */
  stop(): Promise<Profile> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<Profile> {
    forget(this.#session, this);
    await this.#recording.stop();
    const profile = await this.#take(true);
    const { filename } = this.#options;
    if (filename !== undefined) await saveFile(filename, await profile.toHtml());
    return profile;
  }

  async #take(isLast: boolean): Promise<Profile> {
    const toMs = Date.now();
    const stacks = (await this.#sampling?.collect(isLast)) ?? [];
    const totals = await totalsOf(this.#session);
    await this.#noteWorkers();
    const { spans, missed } = this.#recording;
    for (const { worker } of spans) this.#workers.add(worker);
    return new Profile({
      totals,
      fromMs: this.#fromMs,
      toMs,
      workers: [...this.#workers],
      spans: [...spans],
      missed,
      stacks,
      noStacks: this.#sampling === undefined ? "they were not asked for" : this.#sampling.reason,
    });
  }

  async #noteWorkers(): Promise<void> {
    const { workers } = (await this.#session.ask({ type: "scheduler-info" })) as { readonly workers: object };
    for (const address of Object.keys(workers)) this.#workers.add(address);
  }
}

/** Reports under way, the newest last. */
const reports = new WeakMap<Session, PerformanceReport[]>();

function forget(session: Session, report: PerformanceReport): void {
  reports.set(
    session,
    (reports.get(session) ?? []).filter((each) => each !== report),
  );
}

export async function report(
  client: WorkerControl,
  session: Session,
  options: ReportOptions,
): Promise<PerformanceReport> {
  demandName(options.filename);
  const begun = new PerformanceReport(client, session, options);
  await begun.start();
  reports.set(session, [...(reports.get(session) ?? []), begun]);
  return begun;
}

/** What the newest report has recorded so far; without one, what is known anyway. */
export async function profile(session: Session, filename: string | undefined): Promise<Profile> {
  demandName(filename);
  const taken = (await reports.get(session)?.at(-1)?.profile()) ?? (await summary(session));
  if (filename !== undefined) await saveFile(filename, await taken.toHtml());
  return taken;
}

async function summary(session: Session): Promise<Profile> {
  const nowMs = Date.now();
  const totals = await totalsOf(session);
  const noStacks = "nothing was being recorded";
  return new Profile({ totals, fromMs: nowMs, toMs: nowMs, workers: [], spans: [], missed: 0, stacks: [], noStacks });
}

function totalsOf(session: Session): Promise<FunctionTotals[]> {
  return session.ask({ type: "totals" }) as Promise<FunctionTotals[]>;
}

function demandName(filename: unknown): void {
  if (filename !== undefined && (typeof filename !== "string" || filename === "")) {
    throw new TypeError("filename must be a text that is not empty");
  }
}
