/** Room: the cluster behind the page, and who works in it. */
import { Client, type HostInfo, LocalCluster, type SchedulerInfo } from "manyhands/peer";
import { Changes } from "../shared/changes.ts";
import { colourOf, isColour } from "../shared/colour.ts";
import { type Entry, MOST_ENTRIES, MOST_JOBS, type Standing } from "../shared/standing.ts";
import { explain, type Trouble } from "../shared/words.ts";
import { Archive, type KeptRoom, type KeptWorker } from "./archive.ts";
import { Door } from "./door.ts";
import { jobOf, type Plan } from "./plan.ts";
import { noteJobsLeft, noteOpen } from "./reopening.ts";
import { type AnyRun, Run } from "./run.ts";

/** Somebody whose threads take part, this page's own among them. */
export interface Helper {
  /** By which it is known again: a secret of its own, which nobody else is told; else what the library calls its host. */
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
  /** Parts of jobs whose results were accepted from there, by the scheduler's account. */
  parts: number;
  /** Parts a second, lately. */
  rate: number;
  /** What the library calls its hosts, the present one and those before. */
  readonly hosts: Set<string>;
}

const SELF = "here";
/** Under which the cluster's state outlives the page. */
const DURABLE = "organiser";
const LOOK_MS = 1000;
/** Parts of jobs in all for which the room's state is written with every look; of more, less often. */
const PARTS_A_LOOK = 5000;
/** Over how long a helper's rate is taken. */
const RATE_LOOKS = 8;
const MOST_NAME = 40;

export class Room extends Changes {
  readonly helpers = new Map<string, Helper>();
  readonly runs: AnyRun[] = [];
  readonly door = new Door();
  isOpen = false;
  /** Whether it goes on after the page was loaded anew. */
  isDurable = false;
  trouble: Trouble | undefined;
  client: Client | undefined;
  #cluster: LocalCluster | undefined;
  #archive: Archive | undefined;
  #ready: Promise<Client> = Promise.reject(new Error("the room is not open"));
  /** Which helper's each worker is; kept when it is gone, for its parts still count. */
  readonly #helperOf = new Map<string, string>();
  readonly #partsBefore = new Map<string, number[]>();
  /** Parts of runs that were put away, by helper. */
  readonly #earlier = new Map<string, number>();
  /** Those who were sent away, by their own words for themselves. */
  readonly #unwelcome = new Set<string>();
  #told = "";
  #looks = 0;
  /** What was written down last, in short. */
  #kept = "";
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.#ready.catch(() => {});
  }

  get threads(): number {
    let threads = 0;
    for (const { isHere, isPaused, threads: own } of this.helpers.values()) if (isHere && !isPaused) threads += own;
    return threads;
  }

  /** Starts the cluster with so many threads of this page, goes on with what was under way there, and lets others in. */
  open(own: number): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.trouble = undefined;
    noteOpen(own);
    this.#ready = this.#open(own);
    this.#ready.then(
      () => this.changed(),
      (error: unknown) => {
        this.trouble = explain(error);
        this.changed();
      },
    );
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.changed();
  }

  async #open(own: number): Promise<Client> {
    const { cluster, client } = await this.#start(own);
    this.#cluster = cluster;
    this.client = client;
    await client.whoMade([]); // From now on it is noted.
    if (this.isDurable) {
      this.#archive = new Archive(client);
      await this.#recall(client, this.#archive).catch((error: unknown) => {
        this.trouble = { title: "What was under way here could not be found again", advice: explain(error).advice };
      });
    }
    await this.#look();
    void this.door.open(cluster);
    return client;
  }

  async #start(own: number): Promise<{ readonly cluster: LocalCluster; readonly client: Client }> {
    const options = { nWorkers: own, name: SELF };
    // Without these, which pages only have over https: and on their own machine, nothing outlives the page.
    this.isDurable = "locks" in navigator && "indexedDB" in globalThis;
    for (;;) {
      const cluster = new LocalCluster(this.isDurable ? { ...options, durable: DURABLE } : options);
      const client = new Client(cluster);
      try {
        await client.ready;
        return { cluster, client };
      } catch (error) {
        await cluster.close();
        // Another page of this browser has it, or it cannot be read.
        if (!this.isDurable) throw error;
        this.isDurable = false;
      }
    }
  }

  async #recall(client: Client, archive: Archive): Promise<void> {
    const kept = await archive.read();
    if (kept === undefined) return;
    for (const { id, name, colour, earlier } of kept.helpers) {
      Object.assign(this.#welcome(id), { name, colour, isHere: false });
      this.#earlier.set(id, earlier);
    }
    for (const [address, id] of kept.workers) this.#helperOf.set(address, id);
    for (const { id, standing, makers } of [...kept.runs].reverse()) {
      const job = await jobOf(await archive.readPlan(id));
      const before = { ...standing, makers: Array.from(makers, (place) => kept.workers[place - 1]?.[0]) };
      this.#follow(new Run(client, job, { id, threads: () => this.threads, before }));
    }
  }

  /** Ends everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    noteOpen(0);
    await this.#ready.catch(() => {}); // Whatever it came to is ended.
    for (const run of this.runs) run.letGo();
    await this.door.close();
    await this.#archive?.clear().catch(() => {}); // It may not have come so far.
    if (this.isDurable) void noteJobsLeft(0);
    this.#archive = undefined;
    await this.client?.close();
    await this.#cluster?.close();
    this.isOpen = false;
    this.runs.length = 0;
    for (const people of [this.helpers, this.#helperOf, this.#partsBefore, this.#earlier]) people.clear();
    this.changed();
  }

  /** @throws an error that says why it cannot be done. */
  async begin(plan: Plan): Promise<AnyRun> {
    const job = await jobOf(plan);
    const client = await this.#ready;
    const id = crypto.getRandomValues(new Uint32Array(2)).reduce((text, each) => text + each.toString(36), "");
    await this.#archive?.writePlan(id, plan);
    const run = new Run(client, job, { id, threads: () => this.threads });
    this.#follow(run);
    await this.#keep();
    return run;
  }

  /** A run that is over is not shown any more, nor kept. */
  putAway(run: AnyRun): void {
    const place = this.runs.indexOf(run);
    if (place < 0) return;
    run.letGo();
    // Whoever had a part in it still has.
    this.#addParts(run, this.#earlier);
    this.runs.splice(place, 1);
    void this.#archive?.removePlan(run.id).catch(() => {}); // It is not read any more.
    void this.#keep();
    this.changed();
  }

  #follow(run: AnyRun): void {
    this.runs.unshift(run);
    let standing = "";
    run.follow(() => {
      const { state, priority } = run;
      if (standing !== `${state} ${priority}`) void this.#keep();
      standing = `${state} ${priority}`;
      this.changed();
    });
    this.changed();
  }

  /** Has it written down how all stands. */
  async #keep(): Promise<void> {
    if (this.#archive === undefined) return;
    void noteJobsLeft(this.runs.filter(({ isOver }) => !isOver).length);
    await this.#archive.write(() => this.#standing()).catch(() => {}); // The next time is soon.
  }

  #standing(): KeptRoom {
    const workers: KeptWorker[] = [...this.#helperOf];
    const places = new Map(workers.map(([address], i) => [address, i + 1]));
    return {
      helpers: Array.from(this.helpers.values(), ({ id, name, colour }) => {
        return { id, name, colour, earlier: this.#earlier.get(id) ?? 0 };
      }),
      workers,
      runs: this.runs.map(({ id, total, standing: { makers, ...standing } }) => ({
        id,
        standing,
        makers: Uint16Array.from({ length: total }, (_, i) => places.get(makers[i] ?? "") ?? 0),
      })),
    };
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
    this.#keepChanges();
    this.changed();
  }

  /** Now and then, if something has happened. */
  #keepChanges(): void {
    const parts = this.runs.reduce((sum, { total }) => sum + total, 0);
    if (++this.#looks % Math.ceil((parts + 1) / PARTS_A_LOOK) !== 0) return;
    const done = this.runs.map(({ id, done }) => `${id} ${done}`);
    const kept = [...done, ...this.#helperOf.keys(), ...Array.from(this.helpers.values(), ({ name }) => name)].join();
    if (kept !== this.#kept) void this.#keep();
    this.#kept = kept;
  }

  #those(...hosts: readonly string[]): Helper[] {
    return [...this.helpers.values()].filter(({ hosts: own }) => hosts.some((host) => own.has(host)));
  }

  #meet({ id: host, name, about, isPaused, isAway, latencyMs }: HostInfo): void {
    const { volunteer, colour, cpuShare } = about;
    // Hosts' names are known to all who help, and must not be taken for anybody's secret.
    const id = typeof volunteer === "string" && volunteer !== "" ? `volunteer ${volunteer}` : `host ${host}`;
    if (this.#unwelcome.has(id)) return void this.door.listening?.dismiss(host, "whoever has the room wants it so");
    const helper = this.helpers.get(id) ?? this.#welcome(id);
    Object.assign(helper, {
      name: this.#nameFor(id, name.trim().slice(0, MOST_NAME) || "somebody"),
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

  /** Nobody goes by the name of somebody else. */
  #nameFor(id: string, wanted: string): string {
    const taken = new Set(Array.from(this.helpers.values(), (helper) => (helper.id === id ? "" : helper.name)));
    for (let n = 1; ; n++) {
      const name = n === 1 ? wanted : `${wanted} ${n}`;
      if (!taken.has(name)) return name;
    }
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
      hosts: new Set(),
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
    const parts = new Map(this.#earlier);
    for (const run of this.runs) this.#addParts(run, parts);
    for (const helper of this.helpers.values()) {
      helper.parts = parts.get(helper.id) ?? 0;
      const history = this.#partsBefore.get(helper.id) ?? [];
      history.push(helper.parts);
      if (history.length > RATE_LOOKS + 1) history.shift();
      this.#partsBefore.set(helper.id, history);
      helper.rate = ((helper.parts - (history[0] ?? 0)) * 1000) / (Math.max(1, history.length - 1) * LOOK_MS);
    }
  }

  #addParts({ makers }: AnyRun, parts: Map<string, number>): void {
    for (const maker of makers) {
      const id = this.#helperOf.get(maker ?? "");
      if (id !== undefined) parts.set(id, (parts.get(id) ?? 0) + 1);
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
      .map(({ job: { title }, done, total }) => ({ title, done, total }));
    const standing: Standing = { jobs, entries };
    const text = JSON.stringify(standing);
    if (text === this.#told) return;
    this.#told = text;
    listening.announce(standing);
  }
}
