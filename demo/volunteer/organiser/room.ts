/** Room: the cluster behind the page, what is done there, and who helps. */
import { Client, LocalCluster, type SchedulerInfo } from "manyhands/peer";
import { Changes } from "../shared/changes.ts";
import { ownScheduler } from "../shared/invitation.ts";
import { type Entry, MOST_ENTRIES, MOST_JOBS, type Standing } from "../shared/standing.ts";
import { explain, type Trouble } from "../shared/words.ts";
import { Archive, type KeptRoom } from "./archive.ts";
import { Door } from "./door.ts";
import { jobOf, type Plan } from "./plan.ts";
import { noteJobsLeft, noteOpen, type Site } from "./reopening.ts";
import { type AnyRun, Run } from "./run.ts";
import { type People, ServerRoom } from "./server-room.ts";
import { type Helper, Helpers, SELF } from "./who-helps.ts";

/** Under which the cluster's state outlives the page. */
const DURABLE = "organiser";
const LOOK_MS = 1000;
/** Parts of jobs in all for which the room's state is written with every look; of more, less often. */
const PARTS_A_LOOK = 5000;

export class Room extends Changes {
  readonly helpers = new Helpers();
  readonly runs: AnyRun[] = [];
  readonly door = new Door();
  isOpen = false;
  /** Whether it goes on after the page was loaded anew. */
  isDurable = false;
  trouble: Trouble | undefined;
  client: Client | undefined;
  #cluster: LocalCluster | undefined;
  /** If it is there, and not in this page. */
  #server: ServerRoom | undefined;
  #archive: Archive | undefined;
  #ready: Promise<Client> = Promise.reject(new Error("the room is not open"));
  #told = "";
  #looks = 0;
  /** What was written down last, in short. */
  #kept = "";
  #timer: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;

  constructor() {
    super();
    this.#ready.catch(() => {});
    addEventListener("pagehide", () => this.#server?.leave());
  }

  /** Whether it is at the scheduler of the server that the page comes from. */
  get isServed(): boolean {
    return this.#server !== undefined;
  }

  get threads(): number {
    return this.helpers.threads;
  }

  /** Starts the cluster, or goes to that of the server; goes on with what was under way there, and lets others in. */
  open(site: Site): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.trouble = undefined;
    noteOpen(site);
    this.#server = site.token === "" ? undefined : new ServerRoom(site.token);
    this.helpers.own = this.isServed ? "the server" : "this page";
    this.#ready = this.#server === undefined ? this.#open(site.threads) : this.#openAt(this.#server, site.token);
    this.#ready.then(
      () => this.changed(),
      (error: unknown) => {
        this.trouble = explain(error);
        if (this.isServed) void this.close(); // There is nothing here to go on with.
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
    await this.#goOn(client);
    void this.door.open(cluster);
    return client;
  }

  async #openAt(server: ServerRoom, token: string): Promise<Client> {
    await server.look(); // Whether it lets us in, and nobody else is there.
    const client = new Client(ownScheduler(location.href), { token });
    await client.ready;
    this.isDurable = true;
    this.client = client;
    await this.#goOn(client);
    await this.door.openAt(server, token);
    return client;
  }

  async #goOn(client: Client): Promise<void> {
    await client.whoMade([]); // From now on it is noted.
    if (this.isDurable) {
      this.#archive = new Archive(client);
      await this.#recall(client, this.#archive).catch((error: unknown) => {
        this.trouble = { title: "What was under way here could not be found again", advice: explain(error).advice };
      });
    }
    await this.#look();
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
    this.helpers.restore(kept);
    for (const { id, standing, makers } of [...kept.runs].reverse()) {
      const job = await jobOf(await archive.readPlan(id));
      const before = { ...standing, makers: Array.from(makers, (place) => kept.workers[place - 1]?.[0]) };
      this.#follow(new Run(client, job, { id, threads: () => this.threads, before }));
    }
  }

  /** Ends everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    noteOpen(undefined);
    await this.#ready.catch(() => {}); // Whatever it came to is ended.
    for (const run of this.runs) run.letGo();
    await this.door.close();
    await this.#archive?.clear().catch(() => {}); // It may not have come so far.
    if (this.isDurable && !this.isServed) void noteJobsLeft(0);
    this.#archive = undefined;
    await this.client?.close();
    await this.#cluster?.close();
    this.client = undefined;
    this.#cluster = undefined;
    this.#server?.leave();
    this.#server = undefined;
    this.isOpen = false;
    this.runs.length = 0;
    this.helpers.clear();
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
    this.helpers.keepParts(run.makers);
    this.runs.splice(place, 1);
    void this.#archive?.removePlan(run.id).catch(() => {}); // It is not read any more.
    if (this.isServed) void this.#archive?.letGo(run.id).catch(() => {});
    void this.#keep();
    this.changed();
  }

  #follow(run: AnyRun): void {
    this.runs.unshift(run);
    let standing = "";
    run.follow(() => {
      const { state, priority } = run;
      if (state === "cancelled" && this.isServed) void this.#archive?.letGo(run.id).catch(() => {}); // So that it ends.
      if (standing !== `${state} ${priority}`) void this.#keep();
      standing = `${state} ${priority}`;
      this.changed();
    });
    this.changed();
  }

  /** Has it written down how all stands. */
  async #keep(): Promise<void> {
    if (this.#archive === undefined) return;
    if (!this.isServed) void noteJobsLeft(this.runs.filter(({ isOver }) => !isOver).length);
    await this.#archive.write(() => this.#standing()).catch(() => {}); // The next time is soon.
  }

  #standing(): KeptRoom {
    const people = this.helpers.kept;
    const places = new Map(people.workers.map(([address], i) => [address, i + 1]));
    return {
      ...people,
      runs: this.runs.map(({ id, total, standing: { makers, ...standing } }) => ({
        id,
        standing,
        makers: Uint16Array.from({ length: total }, (_, i) => places.get(makers[i] ?? "") ?? 0),
      })),
    };
  }

  /** What somebody had in hand is done by others, and he does not come back. */
  sendAway(helper: Helper): void {
    this.helpers.refuse(helper);
    void this.#look();
  }

  /** Who lends threads, and whom to tell; nobody as long as nobody can come. */
  get #people(): People | undefined {
    return this.#server ?? this.door.listening;
  }

  /** Sees who is there, and how much each has done. */
  async #look(): Promise<void> {
    if (this.client === undefined || !this.isOpen) return;
    // What is asked of a scheduler that is gone is answered by the next one: meanwhile it is seen here that it is gone.
    if (this.#isLooking) return void (await this.#server?.look().catch((error) => this.door.missed(explain(error))));
    this.#isLooking = true;
    try {
      await this.#lookAround(this.client);
      this.door.heard();
    } catch (error) {
      if (this.isServed && this.isOpen) this.door.missed(explain(error));
      // Else it is being closed.
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAround(client: Client): Promise<void> {
    this.#tellAll();
    await this.#server?.look();
    const info: SchedulerInfo = await client.schedulerInfo();
    if (!this.isOpen) return;
    const before = this.threads;
    const people = this.#people;
    this.helpers.look(info, people?.hosts ?? [], {
      most: this.door.most,
      dismiss: (host, why) => people?.dismiss(host, why),
    });
    this.helpers.count(
      this.runs.map(({ makers }) => makers),
      LOOK_MS,
    );
    if (this.threads !== before) for (const run of this.runs) run.look();
    if (!this.isServed) this.#tellAll();
    else for (const run of this.runs) await this.#archive?.hold(run.id, run.takeFresh());
    this.#keepChanges();
    this.changed();
  }

  /** Now and then, if something has happened. */
  #keepChanges(): void {
    const parts = this.runs.reduce((sum, { total }) => sum + total, 0);
    if (++this.#looks % Math.ceil((parts + 1) / PARTS_A_LOOK) !== 0) return;
    const done = this.runs.map(({ id, done }) => `${id} ${done}`);
    const kept = [...done, ...this.helpers.names].join();
    if (kept !== this.#kept) void this.#keep();
    this.#kept = kept;
  }

  /** Tells those who help how far it is, and who has done how much of it. */
  #tellAll(): void {
    const people = this.#people;
    if (people === undefined) return;
    const entries = this.helpers.list.slice(0, MOST_ENTRIES).map(({ isSelf, name, colour, parts, hosts }): Entry => {
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
    people.announce(standing);
  }
}
