/** Helpers: whose threads take part in a room, and how much each has done. */
import type { HostInfo, SchedulerInfo } from "manyhands/peer";
import { colourOf, isColour } from "../shared/colour.ts";
import type { KeptRoom } from "./archive.ts";

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

/** What this page's own threads are called. */
export const SELF = "here";
/** Said to those who are too many; `words.ts` knows it again. */
const FULL = "the room has as many helpers as it wants, and can have no more";
const UNWELCOME = "whoever has the room wants it so";
/** Over how many looks a helper's rate is taken. */
const RATE_LOOKS = 8;
const MOST_NAME = 40;

/** From whom the results of a job's parts came: addresses of workers. */
type Makers = readonly (string | undefined)[];

export class Helpers {
  /** What the scheduler's own threads are called. */
  own = "this page";
  readonly #all = new Map<string, Helper>();
  /** Which helper's each worker is; kept when it is gone, for its parts still count. */
  readonly #helperOf = new Map<string, string>();
  readonly #partsBefore = new Map<string, number[]>();
  /** Parts of runs that were put away, by helper. */
  readonly #earlier = new Map<string, number>();
  /** Those who were sent away, by their own words for themselves. */
  readonly #unwelcome = new Set<string>();

  /** Those who have done most first. */
  get list(): readonly Helper[] {
    return [...this.#all.values()].sort((a, b) => b.parts - a.parts || a.name.localeCompare(b.name));
  }

  /** Of those who are here, and not in pause. */
  get threads(): number {
    let threads = 0;
    for (const { isHere, isPaused, threads: own } of this.#all.values()) if (isHere && !isPaused) threads += own;
    return threads;
  }

  /** By which it is seen that somebody is new. */
  get names(): readonly string[] {
    return [...this.#helperOf.keys(), ...Array.from(this.#all.values(), ({ name }) => name)];
  }

  /** What is kept for the time after a reload. */
  get kept(): Pick<KeptRoom, "helpers" | "workers"> {
    return {
      helpers: Array.from(this.#all.values(), ({ id, name, colour }) => {
        return { id, name, colour, earlier: this.#earlier.get(id) ?? 0 };
      }),
      workers: [...this.#helperOf],
    };
  }

  restore({ helpers, workers }: Pick<KeptRoom, "helpers" | "workers">): void {
    for (const { id, name, colour, earlier } of helpers) {
      Object.assign(this.#welcome(id), { name, colour, isHere: false });
      this.#earlier.set(id, earlier);
    }
    for (const [address, id] of workers) this.#helperOf.set(address, id);
  }

  clear(): void {
    for (const map of [this.#all, this.#helperOf, this.#partsBefore, this.#earlier]) map.clear();
  }

  colourOfWorker(address: string | undefined): string {
    return this.#all.get(this.#helperOf.get(address ?? "") ?? "")?.colour ?? "transparent";
  }

  nameOfWorker(address: string | undefined): string {
    return this.#all.get(this.#helperOf.get(address ?? "") ?? "")?.name ?? "somebody";
  }

  /** He is sent away with the next look, and whenever he comes. */
  refuse({ id }: Helper): void {
    this.#unwelcome.add(id);
  }

  /** Parts that count although their job is put away. */
  keepParts(makers: Makers): void {
    this.#addParts(makers, this.#earlier);
  }

  /** Sees who is here; sends away whoever is not to be, or would be more than `most`, if that is not 0. */
  look(
    { workers, links }: SchedulerInfo,
    hosts: readonly HostInfo[],
    { most, dismiss }: { readonly most: number; readonly dismiss: (host: string, why: string) => void },
  ): void {
    for (const helper of this.#all.values()) {
      helper.isHere = false;
      helper.threads = 0;
    }
    const refused = new Set<string>();
    for (const host of hosts) {
      const id = idOf(host);
      const others = [...this.#all.values()].filter((helper) => helper.isHere && helper.id !== id);
      // Those who came first stay.
      const isFull = most > 0 && others.length >= most;
      const isRefused = this.#unwelcome.has(id);
      if (!isFull && !isRefused) this.#meet(id, host);
      else {
        refused.add(host.id);
        dismiss(host.id, isRefused ? UNWELCOME : FULL);
      }
    }
    for (const [address, worker] of Object.entries(workers)) {
      if (!refused.has(worker.host)) this.#countIn(address, worker);
    }
    for (const { from, to, route } of links) {
      if (route === "relay") for (const helper of this.#those(from, to)) helper.link = "relayed";
    }
  }

  #those(...hosts: readonly string[]): Helper[] {
    return [...this.#all.values()].filter(({ hosts: own }) => hosts.some((host) => own.has(host)));
  }

  #meet(
    id: string,
    { id: host, name, about: { colour, cpuShare }, isPaused, isAway, isRelayed, latencyMs }: HostInfo,
  ): void {
    const helper = this.#all.get(id) ?? this.#welcome(id);
    Object.assign(helper, {
      name: this.#nameFor(id, name.trim().slice(0, MOST_NAME) || "somebody"),
      isHere: true,
      isPaused,
      isAway,
      latencyMs,
      link: isRelayed ? "relayed" : "direct",
      cpuShare: typeof cpuShare === "number" && cpuShare > 0 && cpuShare <= 1 ? cpuShare : 1,
    });
    if (isColour(colour)) helper.colour = colour;
    helper.hosts.add(host);
  }

  /** Nobody goes by the name of somebody else. */
  #nameFor(id: string, wanted: string): string {
    const taken = new Set(Array.from(this.#all.values(), (helper) => (helper.id === id ? "" : helper.name)));
    for (let n = 1; ; n++) {
      const name = n === 1 ? wanted : `${wanted} ${n}`;
      if (!taken.has(name)) return name;
    }
  }

  #welcome(id: string): Helper {
    const isSelf = id === SELF;
    const helper: Helper = {
      id,
      name: isSelf ? this.own : "somebody",
      colour: colourOf(this.#all.size),
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
    this.#all.set(id, helper);
    return helper;
  }

  #countIn(address: string, { host, nThreads, link }: SchedulerInfo["workers"][string]): void {
    const isSelf = link === "thread";
    const helper = isSelf ? (this.#all.get(SELF) ?? this.#welcome(SELF)) : this.#those(host)[0];
    if (helper === undefined) return; // He has just come, and is met the next time.
    this.#helperOf.set(address, helper.id);
    helper.threads += nThreads;
    helper.isHere = true;
  }

  /** Counts the parts of these jobs; to be called every `everyMs`. */
  count(jobs: readonly Makers[], everyMs: number): void {
    const parts = new Map(this.#earlier);
    for (const makers of jobs) this.#addParts(makers, parts);
    for (const helper of this.#all.values()) {
      helper.parts = parts.get(helper.id) ?? 0;
      const history = this.#partsBefore.get(helper.id) ?? [];
      history.push(helper.parts);
      if (history.length > RATE_LOOKS + 1) history.shift();
      this.#partsBefore.set(helper.id, history);
      helper.rate = ((helper.parts - (history[0] ?? 0)) * 1000) / (Math.max(1, history.length - 1) * everyMs);
    }
  }

  #addParts(makers: Makers, parts: Map<string, number>): void {
    for (const maker of makers) {
      const id = this.#helperOf.get(maker ?? "");
      if (id !== undefined) parts.set(id, (parts.get(id) ?? 0) + 1);
    }
  }
}

/** By what a host's owner is known again. What hosts are called is known to all, and must not be taken for anybody's secret. */
function idOf({ id, about: { volunteer } }: HostInfo): string {
  return typeof volunteer === "string" && volunteer !== "" ? `volunteer ${volunteer}` : `host ${id}`;
}
