/**
 * A simulated host whose workers get wires of their own to the scheduler. What a host, its threads and the scheduler say of that they say by the
 * library's own `LentWorkers`, `WorkerLine` and `RemoteWorkerComm`; only the wires are simulated: the host's may clog and be cut, and so may
 * each worker's, apart from it.
 */

import type { Clock } from "../../src/ports/clock.ts";
import type { LinePlan } from "../../src/ports/spawner.ts";
import type { HostToScheduler, LinkWord } from "../../src/protocol/host-messages.ts";
import { hostOf } from "../../src/protocol/hosts.ts";
import type { WorkerAddress } from "../../src/protocol/identity.ts";
import { Host, type WorkerRegistry } from "../../src/runtime/host.ts";
import { LentWorkers } from "../../src/runtime/lent-workers.ts";
import { RemoteWorkerComm } from "../../src/runtime/remote-worker-comm.ts";
import type { SchedulerRuntime } from "../../src/runtime/scheduler-runtime.ts";
import type { Trunk } from "../../src/runtime/trunk.ts";
import type { TrunkChannel } from "../../src/runtime/trunk-channel.ts";
import type { Random } from "../support/random.ts";
import { type FarHostOptions, FarLink } from "./far-host.ts";
import type { SimulatedSpawner, SimulatedThread } from "./thread.ts";
import { Wire, type World } from "./world.ts";

type Carry = (act: () => void) => void;

/** One end of a channel. What arrives before anybody listens is held. */
class ChannelEnd implements TrunkChannel {
  readonly id: number;
  readonly queuedBytes = 0;
  readonly closed: Promise<string>;
  other: ChannelEnd | undefined;
  readonly #carry: Carry;
  #hear: ((word: unknown) => void) | undefined;
  #held: unknown[] = [];
  #isClosed = false;
  #settleClosed: (reason: string) => void = () => {};

  constructor(id: number, carry: Carry) {
    this.id = id;
    this.#carry = carry;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  send(word: unknown, transfer: readonly object[] = []): void {
    if (this.#isClosed) return;
    const copy: unknown = structuredClone(word, { transfer: [...transfer] as ArrayBuffer[] });
    this.#carry(() => this.other?.receive(copy));
  }

  receive(word: unknown): void {
    if (this.#isClosed) return;
    if (this.#hear === undefined) this.#held.push(word);
    else this.#hear(word);
  }

  listen(hear: (word: unknown) => void): void {
    this.#hear = hear;
    for (const word of this.#held.splice(0)) this.receive(word);
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.end(reason);
    this.#carry(() => this.other?.end(reason));
  }

  end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settleClosed(reason);
  }
}

function channelEnds(id: number, here: Carry, there: Carry): readonly [ChannelEnd, ChannelEnd] {
  const ends = [new ChannelEnd(id, here), new ChannelEnd(id, there)] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  return ends;
}

/** A thread's own wire. While it is down, what is said waits; once it is cut, nothing comes through, and the thread gives it up. */
class Line {
  readonly atScheduler: ChannelEnd;
  readonly atThread: ChannelEnd;
  readonly #thread: SimulatedThread;
  readonly #link: FarLink;

  constructor(world: World, thread: SimulatedThread, slownessMs: number) {
    this.#thread = thread;
    const link = new FarLink(world, slownessMs);
    this.#link = link;
    const up = new Wire(world, slownessMs);
    [this.atScheduler, this.atThread] = channelEnds(
      0,
      (act) => link.down(() => thread.receive(act)),
      (act) => {
        const sentMs = thread.localMs;
        if (!thread.isOver && thread.hasLeft(sentMs))
          up.carry(sentMs, () => {
            if (thread.hasLeft(sentMs)) link.deliver(act);
          });
      },
    );
  }

  get address(): WorkerAddress {
    return this.#thread.address;
  }

  get isUp(): boolean {
    return !this.#link.isDown && !this.#link.isCut;
  }

  pause(): void {
    this.#link.isDown = true;
  }

  goOn(): void {
    this.#link.restore();
  }

  cut(): void {
    this.#link.isCut = true;
    this.#thread.receive(() => this.atThread.end("it did not come back in time"));
  }
}

/** As much of a trunk as is asked of one with a single channel. */
function trunkOf(end: ChannelEnd): Trunk {
  const trunk = { channel: () => end, closed: end.closed, close: (reason: string) => end.close(reason) };
  return Object.assign(trunk, { statistics: () => ({}) }) as unknown as Trunk;
}

/** What a host and one scheduler have between them. */
interface Joined {
  readonly scheduler: SchedulerRuntime;
  readonly link: FarLink;
  readonly ends: Map<number, readonly [ChannelEnd, ChannelEnd]>;
  readonly workers: Map<WorkerAddress, RemoteWorkerComm>;
  readonly tickets: Map<string, WorkerAddress>;
}

export interface LinedHostShell {
  /** Ends of a link between workers of two hosts: each takes one. */
  pipe(number: number): object;
  /** It was said of a worker that it is not believed. */
  disbelieved(worker: WorkerAddress, reason: string): void;
}

export class LinedHost {
  readonly name: string;
  readonly host: Host;
  readonly #world: World;
  readonly #fate: Random;
  readonly #spawner: SimulatedSpawner;
  readonly #shell: LinedHostShell;
  readonly #slownessMs: number;
  readonly #lent: LentWorkers;
  readonly #present = new Set<WorkerAddress>();
  readonly #lines: Line[] = [];
  #joined: Joined | undefined;
  #tickets = 0;
  hasLeft = false;

  constructor(
    world: World,
    clock: Clock,
    spawner: SimulatedSpawner,
    {
      name,
      slownessMs,
      nThreads,
      fate,
      fail,
    }: FarHostOptions & {
      readonly fate: Random;
      readonly fail: (error: unknown) => void;
    },
    shell: LinedHostShell,
  ) {
    this.name = name;
    this.#world = world;
    this.#fate = fate;
    this.#spawner = spawner;
    this.#shell = shell;
    this.#slownessMs = slownessMs;
    this.host = new Host(spawner, clock, { name, nThreadsPerWorker: nThreads, resourcesOf: () => ({}) }, fail);
    this.#lent = new LentWorkers({
      say: (word) => this.#say(word),
      end: (worker, reason) => {
        if (/ProtocolError/.test(reason)) shell.disbelieved(worker, reason);
        this.host.end(worker, reason);
      },
      lookInto: (worker, tell) => this.host.lookInto(worker, tell),
      linesFrom: fate.pick([1, 2, 8]) ?? 1,
      planOf: ({ line, ticket }) => ({ address: "", line, ticket }),
      after: (ms, act) => void world.at(world.nowMs + ms, act),
      linkInside: (one, other) => this.host.link(one, other),
      linkAcross: (worker, word) => this.#linkAcross(worker, word),
      gone: () => {},
    });
  }

  get addresses(): readonly WorkerAddress[] {
    return [...this.#present];
  }

  get isJoined(): boolean {
    return this.#joined !== undefined;
  }

  /** How many wires its workers have had. */
  get lines(): number {
    return this.#lines.length;
  }

  start(count: number): void {
    const lent = this.#lent;
    const registry: WorkerRegistry = {
      addWorker: (worker, comm) => {
        this.#present.add(worker.address);
        lent.addWorker(worker, comm);
      },
      removeWorker: (address, reason, isExpected) => {
        this.#present.delete(address);
        lent.removeWorker(address, reason, isExpected);
      },
      setResources: () => {},
      expectWorkers: (number) => lent.expectWorkers(number),
      isRetiring: (address) => this.hasLeft || lent.isRetiring(address),
    };
    this.host.start(registry, count);
  }

  join(scheduler: SchedulerRuntime): void {
    if (this.hasLeft) return;
    this.leaveOff("another was found");
    this.#world.tell(() => `${this.name} joins`);
    const link = new FarLink(this.#world, this.#slownessMs);
    const joined: Joined = { scheduler, link, ends: new Map(), workers: new Map(), tickets: new Map() };
    this.#joined = joined;
    const channel = (id: number): ChannelEnd => {
      const ends = channelEnds(
        id,
        (act) => link.down(act),
        (act) => link.up(act),
      );
      joined.ends.set(id, ends);
      return ends[1];
    };
    this.#lent.attach({ isClosed: false, channel } as unknown as Trunk);
  }

  leaveOff(reason: string): void {
    const joined = this.#joined;
    if (joined === undefined) return;
    this.#world.tell(() => `the link of ${this.name} is cut: ${reason}`);
    this.#joined = undefined;
    joined.link.isCut = true;
    this.#lent.detach();
    for (const end of [...joined.ends.values()].flat()) end.end(reason);
  }

  clog(ms: number): void {
    const link = this.#joined?.link;
    if (link === undefined || link.isDown) return;
    this.#world.tell(() => `the link of ${this.name} is down`);
    link.isDown = true;
    this.#world.at(this.#world.nowMs + ms, () => {
      if (link.isCut) return;
      this.#world.tell(() => `the link of ${this.name} is up again`);
      link.restore();
    });
  }

  /** The wire of one of its workers alone is down for a while, or for good. */
  troubleLine(ms: number, isForGood: boolean): void {
    const line = this.#fate.pick(this.#lines.filter(({ isUp }) => isUp));
    if (line === undefined) return;
    this.#world.tell(() => `${line.address} ${isForGood ? "loses its own wire" : "has its own wire down"}`);
    if (isForGood) return line.cut();
    line.pause();
    this.#world.at(this.#world.nowMs + ms, () => {
      this.#world.tell(() => `${line.address} has its own wire up again`);
      line.goOn();
    });
  }

  lapse(awayMs: number, present: () => SchedulerRuntime): void {
    const { scheduler } = this.#joined ?? {};
    if (scheduler === undefined) return;
    const addresses = [...scheduler.machine.state.workers.keys()].filter((address) => hostOf(address) === this.name);
    this.leaveOff("its lease is over");
    scheduler.removeHost(addresses, "its lease is over", true);
    this.#world.at(this.#world.nowMs + awayMs, () => {
      if (this.#joined === undefined) this.join(present());
    });
  }

  sleep(ms: number): void {
    for (const thread of this.#threads()) thread.spend(ms);
    this.clog(ms);
  }

  crash(): void {
    const { scheduler, link } = this.#joined ?? {};
    const { addresses } = this;
    this.#world.tell(() => `${this.name} crashes`);
    link?.up(() => scheduler?.removeHost(addresses, "the host crashed", false));
    for (const thread of this.#threads()) thread.kill("its host crashed");
  }

  /** The scheduler's end of what it says of a worker here; undefined if it does not know it. */
  commOf(worker: WorkerAddress): RemoteWorkerComm | undefined {
    return this.#joined?.workers.get(worker);
  }

  /** A thread with that ticket wants a wire of its own. */
  openLine(thread: SimulatedThread, { line: name }: LinePlan): Promise<Trunk> {
    const joined = this.#joined;
    const fate = this.#fate;
    const { nowMs } = this.#world;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => thread.receive(() => reject(new Error(why)));
      this.#world.at(Math.max(nowMs, thread.localMs) + fate.next() * this.#slownessMs * 4, () => {
        const worker = joined?.tickets.get(name);
        joined?.tickets.delete(name);
        const comm = worker === undefined ? undefined : joined?.workers.get(worker);
        if (comm === undefined || joined?.link.isCut === true || fate.chance(0.1)) return fail("it is not let in");
        const line = new Line(this.#world, thread, this.#slownessMs);
        this.#lines.push(line);
        this.#world.tell(() => `${thread.address} has a wire of its own`);
        comm.takeLine(trunkOf(line.atScheduler));
        // It was let in, and does not hear of it.
        if (fate.chance(0.05)) return fail("nobody answered");
        this.#world.at(this.#world.nowMs + fate.next() * this.#slownessMs * 4, () =>
          thread.receive(() => resolve(trunkOf(line.atThread))),
        );
      });
    });
  }

  #say(word: HostToScheduler): void {
    const joined = this.#joined;
    if (joined === undefined || word.type !== "worker") return;
    joined.link.up(() => {
      const { address, name, nThreads, resources, isReturning, channel } = word;
      const comm = new RemoteWorkerComm(joined.ends.get(channel)?.[0] as ChannelEnd, {
        wantsLine: () => {
          const line = `line ${++this.#tickets}`;
          joined.tickets.set(line, address);
          comm.tell({ type: "ticket", line, ticket: new Uint8Array(32) });
        },
        ended: (gone) => {
          joined.workers.delete(address);
          if (gone === undefined)
            return this.#shell.disbelieved(address, "ProtocolError: its host says what it cannot");
          joined.scheduler.removeWorker(address, gone.reason, gone.isExpected);
        },
      });
      joined.workers.set(address, comm);
      joined.scheduler.addWorker({ address, name, nThreads, resources }, comm, { isForeign: true, isReturning });
    });
  }

  #linkAcross(worker: WorkerAddress, { peer, pipe }: LinkWord): void {
    const thread = [...this.#threads()].find(({ address }) => address === worker);
    thread?.link(peer, this.#shell.pipe(pipe));
  }

  *#threads() {
    for (const thread of this.#spawner.living) if (this.#present.has(thread.address)) yield thread;
  }
}
