/** RemoteHosts: the hosts elsewhere that lend workers to a scheduler. It answers for these as `Host` does for those of this page or process. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { Secrecy } from "../ports/secrecy.ts";
import type { LinkedParty } from "../protocol/actors.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import {
  type About,
  type ClientLink,
  FIRST_PIPE,
  type HostHello,
  type HostToScheduler,
  type HostWorker,
  type WorkerGone,
} from "../protocol/host-messages.ts";
import { SCHEDULER_HOST } from "../protocol/hosts.ts";
import type { ClientId, WorkerAddress } from "../protocol/identity.ts";
import { validatePeerMessage } from "../protocol/peer-forms.ts";
import { veil } from "./admission.ts";
import { Asides } from "./asides.ts";
import { checkedComm } from "./checked-comm.ts";
import { HostPairs } from "./host-pairs.ts";
import type { Party } from "./reception.ts";
import { RemoteHost } from "./remote-host.ts";
import type { RemoteWorkerComm } from "./remote-worker-comm.ts";
import type { SchedulerRuntime, WorkerOwner } from "./scheduler-runtime.ts";
import type { SchedulerVoice } from "./scheduler-voice.ts";
import type { Trunk } from "./trunk.ts";

/** What it needs of the cluster. */
export interface RemoteHostsShell {
  readonly scheduler: SchedulerRuntime;
  readonly voice: SchedulerVoice;
  readonly clock: Clock;
  readonly secrecy: Secrecy;
  /** Hands a worker of this page or process its end of a link that bytes go through, and returns the other end. */
  readonly openLink: (worker: WorkerAddress, peer: WorkerAddress) => Trunk | undefined;
  /** Hands a worker of this page or process a channel that leads past it; false if it cannot take it. */
  readonly handOver: (worker: WorkerAddress, peer: WorkerAddress, channel: object) => boolean;
  /** Whether it is a client of this page or process. */
  readonly isClient: (id: string) => boolean;
  /** Hands one of those its end of a link to a worker elsewhere; false if it is gone. */
  readonly handLink: (client: ClientId, worker: WorkerAddress, link: Comm<unknown, unknown>) => boolean;
}

/** A client elsewhere. */
export interface RemoteClient {
  readonly trunk: Trunk;
  tell(word: ClientLink): void;
}

/** A host that lends threads, as it is seen from the cluster. */
export interface HostInfo {
  /** The `host` of its workers in `schedulerInfo()`. */
  readonly id: string;
  readonly name: string;
  /** What it tells of itself. Nobody has looked whether it is true. */
  readonly about: About;
  /** Its workers that are there. */
  readonly workers: readonly WorkerAddress[];
  /** It takes no tasks for now. */
  readonly isPaused: boolean;
  /** Its connection has dropped, and it is waited for. */
  readonly isAway: boolean;
  /** How it is reached, as `ws` or `peer`. */
  readonly link: string;
  /** Whether a server between passes on what is said (TURN), as far as that is known. */
  readonly isRelayed: boolean;
  /** One way; undefined until it is known. */
  readonly latencyMs: number | undefined;
  /** To and from it, values that go past the scheduler not counted. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

interface Measures {
  readonly latencyMs: number | undefined;
  readonly bandwidth: number | undefined;
}

interface Ticket {
  readonly host: RemoteHost;
  readonly worker: WorkerAddress;
  readonly ticket: Uint8Array;
}

/** How often it is looked how fast hosts can be reached. Milliseconds. */
const MEASURE_MS = 1_000;

export class RemoteHosts implements WorkerOwner {
  readonly #shell: RemoteHostsShell;
  readonly #hosts = new Map<string, RemoteHost>();
  readonly #pairs: HostPairs;
  readonly #clients = new Map<ClientId, RemoteClient>();
  #nextPipe = FIRST_PIPE;
  /** Lines that workers may open, by their names. */
  readonly #tickets = new Map<string, Ticket>();
  #lines = 0;
  /** What was announced last; in a list, for it may be anything. */
  #announced: readonly unknown[] = [];
  /** Ids of those that were sent away. */
  readonly #dismissed = new Set<string>();
  /** Pipe of a worker of our own -> that worker, and the one elsewhere. */
  readonly #ownPipes = new Map<number, readonly [own: WorkerAddress, peer: WorkerAddress]>();

  constructor(shell: RemoteHostsShell) {
    this.#shell = shell;
    this.#pairs = new HostPairs(shell.clock, shell.secrecy, (one, other, route) =>
      shell.scheduler.noteLink({ from: one.id, to: other.id, route }),
    );
  }

  /** Somebody has come to lend threads; `scheme` is that of the address where. */
  add(party: Party, scheme: string): void {
    const host = new RemoteHost(party, scheme, {
      onHello: () => {
        for (const value of this.#announced) host.say({ type: "announcement", value });
      },
      onWorker: (_, worker, comm) => this.#addWorker(host, worker, comm),
      onWorkerGone: (_, worker, gone) => this.#removeWorker(worker, gone),
      onLineWanted: (_, worker) => this.#offerLine(host, worker),
      onWord: (_, word) => this.#hear(host, word),
      onGone: (_, reason) => this.#remove(host, reason),
    });
    this.#hosts.set(host.id, host);
    this.#watch(host);
  }

  /** Looks from time to time how fast the host is reached, as long as it is there. */
  #watch(host: RemoteHost): void {
    this.#shell.clock.after(MEASURE_MS, () => {
      if (this.#hosts.get(host.id) !== host) return;
      this.#measure(host);
      this.#watch(host);
    });
  }

  get size(): number {
    return this.#hosts.size;
  }

  /** Those that have said who they are. */
  get list(): readonly HostInfo[] {
    return [...this.#hosts.values()].flatMap(({ id, hello, workers, isPaused, scheme, trunk }) => {
      if (hello === undefined) return [];
      const { name, about = {} } = hello;
      const { latencyMs, sentBytes, receivedBytes, isRelayed = false } = trunk.statistics();
      const lines = [...workers.values()].map(({ lineBytes }) => lineBytes);
      const isAway = !trunk.isAttached;
      return {
        id,
        name,
        about,
        workers: [...workers.keys()],
        isPaused,
        isAway,
        link: scheme,
        isRelayed,
        latencyMs,
        sentBytes: lines.reduce((sum, { sent }) => sum + sent, sentBytes),
        receivedBytes: lines.reduce((sum, { received }) => sum + received, receivedBytes),
      };
    });
  }

  /**
   * Tells all hosts, and the last to those that come later.
   *
   * @throws DataCloneError if it cannot travel; then nobody is told.
   */
  announce(value: unknown): void {
    const own = structuredClone(value);
    this.#announced = [own];
    for (const host of this.#hosts.values())
      if (host.hello !== undefined) host.say({ type: "announcement", value: own });
  }

  /** Sends a host away, which is not let in again; false if it is not there. */
  dismiss(id: string, reason: string): boolean {
    const host = this.#hosts.get(id);
    if (host === undefined) return false;
    this.#dismissed.add(id);
    host.isDismissed = true;
    host.say({ type: "dismiss", reason });
    host.trunk.close(reason);
    return true;
  }

  isDismissed(id: string): boolean {
    return this.#dismissed.has(id);
  }

  /** A worker may open a wire of its own, with a ticket that is good for one. */
  #offerLine(host: RemoteHost, worker: WorkerAddress): void {
    const { secrecy } = this.#shell;
    const line = `line-${++this.#lines}`;
    const ticket = secrecy.random(32);
    for (const [name, other] of this.#tickets) if (other.worker === worker) this.#tickets.delete(name);
    this.#tickets.set(line, { host, worker, ticket });
    host.tell(worker, { type: "ticket", line, ticket: veil(secrecy, host.session, line, ticket) });
  }

  /** What whoever opens that line has to know; undefined if nobody is to. */
  ticketFor(line: string): Uint8Array | undefined {
    return this.#tickets.get(line)?.ticket;
  }

  /** Somebody has come with that ticket. */
  addLine(line: string, trunk: Trunk): void {
    const { host, worker } = this.#tickets.get(line) ?? {};
    this.#tickets.delete(line);
    const comm = worker === undefined ? undefined : host?.workers.get(worker);
    if (comm === undefined) trunk.close("the worker is gone");
    else comm.takeLine(trunk);
  }

  /** A client elsewhere, which is there as long as its trunk is. */
  addClient(id: ClientId, client: RemoteClient): void {
    this.#clients.set(id, client);
    client.trunk.closed.then(() => {
      if (this.#clients.get(id) === client) this.#clients.delete(id);
    });
  }

  link(from: LinkedParty, to: WorkerAddress): void {
    if (this.#clients.has(from) || this.#shell.isClient(from)) return this.#linkClient(from, to);
    const [here, there] = [this.#hostOf(from), this.#hostOf(to)];
    const pipe = here === there ? 0 : this.#nextPipe++;
    here?.tell(from, { type: "link", peer: to, host: there?.id ?? SCHEDULER_HOST, pipe });
    there?.tell(to, { type: "link", peer: from, host: here?.id ?? SCHEDULER_HOST, pipe });
    if (here === there) return;
    if (here !== undefined && there !== undefined) return this.#pairs.connect(here, there, pipe);
    const [remote, own, peer] = here === undefined ? [there, from, to] : [here, to, from];
    const link = this.#shell.openLink(own, peer);
    if (link === undefined || remote === undefined) return;
    remote.trunk.forward(pipe, link, 0);
    this.#asidesOf(remote).add(pipe, true);
    this.#ownPipes.set(pipe, [own, peer]);
  }

  /** One of the two is elsewhere, or both. */
  #linkClient(client: ClientId, worker: WorkerAddress): void {
    const [caller, host] = [this.#clients.get(client), this.#hostOf(worker)];
    const pipe = this.#nextPipe++;
    host?.tell(worker, { type: "link", peer: client, host: SCHEDULER_HOST, pipe });
    if (caller !== undefined) {
      const link = host === undefined ? this.#shell.openLink(worker, client) : undefined;
      if (host !== undefined) caller.trunk.forward(pipe, host.trunk, pipe);
      else if (link !== undefined) caller.trunk.forward(pipe, link, 0);
      else return; // It is gone, which the client will hear.
      caller.tell({ type: "link", worker, pipe });
    } else if (host !== undefined) {
      const link = checkedComm(host.trunk.channel(pipe), validatePeerMessage);
      if (!this.#shell.handLink(client, worker, link)) link.close("the client is gone");
    }
  }

  /** Channels that lead from our own workers to those of a host, past both. */
  #asidesOf(host: RemoteHost): Asides {
    const { openLink, handOver, scheduler } = this.#shell;
    if (host.asides !== undefined) return host.asides;
    const asides = new Asides(host.trunk, {
      hand: (pipe, channel) => {
        const [own, peer] = this.#ownPipes.get(pipe) ?? [];
        return own !== undefined && peer !== undefined && handOver(own, peer, channel);
      },
      takeBack: (pipe) => {
        const [own, peer] = this.#ownPipes.get(pipe) ?? [];
        const link = own !== undefined && peer !== undefined ? openLink(own, peer) : undefined;
        if (link !== undefined) host.trunk.forward(pipe, link, 0);
      },
      onMade: () => scheduler.noteLink({ from: SCHEDULER_HOST, to: host.id, route: "threads" }),
    });
    host.asides = asides;
    host.trunk.onAttached(() => asides.renew());
    return asides;
  }

  end(worker: WorkerAddress, reason: string): void {
    const isForGood = this.#shell.scheduler.isRetiring(worker);
    this.#hostOf(worker)?.tell(worker, { type: "end", reason, isForGood });
  }

  lookInto(worker: WorkerAddress, tell: (stack?: StackTaken) => void): void {
    this.#hostOf(worker)?.workers.get(worker)?.lookInto(tell);
  }

  #hostOf(worker: WorkerAddress): RemoteHost | undefined {
    for (const host of this.#hosts.values()) if (host.workers.has(worker)) return host;
    return undefined;
  }

  #addWorker(host: RemoteHost, worker: HostWorker, comm: RemoteWorkerComm): void {
    const { address, name, nThreads, resources, isReturning } = worker;
    this.#shell.scheduler.addWorker({ address, name, nThreads, resources }, comm, { isForeign: true, isReturning });
    if (host.isPaused) void this.#setPaused([address], true);
    this.#measure(host);
  }

  #removeWorker(worker: WorkerAddress, { reason, isExpected }: WorkerGone): void {
    this.#shell.scheduler.removeWorker(worker, reason, isExpected);
  }

  #remove(host: RemoteHost, reason: string): void {
    if (!this.#hosts.delete(host.id)) return;
    for (const [name, ticket] of this.#tickets) if (ticket.host === host) this.#tickets.delete(name);
    this.#pairs.remove(host);
    // What those had in hand who were sent away is not to blame.
    this.#shell.scheduler.removeHost([...host.workers.keys()], reason, host.isDismissed);
  }

  #hear(host: RemoteHost, word: Exclude<HostToScheduler, HostHello | HostWorker>): void {
    switch (word.type) {
      case "starting":
        host.starting = word.count;
        return;
      case "pause":
      case "resume":
        host.isPaused = word.type === "pause";
        void this.#setPaused([...host.workers.keys()], host.isPaused);
        return;
      case "leave":
        void this.#retire(host);
        return;
      case "listening":
        return this.#pairs.hearListening(host, word.host, word.address);
      case "reached":
        return this.#pairs.hearReached(host, word.host, word.isReached);
      case "wake":
        return this.#pairs.wake(host, word.host);
      case "handed-over":
        return this.#shell.scheduler.noteLink({
          from: host.id,
          to: word.host,
          route: word.isOver === true ? "direct" : "threads",
        });
      case "measured": {
        return this.#note(host.id, word.host, word);
      }
      default:
        word satisfies never;
    }
  }

  async #setPaused(workers: readonly WorkerAddress[], isPaused: boolean): Promise<void> {
    const type = isPaused ? "pause-workers" : "unpause-workers";
    // One that goes meanwhile has nothing to be paused.
    await this.#shell.voice.ask({ type, workers }).catch(() => {});
  }

  /** Has its workers do what they have begun, and others take what only they hold. */
  async #retire(host: RemoteHost): Promise<void> {
    const workers = [...host.workers.keys()];
    if (workers.length > 0) await this.#shell.voice.ask({ type: "retire-workers", workers }).catch(() => {});
    if (this.#hosts.get(host.id) === host) host.say({ type: "left" });
  }

  #measure(host: RemoteHost): void {
    this.#note(host.id, SCHEDULER_HOST, host.trunk.statistics());
  }

  #note(from: string, to: string, { latencyMs, bandwidth }: Measures): void {
    if (latencyMs === undefined && bandwidth === undefined) return;
    this.#shell.scheduler.noteLink({
      from,
      to,
      ...(latencyMs !== undefined && { latencyMs }),
      ...(bandwidth !== undefined && { bytesPerMs: bandwidth / 1000 }),
    });
  }
}
