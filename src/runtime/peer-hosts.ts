/** PeerHosts: a host's ways to other hosts: pipes between its workers and theirs, straight where they can reach each other, or by way of the scheduler. */

import type { Connector, ConnectorOptions, Listener } from "../ports/connector.ts";
import type {
  ExpectWord,
  HostToScheduler,
  LinkWord,
  MeetingWord,
  ReachWord,
  Route,
} from "../protocol/host-messages.ts";
import { SCHEDULER_HOST } from "../protocol/hosts.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import { type Session, type Threshold, veil } from "./admission.ts";
import { Asides } from "./asides.ts";
import type { Bypasses, OpenBypasses } from "./bypasses.ts";
import { askWorker, type IdleQuestion, Idling } from "./idling.ts";
import { Reception } from "./reception.ts";
import { Tether } from "./tether.ts";
import type { Trunk } from "./trunk.ts";

/** A host that expects another answers within that, or is taken to be out of reach. Milliseconds. */
const REACH_MS = 3_000;
/** How long two hosts wait for the wire between them to come back before they speak by way of the scheduler. Milliseconds. */
const PEER_LEASE_MS = 4_000;
/** How often it is told how fast bytes go to another host. Milliseconds. */
const MEASURE_MS = 1_000;

export interface PeerHostsShell {
  /** This host's name. */
  readonly id: string;
  readonly threshold: Threshold;
  readonly options: ConnectorOptions;
  /** A way by which nothing has gone for so long is closed, until something is to go by it. Milliseconds. */
  readonly idleMs: number;
  /** The trunk to the scheduler, and what it was begun with. */
  readonly trunk: Trunk;
  readonly session: Session;
  readonly say: (word: HostToScheduler) => void;
  /** Where this host could listen for others, and with what. */
  readonly listenAt: string | undefined;
  readonly listener: Listener | undefined;
  readonly connectorFor: (address: string) => Promise<Connector>;
  /** Hands a worker its end of a link that bytes go through, and returns the other end; undefined if it is not there any more. */
  readonly openLink: (worker: WorkerAddress, peer: WorkerAddress) => Trunk | undefined;
  /** Hands a worker a channel that leads past this host; false if it cannot take it. */
  readonly handOver: (worker: WorkerAddress, peer: WorkerAddress, channel: object) => boolean;
  /** Where workers here can open wires of their own, and wait for some. */
  readonly bypasses: OpenBypasses | undefined;
}

interface Pipe {
  readonly number: number;
  readonly worker: WorkerAddress;
  readonly peer: WorkerAddress;
  /** The worker's link, as long as it leads somewhere. */
  link: Trunk | undefined;
  /** Another by way of the scheduler, from before there was a straight way: what was begun by it goes on, and it is there if that breaks. */
  spare: Trunk | undefined;
}

interface PeerHost {
  readonly id: string;
  /** Channels of single workers beside that way, or beside that to the scheduler. */
  asides: Asides | undefined;
  /** Wires of single workers past both hosts. */
  bypasses: Bypasses | undefined;
  /** Whether it is for us to offer these. */
  offers: boolean;
  route: Route | undefined;
  /** The direct way. */
  trunk: Trunk | undefined;
  readonly pipes: Map<number, Pipe>;
}

export class PeerHosts {
  readonly #shell: PeerHostsShell;
  readonly #peers = new Map<string, PeerHost>();
  /** Tickets of those who are to come. */
  readonly #expected = new Map<string, Uint8Array>();
  #reception: Reception | undefined;
  #post: Promise<string | undefined> | undefined;
  /** Where that is. */
  #listensAt: string | undefined;
  #isClosed = false;

  constructor(shell: PeerHostsShell) {
    this.#shell = shell;
  }

  /** One of our workers is to have a way to a worker of another host, or of the scheduler's page or process. */
  link(worker: WorkerAddress, { peer, host, pipe }: LinkWord): void {
    const entry: Pipe = { number: pipe, worker, peer, link: undefined, spare: undefined };
    const other = this.#peerOf(host);
    other.pipes.set(pipe, entry);
    // At once, so that the worker may speak before it is known which way its words will go.
    this.#open(other, entry);
    this.#lead(other, entry);
  }

  hear(word: MeetingWord): void {
    switch (word.type) {
      case "expect":
        void this.#expect(word);
        return;
      case "reach":
        void this.#reach(word);
        return;
      case "route":
        return this.#take(word.host, word.route);
      case "wake":
        return this.#peers.get(word.host)?.trunk?.wake();
      case "gone":
        return this.#forget(word.host);
      default:
        word satisfies never;
    }
  }

  /** A worker is gone, and nobody need speak to it. */
  removeWorker(worker: WorkerAddress): void {
    for (const peer of this.#peers.values()) {
      for (const pipe of [...peer.pipes.values()]) {
        if (pipe.worker !== worker) continue;
        drop(peer, pipe);
        close(pipe, "the worker is gone");
      }
    }
  }

  /** How bytes go to other hosts. */
  get routes(): Readonly<Record<string, Route>> {
    return Object.fromEntries([...this.#peers.values()].flatMap(({ id, route }) => (route ? [[id, route]] : [])));
  }

  /** How many of them are reached straight at the moment. */
  get connections(): number {
    return [...this.#peers.values()].filter(({ trunk }) => trunk?.isAttached).length;
  }

  close(reason: string): void {
    this.#isClosed = true;
    for (const id of [...this.#peers.keys()]) this.#forget(id);
    void this.#reception?.close(reason);
  }

  #peerOf(id: string): PeerHost {
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      const isScheduler = id === SCHEDULER_HOST;
      const route = isScheduler ? "relay" : undefined;
      peer = { id, asides: undefined, bypasses: undefined, offers: false, route, trunk: undefined, pipes: new Map() };
      this.#peers.set(id, peer);
      if (isScheduler) {
        peer.asides = this.#asidesOf(peer, this.#shell.trunk);
        this.#shell.trunk.onAttached(() => peer?.asides?.renew());
      }
    }
    return peer;
  }

  #open(peer: PeerHost, pipe: Pipe): void {
    const link = this.#shell.openLink(pipe.worker, pipe.peer);
    pipe.link = link;
    if (link === undefined) return drop(peer, pipe);
    link.closed.then(() => {
      // Another may have taken its place, or is to, because the way it led by is not there any more.
      if (pipe.link === link && !this.#isRerouting(peer)) drop(peer, pipe);
    });
  }

  #isRerouting({ route, trunk }: PeerHost): boolean {
    return route === "direct" && trunk?.isClosed === true;
  }

  /** Has the bytes of a pipe go the way that there is. */
  #lead({ id, route, trunk, asides, bypasses, offers }: PeerHost, { number, link }: Pipe): void {
    if (link === undefined) return;
    if (route === "relay") this.#shell.trunk.forward(number, link, 0);
    else if (route === "direct" && trunk !== undefined) trunk.forward(number, link, 0);
    else return;
    if (route === "direct" || id === SCHEDULER_HOST) asides?.add(number, offers);
    if (route === "direct") bypasses?.add(number, link);
  }

  #asidesOf(peer: PeerHost, trunk: Trunk): Asides {
    let isTold = false;
    return new Asides(trunk, {
      hand: (number, channel) => {
        const pipe = peer.pipes.get(number);
        return pipe !== undefined && this.#shell.handOver(pipe.worker, pipe.peer, channel);
      },
      takeBack: (number) => {
        const pipe = peer.pipes.get(number);
        if (pipe === undefined) return;
        this.#open(peer, pipe);
        this.#lead(peer, pipe);
      },
      onMade: () => {
        if (!isTold) this.#shell.say({ type: "handed-over", host: peer.id });
        isTold = true;
      },
    });
  }

  #bypassesOf(peer: PeerHost, trunk: Trunk, session: Session, address: string | undefined): Bypasses | undefined {
    const { threshold, say, bypasses } = this.#shell;
    return bypasses?.({
      trunk,
      session,
      threshold,
      theirs: address,
      ours: this.#listensAt,
      say: (word) => {
        if (peer.trunk === trunk && peer.route === "direct") say({ ...word, host: peer.id });
      },
    });
  }

  #take(id: string, route: Route): void {
    const peer = this.#peerOf(id);
    if (peer.route === route) return;
    const before = peer.route;
    peer.route = route;
    const isLost = before === "direct";
    for (const pipe of [...peer.pipes.values()]) {
      const { link, spare } = pipe;
      const isSpared = isLost && spare?.isClosed === false;
      pipe.spare = before === "relay" ? link : undefined;
      if (isSpared) pipe.link = spare;
      else if (before !== undefined) this.#open(peer, pipe);
      if (isLost) link?.close("it goes another way");
      if (!isSpared) this.#lead(peer, pipe);
    }
    if (isLost) peer.trunk?.close("it goes another way");
  }

  #forget(id: string): void {
    const peer = this.#peers.get(id);
    this.#expected.delete(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    for (const pipe of peer.pipes.values()) close(pipe, "the other host is gone");
    peer.trunk?.close("the other host is gone");
  }

  async #expect({ host, ticket }: ExpectWord): Promise<void> {
    const { threshold, session, say } = this.#shell;
    this.#expected.set(host, veil(threshold.secrecy, session, `expect ${host}`, ticket));
    this.#post ??= this.#listen();
    const address = await this.#post;
    if (address === undefined) this.#post = undefined; // It may be possible when it is tried again.
    say({ type: "listening", host, address });
  }

  /** Where we listen; undefined if we cannot. */
  async #listen(): Promise<string | undefined> {
    const { listener, listenAt, threshold, options } = this.#shell;
    if (listener === undefined || listenAt === undefined) return undefined;
    this.#reception = new Reception(threshold, {
      leaseMs: PEER_LEASE_MS,
      mayRest: true, // The scheduler tells who is gone.
      secretFor: ({ role, id }) =>
        (role === "peer" ? this.#expected.get(id) : undefined) ?? {
          refused: "UnauthorizedError",
          message: `nobody called ${id} is expected here as a ${role}`,
        },
      onParty: ({ id, trunk, session }) => this.#attach(id, trunk, session, undefined),
    });
    try {
      this.#listensAt = (await this.#reception.listen(listener, listenAt, options)).address;
      return this.#listensAt;
    } catch {
      return undefined;
    }
  }

  async #reach({ host, address, ticket }: ReachWord): Promise<void> {
    const { id, threshold, options, say, connectorFor } = this.#shell;
    const secret = veil(threshold.secrecy, this.#shell.session, `reach ${host}`, ticket);
    const abort = new AbortController();
    const callOff = threshold.clock.after(REACH_MS, () => abort.abort(new Error("it takes too long")));
    try {
      const connector = await connectorFor(address);
      const asking = { role: "peer", id, secret } as const;
      const { trunk, session } = await Tether.tie({ connector, address, options, asking, threshold }, abort.signal);
      if (this.#isClosed) return trunk.close("this host is gone");
      this.#attach(host, trunk, session, address);
      say({ type: "reached", host, isReached: true });
      this.#measure(host, trunk);
    } catch {
      say({ type: "reached", host, isReached: false });
    } finally {
      callOff();
    }
  }

  /** `address`: where we came to, if it was not the other host that came. */
  #attach(id: string, trunk: Trunk, session: Session, address: string | undefined): void {
    const peer = this.#peerOf(id);
    const offers = address !== undefined;
    peer.trunk?.close("there is a new one");
    peer.trunk = trunk;
    peer.offers = offers;
    peer.bypasses = this.#bypassesOf(peer, trunk, session, address);
    const asides = this.#asidesOf(peer, trunk);
    peer.asides = asides;
    this.#expected.delete(id);
    trunk.onAttached(() => asides.renew());
    if (offers) {
      new Idling(trunk, {
        clock: this.#shell.threshold.clock,
        idleMs: this.#shell.idleMs,
        ask: (question) => this.#ask(peer, question),
        goOn: () => asides.complete(),
      });
    } else trunk.onDetached(() => this.#shell.say({ type: "wake", host: id }));
    trunk.closed.then(() => {
      if (peer.trunk === trunk && this.#peers.get(id) === peer)
        this.#shell.say({ type: "reached", host: id, isReached: false });
    });
    if (peer.route === "direct") for (const pipe of peer.pipes.values()) this.#lead(peer, pipe);
  }

  /** Asks those of our workers that have links past the hosts, to workers there. */
  async #ask({ pipes, asides, bypasses }: PeerHost, question: IdleQuestion): Promise<boolean> {
    const numbers = [...(asides?.handed ?? []), ...(bypasses?.made ?? [])];
    const answers = numbers.map(async (number) => {
      const link = pipes.get(number)?.link;
      const isSo = link === undefined || (await askWorker(link, question));
      if (isSo && question === "rest") asides?.letGo(number);
      return isSo;
    });
    return (await Promise.all(answers)).every((isSo) => isSo);
  }

  #measure(host: string, trunk: Trunk, before = -1): void {
    if (trunk.isClosed) return;
    const { traffic } = trunk;
    const { latencyMs, bandwidth } = trunk.statistics();
    const isNew = traffic !== before && (latencyMs !== undefined || bandwidth !== undefined);
    if (isNew) this.#shell.say({ type: "measured", host, latencyMs, bandwidth });
    this.#shell.threshold.clock.after(MEASURE_MS, () => this.#measure(host, trunk, isNew ? traffic : before));
  }
}

function close({ link, spare }: Pipe, reason: string): void {
  link?.close(reason);
  spare?.close(reason);
}

/** Nobody speaks through it any more. */
function drop({ pipes, asides, bypasses }: PeerHost, pipe: Pipe): void {
  if (pipes.get(pipe.number) !== pipe) return;
  pipes.delete(pipe.number);
  asides?.remove(pipe.number);
  bypasses?.remove(pipe.number);
}
