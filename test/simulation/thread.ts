/** A simulated thread: a worker's real runtime, deaf while it computes, whose end may come at any moment. */

import { MemoryStore } from "../../src/adapters/memory-store.ts";
import { ThreadClients } from "../../src/client/thread-clients.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { LinePlan, Spawner, Thread, WorkerSetup } from "../../src/ports/spawner.ts";
import type { StartTaskClients } from "../../src/ports/task-clients.ts";
import type { WorkerAddress } from "../../src/protocol/identity.ts";
import type { PeerMessage } from "../../src/protocol/peer-messages.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { limitMemory } from "../../src/runtime/limited-memory.ts";
import type { WorkerComm } from "../../src/runtime/sending.ts";
import type { Trunk } from "../../src/runtime/trunk.ts";
import { WorkerLine } from "../../src/runtime/worker-line.ts";
import { WorkerRuntime } from "../../src/runtime/worker-runtime.ts";
import type { WorkerMachine } from "../../src/worker/machine.ts";
import type { WorkerState } from "../../src/worker/state.ts";
import { validateWorker } from "../support/validate.ts";
import { machineThatHears } from "./observe.ts";
import type { Performance, Stage } from "./work.ts";
import { Wire, type World } from "./world.ts";

const PLACE = Symbol.for("manyhands.surroundings");
const places = globalThis as { [PLACE]?: unknown };

type Heard<T> = (message: T) => void;

/** Thrown through whatever a thread is doing when it is over. */
class ThreadOver extends Error {}

export class SimulatedThread implements Thread, Stage {
  readonly address: WorkerAddress;
  readonly nThreads: number;
  /** One worker is not to be trusted, and neither are those that take its place. */
  readonly isLiar: boolean;
  readonly comm: Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>;
  readonly ready: Promise<void>;
  isReady = false;
  readonly #world: World;
  readonly #inbound: Wire;
  readonly #outbound: Wire;
  #runtime: WorkerRuntime | undefined;
  #machine: WorkerMachine | undefined;
  /** What tasks find around them: see `task-context.ts`. In this process, threads have one place for it. */
  #surroundings: unknown;
  readonly #held: Disposable[] = [];
  /** Until when it is busy and hears nothing. */
  #busyUntilMs = 0;
  readonly #inbox: (() => void)[] = [];
  #isPumpDue = false;
  /** What it sent from this moment on has not left it. */
  #silentFromMs = Number.POSITIVE_INFINITY;
  #isOver = false;
  #hostHears: Heard<readonly WorkerMessage[]> = () => {};
  #workerHears: Heard<readonly SchedulerToWorkerMessage[]> = () => {};
  #close: (reason: string) => void = () => {};
  #becomeReady: () => void = () => {};

  /** Undefined where threads speak by way of their hosts alone. */
  readonly #openLine: ((plan: LinePlan) => Promise<Trunk>) | undefined;

  constructor(
    world: World,
    setup: WorkerSetup,
    performance: (stage: Stage) => Performance,
    slownessMs: number,
    openLine?: (thread: SimulatedThread, plan: LinePlan) => Promise<Trunk>,
  ) {
    this.#world = world;
    this.#openLine = openLine && ((plan) => openLine(this, plan));
    this.address = setup.address;
    this.nThreads = setup.nThreads;
    this.isLiar = setup.name === "host-0";
    this.#inbound = new Wire(world, slownessMs);
    this.#outbound = new Wire(world, slownessMs);
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve;
    });
    const closed = new Promise<string>((resolve) => {
      this.#close = resolve;
    });
    this.comm = {
      send: (messages, transfer) => this.#toWorker(messages, transfer),
      listen: (hear) => {
        this.#hostHears = hear;
      },
      close: (reason) => this.terminate(reason),
      closed,
    };
    this.#inbound.carry(world.nowMs, () => this.#receive(() => this.#start(setup, performance(this))));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The time as the thread sees it, which may be ahead of the world's while it computes. */
  get localMs(): number {
    return Math.max(this.#busyUntilMs, this.#world.nowMs);
  }

  get machineState(): WorkerState | undefined {
    return this.#machine?.state;
  }

  validate(): void {
    const state = this.machineState;
    if (state !== undefined && !this.#isOver) validateWorker(state);
  }

  #start(setup: WorkerSetup, performance: Performance): void {
    const comm: WorkerComm = {
      send: (messages, transfer) => this.#toHost(messages, transfer),
      listen: (hear) => {
        this.#workerHears = hear;
      },
      close: () => {},
      closed: new Promise(() => {}),
    };
    const clock: Clock = {
      now: () => this.localMs,
      after: (afterMs, wake) => {
        this.wakeAfter(afterMs, wake);
        return () => {};
      },
      nextTurn: (run) => this.#receive(run),
      keepAlive: () => () => {},
    };
    // All threads of the simulation are in one, so that the library's own getWorker() would know the newest alone.
    const scope = { ...performance, getWorker: () => ({ address: setup.address }) };
    const startClients: StartTaskClients = (id, line) => new ThreadClients(id, line);
    // What the store does takes a while, and is heard of when the thread is free.
    const pause = () => new Promise<void>((resolve) => this.wakeAfter(this.#world.whims.between(0.05, 3), resolve));
    const equipment = { limitMemory, openStore: async () => new MemoryStore({ pause }) };
    const speaking = this.#openLine === undefined ? comm : new WorkerLine(comm, this.#openLine);
    this.#runtime = new WorkerRuntime(setup, speaking, clock, scope, startClients, equipment);
    this.#surroundings = places[PLACE];
    this.#outbound.carry(this.localMs, () => {
      this.isReady = true;
      this.#becomeReady();
    });
  }

  // What a task does to its thread.

  spend(ms: number): void {
    this.#busyUntilMs = this.localMs + ms;
  }

  wakeAfter(ms: number, wake: () => void): void {
    this.#world.at(this.localMs + ms, () => this.#receive(wake));
  }

  /** The thread ends here and now, by the task's own doing. */
  die(): never {
    this.#silentFromMs = Math.min(this.#silentFromMs, this.localMs);
    this.#world.at(this.localMs, () => this.kill("its task ended it"));
    throw new ThreadOver();
  }

  remember(held: Disposable): void {
    this.#held.push(held);
  }

  // What befalls the thread.

  /** The garbage is collected, and all futures and handles that its tasks have had are in it. */
  collect(): void {
    this.#receive(() => {
      for (const held of this.#held.splice(0)) held[Symbol.dispose]();
    });
  }

  lookInto(tell: (stack: { readonly reason: string }) => void): void {
    tell({ reason: "it is simulated" });
  }

  terminate(reason: string): void {
    this.kill(reason);
  }

  /** It is over. Of what it has said lately, some may be lost with it. */
  kill(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { nowMs, random } = this.#world;
    this.#world.tell(() => `${this.address} is over: ${reason}`);
    const lostMs = random.chance(0.5) ? 0 : random.between(0, 2);
    this.#silentFromMs = Math.min(this.#silentFromMs, nowMs - lostMs);
    this.#outbound.carry(nowMs, () => this.#close(reason));
  }

  link(peer: WorkerAddress, port: object): void {
    this.#inbound.carry(this.#world.nowMs, () =>
      this.#receive(() => {
        const end = port as PeerEnd;
        end.attach(this, peer);
        this.#runtime?.links.link(peer, end);
      }),
    );
  }

  /** Whether something that was sent at this moment has left the thread. */
  hasLeft(sentMs: number): boolean {
    return sentMs < this.#silentFromMs;
  }

  #toWorker(messages: readonly SchedulerToWorkerMessage[], transfer: readonly object[] = []): void {
    if (this.#isOver) return;
    const copies = structuredClone(messages, { transfer: [...transfer] as ArrayBuffer[] });
    this.#inbound.carry(this.#world.nowMs, () =>
      this.#receive(() => {
        for (const message of copies) this.#world.tell(() => `scheduler -> ${this.address}  ${brief(message)}`);
        this.#machine = machineThatHears(() => this.#workerHears(copies)) ?? this.#machine;
      }),
    );
  }

  #toHost(messages: readonly WorkerMessage[], transfer: readonly object[] = []): void {
    const sentMs = this.localMs;
    if (this.#isOver || !this.hasLeft(sentMs)) return;
    const copies = structuredClone(messages, { transfer: [...transfer] as ArrayBuffer[] });
    this.#outbound.carry(sentMs, () => {
      if (!this.hasLeft(sentMs)) return;
      for (const message of copies) this.#world.tell(() => `${this.address} -> scheduler  ${brief(message)}`);
      this.#hostHears(copies);
    });
  }

  /** Something for the thread to do as soon as it is free, after all that came before. */
  receive(happen: () => void): void {
    this.#receive(happen);
  }

  #receive(happen: () => void): void {
    if (this.#isOver) return;
    this.#inbox.push(happen);
    this.#pumpLater();
  }

  #pumpLater(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#world.at(this.localMs, () => {
      this.#isPumpDue = false;
      // A promise that settled meanwhile may have made it busy again.
      if (this.#busyUntilMs > this.#world.nowMs) return this.#pumpLater();
      const happen = this.#inbox.shift();
      if (happen === undefined || this.#isOver) return;
      // What follows in promises does so before anything else happens, and finds the same around it.
      places[PLACE] = this.#surroundings;
      happen();
      if (this.#inbox.length > 0) this.#pumpLater();
    });
  }
}

/** One end of a direct link. What arrives before anybody listens is held. */
class PeerEnd implements Comm<PeerMessage, PeerMessage> {
  readonly closed: Promise<string> = new Promise(() => {});
  other: PeerEnd | undefined;
  readonly #world: World;
  readonly #wire: Wire;
  #thread: SimulatedThread | undefined;
  #peer: WorkerAddress = "";
  #held: PeerMessage[] = [];
  #isClosed = false;
  #hear: Heard<PeerMessage> | undefined;

  constructor(world: World, slownessMs: number) {
    this.#world = world;
    this.#wire = new Wire(world, slownessMs);
  }

  attach(thread: SimulatedThread, peer: WorkerAddress): void {
    this.#thread = thread;
    this.#peer = peer;
  }

  send(message: PeerMessage): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    const sentMs = thread.localMs;
    if (thread.isOver || !thread.hasLeft(sentMs)) return;
    const copy = structuredClone(message);
    this.#wire.carry(sentMs, () => {
      if (!thread.hasLeft(sentMs)) return;
      this.#world.tell(() => `${thread.address} -> ${this.#peer}  ${brief(copy)}`);
      this.other?.receive(copy);
    });
  }

  receive(message: PeerMessage): void {
    if (this.#isClosed) return;
    if (this.#hear === undefined) this.#held.push(message);
    else
      this.#thread?.receive(() => {
        if (!this.#isClosed) this.#hear?.(message);
      });
  }

  listen(hear: Heard<PeerMessage>): void {
    this.#hear = hear;
    for (const message of this.#held) this.receive(message);
    this.#held = [];
  }

  close(): void {
    this.#isClosed = true;
    if (this.other !== undefined) this.other.#isClosed = true;
  }
}

export class SimulatedSpawner implements Spawner {
  readonly cores = 4;
  /** All that ever were. */
  readonly threads: SimulatedThread[] = [];
  readonly #world: World;
  readonly #performance: (stage: Stage) => Performance;
  readonly #slownessMs: number;
  openLine: ((thread: SimulatedThread, plan: LinePlan) => Promise<Trunk>) | undefined;

  constructor(world: World, performance: (stage: Stage) => Performance, slownessMs: number) {
    this.#world = world;
    this.#performance = performance;
    this.#slownessMs = slownessMs;
  }

  get living(): SimulatedThread[] {
    return this.threads.filter((thread) => !thread.isOver);
  }

  spawn(setup: WorkerSetup): Thread {
    const thread = new SimulatedThread(this.#world, setup, this.#performance, this.#slownessMs, this.openLine);
    this.threads.push(thread);
    this.#world.tell(() => `${setup.address} is started`);
    return thread;
  }

  channel(): readonly [object, object] {
    const here = new PeerEnd(this.#world, this.#slownessMs);
    const there = new PeerEnd(this.#world, this.#slownessMs);
    here.other = there;
    there.other = here;
    return [here, there];
  }
}

/** A message in one line. */
export function brief(message: { readonly type: string }): string {
  const rest = Object.entries(message)
    .filter(([field, value]) => field !== "type" && !isEmpty(value))
    .map(([field, value]) => `${field} ${short(value)}`);
  return [message.type, ...rest].join("  ");
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function short(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (Array.isArray(value)) return `[${value.map(short).join(" ")}]`;
  if (typeof value === "string" && value.length > 60) return `${value.slice(0, 20)}… (${value.length})`;
  if (typeof value === "object" && value !== null) {
    const { message, name } = value as { message?: unknown; name?: unknown };
    if (typeof message === "string") return message;
    if (typeof name === "string") return name;
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${short(item)}`)
      .join(", ")}}`;
  }
  return String(value);
}
