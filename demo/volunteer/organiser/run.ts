/** Run: one job on its way. Keeps so many parts of it in the cluster as workers can use, so that it can be paused and made more urgent. */
import { type Client, type Future, wait } from "manyhands";
import { Changes } from "../shared/changes.ts";

/** What is to be done: parts, each of which becomes some result. */
export interface Job<Part, Result> {
  readonly title: string;
  /** What its tasks are called in diagnostics. */
  readonly name: string;
  readonly parts: readonly Part[];
  /** Submits all that a part takes, and gives the future of what it comes to. */
  submit(client: Client, part: Part): Future<Result>;
  /** A part is done. */
  take(result: Result, part: Part): void;
  /** Who did how much of that, by the addresses of workers; any unit. */
  creditOf(result: Result): Readonly<Record<string, number>>;
  /** Nothing will be submitted any more. */
  end(): void;
}

export type RunState = "running" | "paused" | "finished" | "cancelled" | "failed";

/** Parts in the cluster for each of its threads: one that runs, and some so that nobody has to wait for the next. */
const PARTS_FOR_EACH_THREAD = 3;

// biome-ignore lint/suspicious/noExplicitAny: a list holds runs of all kinds of jobs
export type AnyRun = Run<any, any>;

export class Run<Part, Result> extends Changes {
  readonly job: Job<Part, Result>;
  state: RunState = "running";
  priority = 0;
  done = 0;
  /** Why it failed. */
  error: Error | undefined;
  /** Time spent, without that in pause. Milliseconds. */
  #spentMs = 0;
  #since = performance.now();
  /** When the last parts were done, for the rate. */
  readonly #recent: number[] = [];
  /** Parts done by each worker, by its address. */
  readonly credit = new Map<string, number>();
  readonly #client: Client;
  readonly #threads: () => number;
  readonly #open = new Map<Future<Result>, Part>();
  #next = 0;
  #wake: () => void = () => {};
  readonly ended: Promise<void>;

  /** `threads`: how many the cluster has at the time. */
  constructor(client: Client, job: Job<Part, Result>, threads: () => number) {
    super();
    this.#client = client;
    this.job = job;
    this.#threads = threads;
    this.ended = this.#go();
  }

  get total(): number {
    return this.job.parts.length;
  }

  get isOver(): boolean {
    return this.state !== "running" && this.state !== "paused";
  }

  get elapsedMs(): number {
    return this.#spentMs + (this.state === "running" ? performance.now() - this.#since : 0);
  }

  /** Parts a second, lately. */
  get rate(): number {
    const first = this.#recent[0];
    const last = this.#recent.at(-1);
    if (first === undefined || last === undefined || this.#recent.length < 2 || last === first) return 0;
    return ((this.#recent.length - 1) * 1000) / (last - first);
  }

  /** Seconds still to go at that rate; undefined as long as nobody can tell. */
  get secondsLeft(): number | undefined {
    return this.rate > 0 ? (this.total - this.done) / this.rate : undefined;
  }

  pause(): void {
    if (this.state !== "running") return;
    this.#spentMs = this.elapsedMs;
    this.#turn("paused");
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.#since = performance.now();
    this.#recent.length = 0;
    this.#turn("running");
  }

  /** Higher goes first. Holds for parts that are not in the cluster yet. */
  prefer(priority: number): void {
    this.priority = priority;
    this.changed();
  }

  cancel(): void {
    this.#end("cancelled");
  }

  /** The cluster has more or fewer threads. */
  look(): void {
    this.#wake();
  }

  #turn(state: RunState): void {
    this.state = state;
    this.changed();
    this.#wake();
  }

  #end(state: RunState, error?: unknown): void {
    if (this.isOver) return;
    this.#spentMs = this.elapsedMs;
    this.error = error === undefined ? undefined : error instanceof Error ? error : new Error(String(error));
    this.#turn(state);
    if (this.#open.size > 0) this.#client.cancel([...this.#open.keys()], { reason: `the job was ${state}` });
    this.#open.clear();
    this.job.end();
  }

  async #go(): Promise<void> {
    try {
      while (!this.isOver && (this.#next < this.total || this.#open.size > 0)) {
        this.#fill();
        await this.#something();
        for (const [future, part] of this.#open) if (future.done()) await this.#settle(future, part);
      }
      this.#end("finished");
    } catch (error) {
      this.#end("failed", error);
    }
  }

  #fill(): void {
    if (this.state !== "running") return;
    const most = Math.max(1, this.#threads()) * PARTS_FOR_EACH_THREAD;
    const client = this.#client.with({ priority: this.priority });
    while (this.#open.size < most && this.#next < this.total) {
      const part = this.job.parts[this.#next++] as Part;
      this.#open.set(this.job.submit(client, part), part);
    }
  }

  /** Waits until a part is done, or somebody has changed his mind. */
  async #something(): Promise<void> {
    const woken = new AbortController();
    const call = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const open = [...this.#open.keys()];
    if (open.length === 0) return this.state === "running" ? undefined : call;
    const oneDone = wait(open, { returnWhen: "FIRST_COMPLETED", signal: woken.signal }).catch(() => {});
    await Promise.race([call, oneDone]);
    woken.abort();
  }

  async #settle(future: Future<Result>, part: Part): Promise<void> {
    const result = await future.result();
    if (!this.#open.delete(future)) return; // Cancelled meanwhile.
    future.release();
    this.done += 1;
    this.#recent.push(performance.now());
    if (this.#recent.length > 40) this.#recent.shift();
    const shares = Object.entries(this.job.creditOf(result));
    const whole = shares.reduce((sum, [, share]) => sum + share, 0) || 1;
    for (const [worker, share] of shares) this.credit.set(worker, (this.credit.get(worker) ?? 0) + share / whole);
    this.job.take(result, part);
    this.changed();
  }
}
