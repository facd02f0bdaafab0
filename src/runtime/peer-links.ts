/** PeerLinks: a worker's links to other workers, by which it asks for values and gives what it is asked for. */

import type { ActorMessage } from "../protocol/actors.ts";
import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { PeerMessage } from "../protocol/peer-messages.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import { answerPeer } from "./answering.ts";
import { AsideLink, type PeerComm } from "./aside-link.ts";

export interface PeerLinksShell {
  /** What is here of these. */
  lookUp(ids: readonly TaskId[]): ReturnType<WorkerMachine["lookUp"]>;
  /** Has a value read; {@link PeerLinks.cameBack} is called then. */
  read(id: TaskId): void;
  /** Values have come that were asked for. */
  receive(request: number, ids: readonly TaskId[], values: readonly unknown[], isMoreToCome?: boolean): void;
  /** What a peer asked for turned out to be impossible to clone. */
  refuse(id: TaskId, cause: unknown): void;
  hearOfActors(peer: WorkerAddress, link: PeerComm, message: ActorMessage): void;
  /** Whether a call of an actor by that link is not over. */
  hasActors(peer: WorkerAddress, link: PeerComm): boolean;
  /** No more are to go by it. */
  keepActorsOff(peer: WorkerAddress, link: PeerComm): void;
}

interface Peer {
  /** Those that are there, the best last, which is the latest of its kind: they lead to the same worker, and others of them may break. */
  readonly links: PeerComm[];
  /** The latest by way of the hosts. */
  pipe: PeerComm | undefined;
  /** Questions that it has not answered, and by which link each was asked; undefined while there is none. */
  readonly open: Map<number, { readonly ids: readonly TaskId[]; link: PeerComm | undefined }>;
  /** Those among them that lead past the hosts. */
  readonly asides: Map<PeerComm, AsideLink>;
  /** Those among these that only values go by. */
  readonly bypasses: Set<PeerComm>;
  /** Those that lead from page to page within a browser. */
  readonly ports: Set<PeerComm>;
}

/**
 * Which way a link leads: within the host, or by way of both hosts; past them, for all that is said, by a channel of the connection that they have,
 * which ends with that, or in one browser by a port, which is faster, but nobody is told for certain when its other end is gone; or past
 * them for values alone, which are asked for again when it breaks.
 */
export type LinkKind = "hosts" | "aside" | "port" | "bypass";

export class PeerLinks {
  /** The best link to each peer that has one, for whatever is to be said but that values are wanted. */
  readonly comms = new Map<WorkerAddress, PeerComm>();
  readonly #shell: PeerLinksShell;
  readonly #peers = new Map<WorkerAddress, Peer>();
  /** Questions of peers to be looked at again when more is known. */
  #unanswered: (() => void)[] = [];
  /** Answers that go on when a value has been read. */
  readonly #reading = new Map<TaskId, (() => void)[]>();

  constructor(shell: PeerLinksShell) {
    this.#shell = shell;
  }

  /**
   * There is a link to that peer from now on. What was asked by one that broke is asked again; what was asked by another that is still
   * there will be answered by that. Of those that lead past the hosts, beside another by way of them, none is good any more when
   * there is a new one of those.
   */
  link(address: WorkerAddress, given: PeerComm, kind: LinkKind = "hosts"): void {
    // It was under way when the peer went.
    if (kind === "bypass" && !this.#peers.has(address)) return given.close("the peer is gone");
    const peer: Peer = this.#peers.get(address) ?? {
      links: [],
      pipe: undefined,
      open: new Map(),
      asides: new Map(),
      bypasses: new Set(),
      ports: new Set(),
    };
    this.#peers.set(address, peer);
    const link = kind === "hosts" ? given : this.#aside(address, peer, given);
    if (kind === "hosts") {
      for (const former of peer.asides.keys()) former.close("there is another way");
      peer.pipe = link;
    }
    if (kind === "bypass") peer.bypasses.add(link);
    const last = peer.links.at(-1);
    const isSecond = kind === "aside" && last !== undefined && peer.ports.has(last);
    peer.links.splice(peer.links.length - (isSecond ? 1 : 0), 0, link);
    if (kind === "port") {
      peer.ports.add(link);
      // Its other end may be gone without a word: that there is no other way any more tells of it.
      peer.pipe?.closed.then((reason) => link.close(reason));
    }
    this.#prefer(address, peer);
    link.listen((message) => this.#hear(address, peer, link, message));
    link.closed.then(() => {
      peer.links.splice(peer.links.indexOf(link), 1);
      peer.asides.delete(link);
      peer.bypasses.delete(link);
      peer.ports.delete(link);
      this.#prefer(address, peer);
      askAgain(peer, link);
    });
    askAgain(peer, undefined);
  }

  #aside(address: WorkerAddress, peer: Peer, given: PeerComm): PeerComm {
    const isInUse = () => {
      const isAsked = [...peer.open.values()].some((question) => question.link === comm);
      return isAsked || peer.links.length < 2 || this.#shell.hasActors(address, comm);
    };
    const aside = new AsideLink(given, {
      isInUse,
      prefer: (isPreferred) => {
        if (!isPreferred) this.#shell.keepActorsOff(address, comm);
        const at = peer.links.indexOf(comm);
        if (at < 0) return;
        peer.links.splice(at, 1);
        if (isPreferred) peer.links.push(comm);
        else peer.links.unshift(comm);
        this.#prefer(address, peer);
      },
    });
    const { comm } = aside;
    peer.asides.set(comm, aside);
    return comm;
  }

  /** Whether nothing went past the hosts to that peer since this was asked before, nor is to. */
  isQuiet(address: WorkerAddress): boolean {
    // All are asked, for each notes that it was.
    const asides = [...(this.#peers.get(address)?.asides.values() ?? [])];
    return asides.map(({ isQuiet }) => isQuiet).every((isQuiet) => isQuiet);
  }

  /** Lets go of links that lead past the hosts to that peer. Settles with whether there are none any more. */
  async rest(address: WorkerAddress): Promise<boolean> {
    const asides = [...(this.#peers.get(address)?.asides.values() ?? [])];
    return (await Promise.all(asides.map((aside) => aside.rest()))).every((isAgreed) => isAgreed);
  }

  remove(address: WorkerAddress): void {
    this.#peers.delete(address);
    this.comms.delete(address);
  }

  /** False if there is no such peer. */
  ask(address: WorkerAddress, request: number, ids: readonly TaskId[]): boolean {
    const peer = this.#peers.get(address);
    if (peer === undefined) return false;
    const link = peer.links.at(-1);
    peer.open.set(request, { ids, link });
    link?.send({ type: "get-data", request, ids });
    return true;
  }

  /** More is known now. */
  answerOpen(): void {
    if (this.#unanswered.length > 0) for (const answer of this.#unanswered.splice(0)) answer();
  }

  /** A value has been read, or is gone: whoever has asked for it is answered. */
  cameBack(id: TaskId): void {
    const answers = this.#reading.get(id) ?? [];
    this.#reading.delete(id);
    for (const answer of answers) answer();
  }

  clear(reason: string): void {
    this.#reading.clear();
    for (const { links } of this.#peers.values()) for (const link of links) link.close(reason);
    this.#peers.clear();
    this.comms.clear();
    this.#unanswered = [];
  }

  #prefer(address: WorkerAddress, peer: Peer): void {
    if (this.#peers.get(address) !== peer) return;
    const link = peer.links.findLast((each) => !peer.bypasses.has(each));
    if (link === undefined) this.comms.delete(address);
    else this.comms.set(address, link);
  }

  #hear(address: WorkerAddress, peer: Peer, link: PeerComm, message: PeerMessage): void {
    if (message.type === "get-data") return this.#answer(link, message.request, message.ids);
    if (message.type === "rest") return; // Only links that lead past the hosts are let go of.
    if (message.type !== "data") {
      if (peer.bypasses.has(link)) return link.close("it said by it what is not said by it");
      return this.#shell.hearOfActors(address, link, message);
    }
    const { request, ids, values, isMoreToCome } = message;
    if (isMoreToCome ? !peer.open.has(request) : !peer.open.delete(request)) return;
    this.#shell.receive(request, ids, values, isMoreToCome);
  }

  #answer(link: PeerComm, request: number, wanted: readonly TaskId[]): void {
    const found = this.#shell.lookUp(wanted);
    if (found.mayBeMore) {
      this.#unanswered.push(() => this.#answer(link, request, wanted));
      return;
    }
    const [next] = found.later;
    if (next === undefined || found.ids.length > 0) {
      answerPeer(link, request, found, (id, cause) => this.#shell.refuse(id, cause), next !== undefined);
    }
    // What has to be read is given one by one: there may not be room for all of it at once.
    if (next === undefined) return;
    const answers = this.#reading.get(next) ?? [];
    this.#reading.set(next, answers);
    answers.push(() => this.#answer(link, request, found.later));
    this.#shell.read(next);
  }
}

/** Asks by the best link what was asked by `link`, or by none. */
function askAgain(peer: Peer, link: PeerComm | undefined): void {
  const best = peer.links.at(-1);
  for (const [request, question] of peer.open) {
    if (question.link !== link) continue;
    question.link = best;
    best?.send({ type: "get-data", request, ids: question.ids });
  }
}
