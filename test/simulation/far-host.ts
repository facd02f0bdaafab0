/** A simulated host on another machine: real threads' runtimes, a real {@link Host}, and a link to the scheduler that may fail. */

import type { Clock } from "../../src/ports/clock.ts";
import type { Comm } from "../../src/ports/comm.ts";
import { hostOf } from "../../src/protocol/hosts.ts";
import type { WorkerAddress } from "../../src/protocol/identity.ts";
import { validateWorkerMessages } from "../../src/protocol/validate.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { checkedComm } from "../../src/runtime/checked-comm.ts";
import { Host } from "../../src/runtime/host.ts";
import type { SchedulerRuntime, WorkerIntroduction } from "../../src/runtime/scheduler-runtime.ts";
import type { SimulatedSpawner } from "./thread.ts";
import { Wire, type World } from "./world.ts";

type ThreadComm = Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>;

/** Both directions of what a host and its scheduler say. While it is down, what is said waits; once it is cut, nothing comes through. */
export class FarLink {
  readonly #up: Wire;
  readonly #down: Wire;
  readonly #world: World;
  #held: (() => void)[] = [];
  isDown = false;
  isCut = false;

  constructor(world: World, slownessMs: number) {
    this.#world = world;
    this.#up = new Wire(world, slownessMs);
    this.#down = new Wire(world, slownessMs);
  }

  up(act: () => void): void {
    this.#up.carry(this.#world.nowMs, () => this.deliver(act));
  }

  down(act: () => void): void {
    this.#down.carry(this.#world.nowMs, () => this.deliver(act));
  }

  restore(): void {
    this.isDown = false;
    for (const act of this.#held.splice(0)) this.deliver(act);
  }

  deliver(act: () => void): void {
    if (this.isCut) return;
    if (this.isDown) this.#held.push(act);
    else act();
  }
}

export interface FarHostOptions {
  readonly name: string;
  readonly slownessMs: number;
  readonly nThreads: number;
}

interface Present {
  readonly introduction: WorkerIntroduction;
  readonly comm: ThreadComm;
}

export class FarHost {
  readonly name: string;
  readonly host: Host;
  readonly #world: World;
  readonly #spawner: SimulatedSpawner;
  readonly #slownessMs: number;
  /** Threads that are there. */
  readonly #present = new Map<WorkerAddress, Present>();
  #link: FarLink | undefined;
  #rejoins = 0;
  #scheduler: SchedulerRuntime | undefined;
  /** It has asked to go, and is not to come back. */
  hasLeft = false;

  constructor(
    world: World,
    clock: Clock,
    spawner: SimulatedSpawner,
    { name, slownessMs, nThreads }: FarHostOptions,
    fail: (error: unknown) => void,
  ) {
    this.name = name;
    this.#world = world;
    this.#spawner = spawner;
    this.#slownessMs = slownessMs;
    this.host = new Host(spawner, clock, { name, nThreadsPerWorker: nThreads, resourcesOf: () => ({}) }, fail);
  }

  get addresses(): readonly WorkerAddress[] {
    return [...this.#present.keys()];
  }

  get isJoined(): boolean {
    return this.#link !== undefined;
  }

  /** Starts its threads. What the host thinks is the scheduler is this end of the link. */
  start(count: number): void {
    const facade: Pick<
      SchedulerRuntime,
      "addWorker" | "removeWorker" | "setResources" | "expectWorkers" | "isRetiring"
    > = {
      addWorker: (introduction, comm) => {
        this.#present.set(introduction.address, { introduction, comm });
        this.#introduce(introduction.address, false);
      },
      removeWorker: (address, reason, expected) => {
        this.#present.delete(address);
        const scheduler = this.#scheduler;
        this.#link?.up(() => scheduler?.removeWorker(address, reason, expected));
      },
      setResources: () => {},
      expectWorkers: () => {},
      isRetiring: (address) => this.hasLeft || this.#scheduler?.isRetiring(address) === true,
    };
    this.host.start(facade as SchedulerRuntime, count);
  }

  /** Finds a scheduler: the first, another, or the same again. */
  join(scheduler: SchedulerRuntime): void {
    if (this.hasLeft) return;
    const isFirst = this.#scheduler === undefined;
    this.leaveOff("another was found");
    this.#world.tell(() => `${this.name} joins`);
    this.#scheduler = scheduler;
    this.#link = new FarLink(this.#world, this.#slownessMs);
    for (const address of this.#present.keys()) this.#introduce(address, !isFirst);
  }

  /** The link is cut, for good. What the scheduler makes of it is said apart. */
  leaveOff(reason: string): void {
    if (this.#link === undefined) return;
    this.#world.tell(() => `the link of ${this.name} is cut: ${reason}`);
    this.#link.isCut = true;
    this.#link = undefined;
  }

  /** Nothing comes through for so long; nothing is lost either. */
  clog(ms: number): void {
    const link = this.#link;
    if (link === undefined || link.isDown) return;
    this.#world.tell(() => `the link of ${this.name} is down`);
    link.isDown = true;
    this.#world.at(this.#world.nowMs + ms, () => {
      if (link.isCut) return;
      this.#world.tell(() => `the link of ${this.name} is up again`);
      link.restore();
    });
  }

  /** It loses its scheduler, which gives it up; after a while it is back, at whichever is there at `present`. */
  lapse(awayMs: number, present: () => SchedulerRuntime): void {
    const scheduler = this.#scheduler;
    if (scheduler === undefined || this.#link === undefined) return;
    // Of threads that have ended since, it may not have heard.
    const addresses = [...scheduler.machine.state.workers.keys()].filter((address) => hostOf(address) === this.name);
    this.leaveOff("its lease is over");
    scheduler.removeHost(addresses, "its lease is over", true);
    this.#world.at(this.#world.nowMs + awayMs, () => {
      if (this.#link === undefined) this.join(present());
    });
  }

  /** The page sleeps: threads and link alike. */
  sleep(ms: number): void {
    for (const thread of this.#threads()) thread.spend(ms);
    this.clog(ms);
  }

  /** All its threads are over at once; the host itself goes on, and starts others. */
  crash(): void {
    const scheduler = this.#scheduler;
    const { addresses } = this;
    this.#world.tell(() => `${this.name} crashes`);
    this.#link?.up(() => scheduler?.removeHost(addresses, "the host crashed", false));
    for (const thread of this.#threads()) thread.kill("its host crashed");
  }

  *#threads() {
    for (const thread of this.#spawner.living) if (this.#present.has(thread.address)) yield thread;
  }

  #introduce(address: WorkerAddress, wasElsewhere: boolean): void {
    const present = this.#present.get(address);
    const link = this.#link;
    const scheduler = this.#scheduler;
    if (present === undefined || link === undefined || scheduler === undefined) return;
    const { introduction, comm } = present;
    let close: (reason: string) => void = () => {};
    let hear: (messages: readonly WorkerMessage[]) => void = () => {};
    const atScheduler: ThreadComm = {
      send: (messages, transfer = []) => {
        const copies = structuredClone(messages, { transfer: [...transfer] as ArrayBuffer[] });
        link.down(() => comm.send(copies));
      },
      listen: (listener) => {
        hear = listener;
      },
      close: (reason) => {
        close(reason);
        // A host whose thread has said what it cannot ends it.
        link.down(() => this.host.end(address, reason));
      },
      closed: new Promise((resolve) => {
        close = resolve;
      }),
    };
    link.up(() =>
      scheduler.addWorker(introduction, checkedComm(atScheduler, validateWorkerMessages), { isForeign: true }),
    );
    // Until it has heard of the change, what it says is meant for another.
    const number = ++this.#rejoins;
    let isAnew = !wasElsewhere;
    comm.listen((messages) => {
      const from = isAnew ? 0 : messages.findIndex((each) => each.type === "worker-holds" && each.number === number);
      if (from < 0) return;
      isAnew = true;
      link.up(() => hear(messages.slice(from)));
    });
    if (wasElsewhere) comm.send([{ type: "rejoin", number }]);
  }
}
