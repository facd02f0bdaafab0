/** Lending: this page's or process's threads, at the service of a scheduler elsewhere. Stays on when that is gone, and comes back to it. */

import type { Clock } from "../ports/clock.ts";
import type { ConnectorOptions, Equipment, Transport } from "../ports/connector.ts";
import type { LinePlan, Spawner } from "../ports/spawner.ts";
import type { StoreKeeper } from "../ports/value-store.ts";
import { demandCount } from "../protocol/counts.ts";
import { CommClosedError } from "../protocol/errors.ts";
import {
  type About,
  CONTROL,
  type HostToScheduler,
  isAbout,
  type Route,
  type SchedulerToHost,
  type TicketWord,
} from "../protocol/host-messages.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { Resources } from "../protocol/task-spec.ts";
import { veil } from "./admission.ts";
import type { OpenBypasses } from "./bypasses.ts";
import { type Destination, destinationOf, transportOf, transports } from "./connectors.ts";
import { Host } from "./host.ts";
import { LentWorkers, LINE_FROM } from "./lent-workers.ts";
import { hostMemory, type MemoryOptions } from "./memory-limits.ts";
import { PeerHosts } from "./peer-hosts.ts";
import { delay, isFinal, Tether } from "./tether.ts";
import { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

const IDLE_MS = 30_000;

/** How threads are lent. */
export interface JoinOptions extends ConnectorOptions, MemoryOptions {
  /** Threads; one for each core unless said. */
  readonly nWorkers?: number;
  /** Tasks each may have in flight; 1 unless said. */
  readonly threadsPerWorker?: number;
  /** What this host and its workers are called. */
  readonly name?: string;
  /** The token for those who lend threads; what stands behind `#` in the address unless said. */
  readonly token?: string;
  /** The part of the time that threads may work, between 0 and 1: 0.5 rests as long as it works. All of it unless said. */
  readonly cpuShare?: number;
  /** What each worker has to offer to tasks that ask for it: see `with({ resources })`. */
  readonly resources?: Resources;
  /**
   * For strangers' tasks, in Node: a process for each worker that reads no files but its own, writes none, and starts no programs and no
   * threads. A seat belt rather than a wall: the network stays open to it.
   */
  readonly sandbox?: boolean;
  /** What people at the cluster may see of this host beside its name, as `{ colour: "teal" }`: at most 16 texts (500 characters), numbers and yes or no. */
  readonly about?: About;
  /**
   * A connection to another host by which nothing has gone for so long is closed, and opened again when something is to. Milliseconds; 30 000
   * unless said.
   */
  readonly idleMs?: number;
  /** Hears what whoever has the cluster announces to all hosts: see `announce` of {@link Listening}. It comes from there as it is: look at it before you use it. */
  readonly onAnnouncement?: (value: unknown) => void;
  /** Gives up joining. */
  readonly signal?: AbortSignal;
}

/** How a host fares. */
export interface HostStats {
  /** `away`: the scheduler cannot be reached at the moment, and is tried again and again. */
  readonly status: "joined" | "paused" | "away" | "left";
  readonly nWorkers: number;
  /** Tasks that ended well here. */
  readonly tasksDone: number;
  /** What they took together. Milliseconds. */
  readonly busyMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** To the scheduler, one way; undefined until it is known. */
  readonly latencyMs: number | undefined;
  /** How often the connection dropped and went on. */
  readonly resumptions: number;
  /** To other hosts, straight; that to the scheduler is not among them. */
  readonly connections: number;
  /** How values get to and from other hosts that any were exchanged with. */
  readonly routes: Readonly<Record<string, Route>>;
}

/** What lending needs of the platform. */
export interface LendingPlatform {
  readonly spawner: Spawner;
  readonly clock: Clock;
  readonly uniqueName: () => string;
  readonly stores: () => Promise<StoreKeeper>;
  readonly equipment: Equipment;
  /** Where workers can have wires to those of other hosts. */
  readonly bypasses?: OpenBypasses;
}

/** A host that lends its threads to a cluster. */
export class LentHost implements AsyncDisposable {
  /** Settles with the reason when it has left, or cannot come back. */
  readonly closed: Promise<string>;
  readonly #id: string;
  readonly #destination: Destination;
  readonly #options: JoinOptions;
  readonly #platform: LendingPlatform;
  readonly #transport: Transport;
  readonly #equipment: Equipment;
  readonly #host: Host;
  readonly #workers: LentWorkers;
  #tether: Tether | undefined;
  #control: TrunkChannel | undefined;
  #peers: PeerHosts | undefined;
  #isPaused = false;
  #settleClosed: (reason: string) => void = () => {};
  #over: string | undefined;
  readonly #left: Promise<void>;
  #settleLeft: () => void = () => {};

  /**
   * Settles when the scheduler has let this host in and a worker is ready.
   *
   * @throws UnauthorizedError, ProtocolError, CommClosedError, or the reason of the signal.
   */
  static async join(platform: LendingPlatform, address: string, options: JoinOptions): Promise<LentHost> {
    const { nWorkers = platform.spawner.cores, threadsPerWorker = 1, cpuShare = 1 } = options;
    for (const [name, value] of Object.entries({ nWorkers, threadsPerWorker })) {
      demandCount(name, value);
    }
    const { memoryLimit, spill } = options;
    if (memoryLimit !== undefined || spill !== undefined) demandCount("memoryLimit", memoryLimit ?? Number.NaN);
    const { idleMs = IDLE_MS } = options;
    if (!(idleMs >= 100)) throw new RangeError(`idleMs must be at least 100 milliseconds, not ${idleMs}`);
    if (!(cpuShare > 0 && cpuShare <= 1))
      throw new RangeError(`cpuShare must be more than 0 and at most 1, not ${cpuShare}`);
    if (options.about !== undefined && !isAbout(options.about))
      throw new TypeError("about must be at most 16 texts of 500 characters, numbers, true or false, by their names");
    const destination = destinationOf(address);
    const transport = await transportOf(destination);
    const { equipment } = platform;
    const host = new LentHost({ platform, destination, options, transport, equipment, threadsPerWorker, cpuShare });
    await host.#begin(nWorkers, options.signal);
    return host;
  }

  private constructor({
    platform,
    destination,
    options,
    transport,
    equipment,
    threadsPerWorker,
    cpuShare,
  }: {
    readonly platform: LendingPlatform;
    readonly destination: Destination;
    readonly options: JoinOptions;
    readonly transport: Transport;
    readonly equipment: Equipment;
    readonly threadsPerWorker: number;
    readonly cpuShare: number;
  }) {
    const { name = "host", resources = {} } = options;
    this.#platform = platform;
    this.#destination = destination;
    this.#options = options;
    this.#transport = transport;
    this.#equipment = equipment;
    this.#id = `${name.replace(/[^\w.-]+/g, "-").slice(0, 64)}-${platform.uniqueName()}`;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#left = new Promise((resolve) => {
      this.#settleLeft = resolve;
    });
    this.#host = new Host(
      platform.spawner,
      platform.clock,
      {
        name,
        origin: `${destination.scheme}://${this.#id}`,
        nThreadsPerWorker: threadsPerWorker,
        resourcesOf: () => resources,
        ...(cpuShare < 1 && { cpuShare }),
        ...(options.memoryLimit !== undefined && { memory: Promise.resolve(hostMemory(options, platform)) }),
      },
      (error) => this.#end(error.message),
    );
    this.#workers = new LentWorkers({
      say: (word) => this.#say(word),
      end: (worker, reason) => this.#host.end(worker, reason),
      lookInto: (worker, tell) => this.#host.lookInto(worker, tell),
      linesFrom: this.#hasWires ? LINE_FROM : Number.POSITIVE_INFINITY,
      planOf: (word) => this.#planOf(word),
      after: (ms, act) => void platform.clock.after(ms, act),
      linkInside: (one, other) => this.#host.link(one, other),
      linkAcross: (worker, word) => this.#peers?.link(worker, word),
      gone: (worker) => this.#peers?.removeWorker(worker),
    });
  }

  /** Whether its threads can have wires of their own. */
  get #hasWires(): boolean {
    return this.#transport.hasLines === true && this.#platform.spawner.opensLines === true;
  }

  /** What it goes by in the cluster: the `host` of its workers in `schedulerInfo()`. */
  get id(): string {
    return this.#id;
  }

  /** Whether it was told to {@link pause}, and not yet to go on. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Its workers take no new tasks until {@link resume}. What they have begun they finish. */
  async pause(): Promise<void> {
    this.#demandOpen();
    this.#isPaused = true;
    this.#say({ type: "pause" });
  }

  /** They take tasks again. */
  async resume(): Promise<void> {
    this.#demandOpen();
    this.#isPaused = false;
    this.#say({ type: "resume" });
  }

  /** Leaves in good order: what has begun is finished, what only these workers hold is handed to others. Settles when that is done. */
  async leave(): Promise<void> {
    if (this.#over !== undefined) return;
    // With nobody there to be told, there is nothing to be waited for.
    if (this.#tether?.trunk.isClosed === false) {
      this.#say({ type: "leave" });
      await Promise.race([this.#left, this.#tether.trunk.closed]);
    }
    this.#end("it left");
  }

  stats(): HostStats {
    const { trunk } = this.#tether ?? {};
    const { sentBytes = 0, receivedBytes = 0, latencyMs, resumptions = 0 } = trunk?.statistics() ?? {};
    const { done } = this.#workers;
    const isThere = trunk?.isAttached === true;
    return {
      status: this.#over !== undefined ? "left" : !isThere ? "away" : this.#isPaused ? "paused" : "joined",
      nWorkers: this.#workers.size,
      tasksDone: done.tasks,
      busyMs: done.busyUs / 1000,
      sentBytes: sentBytes + done.sentBytes,
      receivedBytes: receivedBytes + done.receivedBytes,
      latencyMs,
      resumptions,
      connections: this.#peers?.connections ?? 0,
      routes: this.#peers?.routes ?? {},
    };
  }

  /** Ends at once: what its workers had in hand runs again elsewhere. */
  async close(): Promise<void> {
    this.#end("its host was closed");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #demandOpen(): void {
    if (this.#over !== undefined) throw new CommClosedError(`this host is not lent any more: ${this.#over}`);
  }

  async #begin(count: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#tie(signal);
    this.#host.start(this.#workers, count);
    try {
      await this.#host.ready;
    } catch (error) {
      this.#end((error as Error).message);
      throw error;
    }
    this.#demandOpen();
  }

  async #tie(signal?: AbortSignal): Promise<void> {
    const { address, token } = this.#destination;
    const secret = this.#options.token ?? token ?? "";
    const { secrecy } = this.#equipment;
    const threshold = { secrecy, clock: this.#platform.clock };
    const asking = { role: "host", id: this.#id, secret } as const;
    const { connector } = this.#transport;
    const tether = await Tether.tie({ connector, address, options: this.#options, asking, threshold }, signal);
    if (this.#over !== undefined) return tether.trunk.close(this.#over);
    this.#tether = tether;
    this.#control = tether.trunk.channel(CONTROL);
    this.#control.listen((word) => this.#hear(word as SchedulerToHost));
    this.#peers = new PeerHosts({
      id: this.#id,
      threshold,
      options: this.#options,
      idleMs: this.#options.idleMs ?? IDLE_MS,
      trunk: tether.trunk,
      session: tether.session,
      say: (word) => this.#say(word),
      listenAt: tether.listenAt,
      listener: this.#transport.listener,
      connectorFor: async (peer) => (await transportOf(destinationOf(peer))).connector,
      openLink: (worker, peer) => this.#openLink(worker, peer),
      handOver: (worker, peer, channel) => this.#host.handOver(worker, peer, channel),
      bypasses: this.#hasWires ? this.#platform.bypasses : undefined,
    });
    this.#say({
      type: "hello",
      name: this.#options.name ?? "host",
      ...(this.#options.about && { about: this.#options.about }),
      listens: this.#transport.listener !== undefined && tether.listenAt !== undefined,
      reaches: [...transports.keys()],
    });
    this.#workers.attach(tether.trunk);
    if (this.#isPaused) this.#say({ type: "pause" });
    tether.trunk.closed.then((reason) => this.#lose(tether, reason));
  }

  /** For a worker that may open a wire of its own with that ticket. */
  #planOf({ line, ticket }: TicketWord): Omit<LinePlan, "tally"> {
    const { session } = this.#tether as Tether;
    const { ca } = this.#options;
    return {
      address: this.#destination.address,
      line,
      ticket: veil(this.#equipment.secrecy, session, line, ticket),
      ...(ca !== undefined && { ca }),
    };
  }

  #openLink(worker: WorkerAddress, peer: WorkerAddress): Trunk | undefined {
    const end = this.#host.openLink(worker, peer);
    if (end === undefined) return undefined;
    const trunk = new Trunk({ clock: this.#platform.clock });
    trunk.attach(this.#equipment.wireOf(end));
    return trunk;
  }

  #say(word: HostToScheduler): void {
    this.#control?.send(word);
  }

  #hear(word: SchedulerToHost): void {
    if (word.type === "left") this.#settleLeft();
    else if (word.type === "dismiss") this.#end(`it was sent away: ${word.reason}`);
    else if (word.type === "announcement") this.#hearAnnouncement(word.value);
    else this.#peers?.hear(word);
  }

  /** What listens is the user's: its errors are none of ours. */
  #hearAnnouncement(value: unknown): void {
    try {
      this.#options.onAnnouncement?.(value);
    } catch (error) {
      console.error("onAnnouncement threw:", error);
    }
  }

  /** The scheduler is gone, or has given us up. What the workers hold they keep until they can say so. */
  async #lose(tether: Tether, reason: string): Promise<void> {
    if (this.#over !== undefined || this.#tether !== tether) return;
    this.#peers?.close(reason);
    this.#workers.detach();
    const { clock } = this.#platform;
    const threshold = { clock, secrecy: this.#equipment.secrecy };
    for (let attempt = 0; this.#over === undefined; attempt++) {
      await delay(attempt, threshold);
      try {
        await this.#tie();
        break;
      } catch (error) {
        if (isFinal(error)) this.#end((error as Error).message);
      }
    }
  }

  #end(reason: string): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#settleLeft();
    this.#workers.removeAll(reason);
    this.#host.close(reason);
    this.#peers?.close(reason);
    this.#tether?.trunk.close(reason);
    this.#settleClosed(reason);
  }
}
