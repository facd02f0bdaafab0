/** Room: the cluster behind the page, and who works in it. */
import { Client, type HostInfo, LocalCluster, type SchedulerInfo } from "manyhands/peer";
import { Changes } from "../shared/changes.ts";
import { colourOf, isColour } from "../shared/colour.ts";
import { type Entry, MOST_ENTRIES, MOST_JOBS, type Standing } from "../shared/standing.ts";
import { explain, type Trouble } from "../shared/words.ts";
import { Door } from "./door.ts";
import { type AnyRun, type Job, Run } from "./run.ts";

/** Somebody whose threads take part, this page's own among them. */
export interface Helper {
  /** Its own word for itself, by which it is known again after a reload; else what the library calls its host. */
  readonly id: string;
  name: string;
  colour: string;
  readonly isSelf: boolean;
  isHere: boolean;
  isPaused: boolean;
  /** Its connection has dropped, and it is waited for. */
  isAway: boolean;
  threads: number;
  /** The part of the time that they work. */
  cpuShare: number;
  /** How bytes come from there: directly, or by way of somebody. */
  link: "here" | "direct" | "relayed";
  latencyMs: number | undefined;
  /** Parts of jobs that were accepted from there, of which a part that several worked on is shared. */
  parts: number;
  /** Parts a second, lately. */
  rate: number;
  /** What the library calls its hosts, the present one and those before. */
  readonly hosts: Set<string>;
}

const SELF = "here";
const LOOK_MS = 1000;
/** Over how long a helper's rate is taken. */
const RATE_LOOKS = 8;
const MOST_NAME = 40;

export class Room extends Changes {
  readonly helpers = new Map<string, Helper>();
  readonly runs: AnyRun[] = [];
  readonly door = new Door();
  isOpen = false;
  trouble: Trouble | undefined;
  client: Client | undefined;
  #cluster: LocalCluster | undefined;
  /** Which helper's each worker is; kept when it is gone, for its parts still count. */
  readonly #helperOf = new Map<string, string>();
  readonly #partsBefore = new Map<string, number[]>();
  /** Those who were sent away, by their own words for themselves. */
  readonly #unwelcome = new Set<string>();
  #told = "";
  #timer: ReturnType<typeof setInterval> | undefined;

  get threads(): number {
    let threads = 0;
    for (const { isHere, isPaused, threads: own } of this.helpers.values()) if (isHere && !isPaused) threads += own;
    return threads;
  }

  /** Starts the cluster with so many threads of this page, and lets others in. */
  open(own: number): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.trouble = undefined;
    const cluster = new LocalCluster({ nWorkers: own, name: SELF });
    this.#cluster = cluster;
    this.client = new Client(cluster);
    this.client.ready.catch((error: unknown) => {
      this.trouble = explain(error);
      this.changed();
    });
    void this.door.open(cluster);
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    void this.#look();
    this.changed();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const run of this.runs) run.cancel();
    await this.door.close();
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

  /** What somebody had in hand is done by others, and he does not come back. */
  sendAway({ id, hosts }: Helper): void {
    this.#unwelcome.add(id);
    for (const host of hosts) this.door.listening?.dismiss(host, "whoever has the room wants it so");
    void this.#look();
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
    for (const host of this.door.listening?.hosts ?? []) this.#meet(host);
    for (const [address, worker] of Object.entries(info.workers)) this.#countIn(address, worker);
    for (const { from, to, route } of info.links) {
      if (route === "relay") for (const helper of this.#those(from, to)) helper.link = "relayed";
    }
    this.#count();
    if (this.threads !== before) for (const run of this.runs) run.look();
    this.#tellAll();
    this.changed();
  }

  #those(...hosts: readonly string[]): Helper[] {
    return [...this.helpers.values()].filter(({ hosts: own }) => hosts.some((host) => own.has(host)));
  }

  #meet({ id: host, name, about, isPaused, isAway, latencyMs }: HostInfo): void {
    const { volunteer, colour, cpuShare } = about;
    const id = typeof volunteer === "string" && volunteer !== SELF && volunteer !== "" ? volunteer : host;
    if (this.#unwelcome.has(id)) return void this.door.listening?.dismiss(host, "whoever has the room wants it so");
    const helper = this.helpers.get(id) ?? this.#welcome(id);
    Object.assign(helper, {
      name: name.trim().slice(0, MOST_NAME) || "somebody",
      isHere: true,
      isPaused,
      isAway,
      latencyMs,
      link: "direct",
      cpuShare: typeof cpuShare === "number" && cpuShare > 0 && cpuShare <= 1 ? cpuShare : 1,
    });
    if (isColour(colour)) helper.colour = colour;
    helper.hosts.add(host);
  }

  #welcome(id: string): Helper {
    const isSelf = id === SELF;
    const helper: Helper = {
      id,
      name: isSelf ? "this page" : "somebody",
      colour: colourOf(this.helpers.size),
      isSelf,
      isHere: true,
      isPaused: false,
      isAway: false,
      threads: 0,
      cpuShare: 1,
      link: isSelf ? "here" : "direct",
      latencyMs: undefined,
      parts: 0,
      rate: 0,
      hosts: new Set([id]),
    };
    this.helpers.set(id, helper);
    return helper;
  }

  #countIn(address: string, { host, nThreads, link }: SchedulerInfo["workers"][string]): void {
    const isSelf = link === "thread";
    const helper = isSelf ? (this.helpers.get(SELF) ?? this.#welcome(SELF)) : this.#those(host)[0];
    if (helper === undefined) return; // He has just come, and is met the next time.
    this.#helperOf.set(address, helper.id);
    helper.threads += nThreads;
    helper.isHere = true;
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

  /** Tells those who help how far it is, and who has done how much of it. */
  #tellAll(): void {
    const { listening } = this.door;
    if (listening === undefined) return;
    const entries = [...this.helpers.values()]
      .sort((a, b) => b.parts - a.parts)
      .slice(0, MOST_ENTRIES)
      .map(({ isSelf, name, colour, parts, hosts }): Entry => {
        const called = isSelf ? this.door.by || "whoever invited you" : name;
        return { hosts: [...hosts].slice(-8), name: called, colour, parts };
      });
    const jobs = this.runs
      .filter(({ isOver }) => !isOver)
      .slice(0, MOST_JOBS)
      .map(({ job, done, total }) => ({ title: job.title, done, total }));
    const standing: Standing = { jobs, entries };
    const text = JSON.stringify(standing);
    if (text === this.#told) return;
    this.#told = text;
    listening.announce(standing);
  }
}
