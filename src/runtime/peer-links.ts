/** PeerLinks: a worker's links to other workers, by which it asks for values and gives what it is asked for. */

import type { Comm } from "../ports/comm.ts";
import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { PeerMessage } from "../protocol/worker-messages.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import { answerPeer } from "./answering.ts";

type Link = Comm<PeerMessage, PeerMessage>;

export interface PeerLinksShell {
  /** What is here of these. */
  lookUp(ids: readonly TaskId[]): ReturnType<WorkerMachine["lookUp"]>;
  /** Values have come that were asked for. */
  receive(request: number, ids: readonly TaskId[], values: readonly unknown[]): void;
  /** What a peer asked for turned out to be impossible to clone. */
  refuse(id: TaskId, cause: unknown): void;
}

interface Peer {
  link: Link;
  /** Questions that it has not answered. */
  readonly open: Map<number, readonly TaskId[]>;
}

export class PeerLinks {
  readonly #shell: PeerLinksShell;
  readonly #peers = new Map<WorkerAddress, Peer>();
  /** Questions of peers to be looked at again when more is known. */
  #unanswered: (() => void)[] = [];

  constructor(shell: PeerLinksShell) {
    this.#shell = shell;
  }

  /** There is a link to that peer from now on. Where it takes the place of one that broke, what was not answered is asked again. */
  link(address: WorkerAddress, link: Link): void {
    const peer: Peer = this.#peers.get(address) ?? { link, open: new Map() };
    peer.link = link;
    this.#peers.set(address, peer);
    link.listen((message) => this.#hear(peer, link, message));
    for (const [request, ids] of peer.open) link.send({ type: "get-data", request, ids });
  }

  remove(address: WorkerAddress): void {
    this.#peers.delete(address);
  }

  /** False if there is no such peer. */
  ask(address: WorkerAddress, request: number, ids: readonly TaskId[]): boolean {
    const peer = this.#peers.get(address);
    if (peer === undefined) return false;
    peer.open.set(request, ids);
    peer.link.send({ type: "get-data", request, ids });
    return true;
  }

  /** More is known now. */
  answerOpen(): void {
    if (this.#unanswered.length > 0) for (const answer of this.#unanswered.splice(0)) answer();
  }

  clear(reason: string): void {
    for (const { link } of this.#peers.values()) link.close(reason);
    this.#peers.clear();
    this.#unanswered = [];
  }

  #hear(peer: Peer, link: Link, message: PeerMessage): void {
    if (message.type === "get-data") return this.#answer(link, message.request, message.ids);
    if (peer.link !== link || !peer.open.delete(message.request)) return;
    this.#shell.receive(message.request, message.ids, message.values);
  }

  #answer(link: Link, request: number, wanted: readonly TaskId[]): void {
    const found = this.#shell.lookUp(wanted);
    if (found.mayBeMore) this.#unanswered.push(() => this.#answer(link, request, wanted));
    else answerPeer(link, request, found, (id, cause) => this.#shell.refuse(id, cause));
  }
}
