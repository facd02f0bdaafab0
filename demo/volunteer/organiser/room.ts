/** Room: the cluster behind the page, and who works in it. */
import { Client, LocalCluster, type SchedulerInfo } from "manyhands";
import { Changes } from "../shared/changes.ts";
import { colourOf } from "../shared/colour.ts";
import { explain, type Trouble } from "../shared/words.ts";
import { type AnyRun, type Job, Run } from "./run.ts";

/** Somebody whose threads take part, this page's own among them. */
export interface Helper {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  readonly isSelf: boolean;
  isHere: boolean;
  isPaused: boolean;
  threads: number;
  /** How bytes come from there: directly, or by way of somebody. */
  link: string | undefined;
  latencyMs: number | undefined;
  /** Parts of jobs that were accepted from there, of which a part that several worked on is shared. */
  parts: number;
  /** Parts a second, lately. */
  rate: number;
}

const LOOK_MS = 1000;
/** Over how long a helper's rate is taken. */
const RATE_LOOKS = 8;

export class Room extends Changes {
  readonly helpers = new Map<string, Helper>();
  readonly runs: AnyRun[] = [];
  isOpen = false;
  trouble: Trouble | undefined;
  client: Client | undefined;
  #cluster: LocalCluster | undefined;
  /** Which helper's each worker is; kept when it is gone, for its parts still count. */
  readonly #helperOf = new Map<string, string>();
  readonly #partsBefore = new Map<string, number[]>();
  #timer: ReturnType<typeof setInterval> | undefined;

  get threads(): number {
    let threads = 0;
    for (const { isHere, isPaused, threads: own } of this.helpers.values()) if (isHere && !isPaused) threads += own;
    return threads;
  }

  /** Starts the cluster with so many threads of this page. */
  open(own: number): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.#cluster = new LocalCluster({ nWorkers: own, name: "here" });
    this.client = new Client(this.#cluster);
    this.client.ready.catch((error: unknown) => {
      this.trouble = explain(error);
      this.changed();
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
    this.changed();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const run of this.runs) run.cancel();
    await this.client?.close();
    await this.#cluster?.close();
    this.isOpen = false;
    for (const helper of this.helpers.values()) helper.isHere = false;
    this.changed();
  }

  begin<Part, Result>(job: Job<Part, Result>): Run<Part, Result> {
    if (this.client === undefined) throw new Error("the room is not open");
    const run = new Run(this.client, job, () => this.threads);
    this.runs.unshift(run);
    run.follow(() => this.changed());
    this.changed();
    return run;
  }

  colourOfWorker(address: string | undefined): string {
    return this.helpers.get(this.#helperOf.get(address ?? "") ?? "")?.colour ?? "transparent";
  }

  nameOfWorker(address: string | undefined): string {
    return this.helpers.get(this.#helperOf.get(address ?? "") ?? "")?.name ?? "somebody";
  }

  /** Sees who is there, and how much each has done. */
  async #look(): Promise<void> {
    if (this.client === undefined || !this.isOpen) return;
    let info: SchedulerInfo;
    try {
      info = await this.client.schedulerInfo();
    } catch {
      return; // It is being closed.
    }
    const before = this.threads;
    for (const helper of this.helpers.values()) {
      helper.isHere = false;
      helper.threads = 0;
    }
    for (const [address, worker] of Object.entries(info.workers)) this.#meet(address, worker);
    this.#count();
    if (this.threads !== before) for (const run of this.runs) run.look();
    this.changed();
  }

  #meet(address: string, worker: SchedulerInfo["workers"][string]): void {
    const { host, name, nThreads, status } = worker;
    const { link, latencyMs } = worker as { link?: string; latencyMs?: number };
    const isSelf = host === "";
    const id = isSelf ? "here" : host;
    this.#helperOf.set(address, id);
    let helper = this.helpers.get(id);
    if (helper === undefined) {
      const called = isSelf ? "this page" : name.replace(/-\d+$/, "");
      helper = {
        id,
        name: called,
        colour: colourOf(this.helpers.size),
        isSelf,
        isHere: true,
        isPaused: false,
        threads: 0,
        link: undefined,
        latencyMs: undefined,
        parts: 0,
        rate: 0,
      };
      this.helpers.set(id, helper);
    }
    helper.isHere = true;
    helper.isPaused = status !== "running";
    helper.threads += nThreads;
    helper.link = link;
    helper.latencyMs = latencyMs;
  }

  #count(): void {
    const parts = new Map<string, number>();
    for (const { credit } of this.runs)
      for (const [worker, share] of credit) {
        const id = this.#helperOf.get(worker);
        if (id !== undefined) parts.set(id, (parts.get(id) ?? 0) + share);
      }
    for (const helper of this.helpers.values()) {
      helper.parts = parts.get(helper.id) ?? 0;
      const history = this.#partsBefore.get(helper.id) ?? [];
      history.push(helper.parts);
      if (history.length > RATE_LOOKS + 1) history.shift();
      this.#partsBefore.set(helper.id, history);
      helper.rate = ((helper.parts - (history[0] ?? 0)) * 1000) / (Math.max(1, history.length - 1) * LOOK_MS);
    }
  }
}
