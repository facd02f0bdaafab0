/** Host: the page or process that owns threads, watches them, links them, and replaces those that die. */

import type { Clock } from "../ports/clock.ts";
import type { LinkEnd, LinkEnds } from "../ports/direct-links.ts";
import type { Spawner, Thread } from "../ports/spawner.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import type { ClientId, WorkerAddress } from "../protocol/identity.ts";
import type { Resources } from "../protocol/task-spec.ts";
import type { HostMemory } from "./memory-limits.ts";
import type { WorkerIntroduction, WorkerOwner } from "./scheduler-runtime.ts";

/** Threads that die one after the other before they have begun to work, until we stop trying. */
const MAX_FAILED_STARTS = 3;
/** Before the second attempt; doubled with each further one. Milliseconds. */
const FIRST_RETRY_MS = 50;

/** A place for a thread: who takes it over from another has the same name, and the same to offer. */
interface Place {
  readonly name: string;
  resources: Resources;
}

interface OwnedThread {
  readonly thread: Thread;
  readonly place: Place;
  isReady: boolean;
  /** Why we ended it, if we did. */
  endedBecause: string | undefined;
}

/** Who is told of workers: the scheduler, or whoever speaks to it from here. */
export interface WorkerRegistry {
  addWorker(worker: WorkerIntroduction, comm: Thread["comm"]): void;
  removeWorker(worker: WorkerAddress, reason: string, expected: boolean): void;
  setResources(worker: WorkerAddress, resources: Resources): void;
  isRetiring(worker: WorkerAddress): boolean;
  expectWorkers(count: number): void;
}

export interface HostOptions {
  readonly name: string;
  /** What addresses of its workers begin with; made of its name unless said. */
  readonly origin?: string;
  readonly cpuShare?: number;
  readonly nThreadsPerWorker: number;
  /** Where there is a limit to what they may hold; no thread is started before it is there. */
  readonly memory?: Promise<HostMemory> | undefined;
  /** What the worker in each place has to offer. */
  readonly resourcesOf: (place: number) => Resources;
}

export class Host implements WorkerOwner {
  /** Settles when the first worker is ready; rejects if none can be started. */
  readonly ready: Promise<void>;
  readonly #spawner: Spawner;
  readonly #clock: Clock;
  readonly #options: HostOptions;
  readonly #onFailed: (error: Error) => void;
  readonly #threads = new Map<WorkerAddress, OwnedThread>();
  #memory: HostMemory | undefined;
  /** Clients in this place. */
  readonly clients = new Map<ClientId, LinkEnds>();
  #scheduler: WorkerRegistry | undefined;
  #settleReady: () => void = () => {};
  #failReady: (error: Error) => void = () => {};
  #started = 0;
  #places = 0;
  /** Places that nobody has any more. */
  readonly #vacant: Place[] = [];
  #failedStarts = 0;
  /** Workers that were to be started and will not be. */
  givenUp = 0;
  /** Threads that are not there yet: being started, or to be tried again. */
  #starting = 0;
  /** Who answers for workers that are not here. */
  elsewhere: WorkerOwner | undefined;
  /** Called when there are none. */
  readonly #awaiting: (() => void)[] = [];
  #isClosed = false;

  /** `onFailed`: threads cannot be started here, and it has been tried often enough. */
  constructor(spawner: Spawner, clock: Clock, options: HostOptions, onFailed: (error: Error) => void) {
    this.#spawner = spawner;
    this.#clock = clock;
    this.#options = options;
    this.#onFailed = onFailed;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = resolve;
      this.#failReady = reject;
    });
    this.ready.catch(() => {});
  }

  start(scheduler: WorkerRegistry, count: number): void {
    this.#scheduler = scheduler;
    const letGo = this.#clock.keepAlive(); // Somebody may await nothing but that workers are there.
    this.ready.then(letGo, letGo);
    this.spawn(count);
    if (count === 0) this.#settleReady();
  }

  /** Starts so many more. */
  spawn(count: number): void {
    for (let i = 0; i < count; i++) this.#spawn(this.#vacant.shift() ?? this.#newPlace());
    this.#expect(count);
  }

  /**
   * What the worker of that name or address has to offer from now on, beside what it has of other kinds.
   *
   * @throws RangeError if there is none.
   */
  setResources(worker: string, resources: Resources): void {
    for (const [address, { place }] of this.#threads) {
      if (address !== worker && place.name !== worker) continue;
      place.resources = { ...place.resources, ...resources };
      return this.#scheduler?.setResources(address, resources);
    }
    throw new RangeError(`there is no worker "${worker}" here; schedulerInfo() tells who is`);
  }

  link(from: WorkerAddress, to: WorkerAddress): void {
    const isHere = this.clients.has(from) || this.#threads.has(from);
    if (!isHere || !this.#threads.has(to)) return this.elsewhere?.link(from, to);
    const [here, there] = this.#spawner.channel();
    this.#threads.get(from)?.thread.link(to, here);
    this.clients.get(from)?.set(to, here as MessagePort);
    this.#threads.get(to)?.thread.link(from, there);
  }

  /** Hands a client here its end of a link to a worker elsewhere; false if there is no such client. */
  handLink(client: ClientId, worker: WorkerAddress, link: LinkEnd & { readonly closed: Promise<string> }): boolean {
    const links = this.clients.get(client);
    links?.set(worker, link);
    link.closed.then(() => {
      if (links?.get(worker) === link) links.delete(worker);
    });
    return links !== undefined;
  }

  /** Hands a worker its end of a link to one elsewhere, and returns the other end; undefined if the worker is not there any more. */
  openLink(worker: WorkerAddress, peer: WorkerAddress): object | undefined {
    const thread = this.#threads.get(worker)?.thread;
    if (thread === undefined) return undefined;
    const [here, there] = this.#spawner.channel();
    thread.link(peer, here, "by-hosts");
    return there;
  }

  /** Hands a worker a channel to one elsewhere; false if it cannot take it. */
  handOver(worker: WorkerAddress, peer: WorkerAddress, channel: object): boolean {
    const thread = this.#threads.get(worker)?.thread;
    if (thread === undefined || this.#spawner.takesChannels !== true) return false;
    try {
      thread.link(peer, channel, "past-hosts");
      return true;
    } catch {
      return false;
    }
  }

  end(address: WorkerAddress, reason: string): void {
    const owned = this.#threads.get(address);
    if (owned === undefined) return this.elsewhere?.end(address, reason);
    owned.endedBecause = reason;
    owned.thread.terminate(reason);
  }

  lookInto(worker: WorkerAddress, tell: (stack?: StackTaken) => void): void {
    const owned = this.#threads.get(worker);
    if (owned === undefined) this.elsewhere?.lookInto(worker, tell);
    else owned.thread.lookInto(tell);
  }

  close(reason: string): void {
    this.#isClosed = true;
    this.#failReady(new Error(reason));
    for (const { thread } of this.#threads.values()) thread.terminate(reason);
    this.#threads.clear();
    this.#expect(-this.#starting);
  }

  /** Ends up to so many that are not there yet, and returns how many. */
  callOff(count: number): number {
    const unready = [...this.#threads].filter(([, { isReady }]) => !isReady).slice(-count || this.#threads.size);
    for (const [address, { thread, place }] of unready) {
      this.#threads.delete(address);
      this.#vacant.push(place);
      thread.terminate("it is not needed any more");
    }
    this.#expect(-unready.length);
    return unready.length;
  }

  /** Workers that are there or being started, and are to stay. */
  get size(): number {
    let size = this.#starting;
    for (const [address, { isReady }] of this.#threads) {
      if (isReady && this.#scheduler?.isRetiring(address) === false) size += 1;
    }
    return size;
  }

  /** Settles when none is being started any more. */
  get started(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaiting.push(resolve);
      this.#expect(0);
    });
  }

  /** There are so many more, or fewer, to be expected. */
  #expect(change: number): void {
    this.#starting += change;
    if (change !== 0) this.#scheduler?.expectWorkers(this.#starting);
    if (this.#starting === 0) for (const resolve of this.#awaiting.splice(0)) resolve();
  }

  #newPlace(): Place {
    const number = this.#places++;
    return { name: `${this.#options.name}-${number}`, resources: this.#options.resourcesOf(number) };
  }

  #spawn(place: Place): void {
    const { name, origin = `thread://${name}`, nThreadsPerWorker, cpuShare, memory: coming } = this.#options;
    const memory = this.#memory;
    if (coming && !memory) {
      coming.then((loaded) => {
        this.#memory = loaded;
        if (!this.#isClosed) this.#spawn(place);
      }, this.#onFailed);
      return;
    }
    const address = `${origin}/${this.#started++}`;
    const setup = {
      address,
      name: place.name,
      nThreads: nThreadsPerWorker,
      ...(cpuShare !== undefined && { cpuShare }),
      ...(memory && { memory: memory.of(address) }),
    };
    const thread = this.#spawner.spawn(setup);
    if (setup.memory) memory?.watch(setup.memory, thread);
    const owned: OwnedThread = { thread, place, isReady: false, endedBecause: undefined };
    this.#threads.set(address, owned);
    thread.ready.then(
      () => {
        if (!this.#threads.has(address)) return;
        owned.isReady = true;
        this.#failedStarts = 0;
        this.#scheduler?.addWorker({ ...setup, resources: place.resources }, thread.comm);
        this.#expect(-1);
        this.#settleReady();
      },
      () => {}, // Its comm closes too, with the reason.
    );
    thread.comm.closed.then((reason) => this.#replace(address, owned, reason));
  }

  #replace(address: WorkerAddress, owned: OwnedThread, reason: string): void {
    if (this.#isClosed || !this.#threads.delete(address)) return;
    owned.thread.terminate(reason);
    for (const links of this.clients.values()) {
      links.get(address)?.close(reason);
      links.delete(address); // Nobody who is about to open it should find it.
    }
    if (owned.isReady) {
      // First, so that whoever waits for all to be there does not take the rest for all.
      this.#vacant.unshift(owned.place);
      if (this.#scheduler?.isRetiring(address) === false) this.spawn(1);
      this.#scheduler?.removeWorker(address, reason, owned.endedBecause !== undefined);
      return;
    }
    this.#failedStarts += 1;
    if (this.#failedStarts < MAX_FAILED_STARTS) {
      this.#clock.after(FIRST_RETRY_MS * 2 ** this.#failedStarts, () => {
        if (!this.#isClosed) this.#spawn(owned.place);
      });
      return;
    }
    this.givenUp += 1;
    this.#vacant.push(owned.place);
    this.#expect(-1);
    if (this.#threads.size > 0) return;
    const error = new Error(`no worker could be started: ${reason}`);
    this.#failReady(error);
    this.#onFailed(error);
  }
}
