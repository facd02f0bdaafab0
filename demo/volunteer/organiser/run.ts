/** Run: one job on its way. Keeps so many parts of it in the cluster as workers can use, so that it can be paused and made more urgent. */
import { type Client, type Future, wait } from "manyhands/peer";
import { Changes } from "../shared/changes.ts";

/** What is to be done: parts, each of which becomes some result. */
export interface Job<Part, Result> {
  readonly title: string;
  /** What its tasks are called in diagnostics. */
  readonly name: string;
  readonly parts: readonly Part[];
  /** Gives the cluster what all parts use. */
  begin(client: Client): void;
  /** Submits what a part takes, and gives the future of what it comes to: a single task, for it goes by the name that `client` gives to tasks. */
  submit(client: Client, part: Part): Future<Result>;
  /** A part is done. */
  take(result: Result, index: number): void;
  /** Nothing will be submitted any more. */
  end(): void;
}

export type RunState = "running" | "paused" | "finished" | "cancelled" | "failed";

/** How a run stands, as far as the cluster does not know it by itself. */
export interface Standing {
  readonly state: RunState;
  readonly priority: number;
  /** Milliseconds. */
  readonly spentMs: number;
  readonly error: string;
  /** From whom each part's result came: the addresses of workers. */
  readonly makers: readonly (string | undefined)[];
}

/** Parts in the cluster for each of its threads: one that runs, and some so that nobody has to wait for the next. */
const PARTS_FOR_EACH_THREAD = 3;

// biome-ignore lint/suspicious/noExplicitAny: a list holds runs of all kinds of jobs
export type AnyRun = Run<any, any>;

export class Run<Part, Result> extends Changes {
  /** Its tasks are found by this again, after the page was loaded anew. */
  readonly id: string;
  readonly job: Job<Part, Result>;
  state: RunState = "running";
  priority = 0;
  done = 0;
  /** Why it failed. */
  error: Error | undefined;
  /** From whom the result of each part was accepted, by the scheduler's account: addresses of workers. */
  readonly makers: (string | undefined)[] = [];
  /** Time spent, without that in pause. Milliseconds. */
  #spentMs = 0;
  #since = performance.now();
  /** When the last parts were done, for the rate. */
  readonly #recent: number[] = [];
  readonly #client: Client;
  readonly #threads: () => number;
  /** Parts that are in the cluster, by their futures. */
  readonly #open = new Map<Future<Result>, number>();
  /** Held for as long as the run is shown: by that the cluster keeps results from one visit to the next. */
  readonly #kept: Future<Result>[] = [];
  /** Those that were submitted since it was asked for them last. */
  #fresh: Future<Result>[] = [];
  /** Parts that were not submitted yet, the next one last. */
  readonly #todo: number[];
  #wake: () => void = () => {};
  readonly ended: Promise<void>;

  /** `threads`: how many the cluster has at the time. `before`: how it stood when the page was there last. */
  constructor(
    client: Client,
    job: Job<Part, Result>,
    { id, threads, before }: { readonly id: string; readonly threads: () => number; readonly before?: Standing },
  ) {
    super();
    this.id = id;
    this.#client = client;
    this.job = job;
    this.#threads = threads;
    this.#todo = job.parts.map((_, i) => i).reverse();
    if (before !== undefined) {
      this.state = before.state;
      this.priority = before.priority;
      this.#spentMs = before.spentMs;
      if (before.error !== "") this.error = new Error(before.error);
    }
    this.ended = this.#go(before);
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

  get standing(): Standing {
    const { state, priority, elapsedMs: spentMs, error, makers } = this;
    return { state, priority, spentMs, error: error?.message ?? "", makers };
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

  /** Parts that were submitted since the last time, as far as they are still wanted. */
  takeFresh(): readonly Future<Result>[] {
    const fresh = this.state === "cancelled" ? [] : this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** The cluster need not keep its results any more. */
  letGo(): void {
    this.cancel();
    for (const future of this.#kept.splice(0)) future.release();
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

  async #go(before: Standing | undefined): Promise<void> {
    try {
      if (before !== undefined) await this.#recall(before);
      if (!this.isOver) this.job.begin(this.#client);
      while (!this.isOver && (this.#todo.length > 0 || this.#open.size > 0)) {
        this.#fill();
        await this.#something();
        await this.#settle();
      }
      this.#end("finished");
    } catch (error) {
      this.#end("failed", error);
    }
  }

  /** What was submitted when the page was there last, the cluster knows by its name, with what has become of it. */
  async #recall({ makers }: Standing): Promise<void> {
    const claims = this.job.parts.map((_, i) => this.#client.future<Result>(this.#keyOf(i)));
    // When that is answered, it has been said of each whether there is one.
    await this.#client.schedulerInfo();
    this.#todo.length = 0;
    for (const [i, future] of claims.entries()) {
      this.makers[i] = makers[i];
      if (future.status === "cancelled" || future.status === "lost") this.#todo.unshift(i);
      else if (!this.isOver || future.status === "finished") this.#open.set(future, i);
    }
    await this.#settle();
    this.#recent.length = 0;
  }

  #keyOf(index: number): string {
    return `${this.job.name} ${this.id}/${index}`;
  }

  #fill(): void {
    if (this.state !== "running") return;
    const most = Math.max(1, this.#threads()) * PARTS_FOR_EACH_THREAD;
    while (this.#open.size < most && this.#todo.length > 0) {
      const index = this.#todo.pop() as number;
      const client = this.#client.with({ priority: this.priority, key: this.#keyOf(index) });
      const future = this.job.submit(client, this.job.parts[index] as Part);
      this.#open.set(future, index);
      this.#fresh.push(future);
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

  /** Takes what is done. */
  async #settle(): Promise<void> {
    const done = [...this.#open.keys()].filter((future) => future.done());
    if (done.length === 0) return;
    const [results, makers] = await Promise.all([this.#client.gather(done), this.#client.whoMade(done)]);
    for (const [i, future] of done.entries()) {
      const index = this.#open.get(future);
      if (index === undefined) continue; // Cancelled meanwhile.
      this.#open.delete(future);
      this.#kept.push(future);
      this.done += 1;
      this.#recent.push(performance.now());
      if (this.#recent.length > 40) this.#recent.shift();
      this.makers[index] = makers[future.key] ?? this.makers[index];
      this.job.take(results[i] as Result, index);
    }
    this.changed();
  }
}
