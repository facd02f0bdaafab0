/**
 * PeerLinks: a worker's direct links to other workers, by which it asks for values and gives what it is asked for. What is said there of actors
 * it passes on.
 */

import type { Comm } from "../ports/comm.ts";
import type { ActorMessage } from "../protocol/actors.ts";
import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { PeerMessage } from "../protocol/worker-messages.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import { answerPeer } from "./answering.ts";

export type PeerComm = Comm<PeerMessage, PeerMessage>;

export interface PeerLinksShell {
  /** What is here of these. */
  lookUp(ids: readonly TaskId[]): ReturnType<WorkerMachine["lookUp"]>;
  /** Values have come that were asked for. */
  receive(request: number, ids: readonly TaskId[], values: readonly unknown[]): void;
  /** What a peer asked for turned out to be impossible to clone. */
  refuse(id: TaskId, cause: unknown): void;
  hearOfActors(peer: WorkerAddress, link: PeerComm, message: ActorMessage): void;
}

/** Questions that a peer has not answered. */
type OpenQuestions = Map<number, readonly TaskId[]>;

export class PeerLinks {
  readonly comms = new Map<WorkerAddress, PeerComm>();
  readonly #shell: PeerLinksShell;
  readonly #open = new Map<WorkerAddress, OpenQuestions>();
  /** Questions of peers to be looked at again when more is known. */
  #unanswered: (() => void)[] = [];

  constructor(shell: PeerLinksShell) {
    this.#shell = shell;
  }

  /** There is a link to that peer from now on. Where it takes the place of one that broke, what was not answered is asked again. */
  link(address: WorkerAddress, link: PeerComm): void {
    const open: OpenQuestions = this.#open.get(address) ?? new Map();
    this.#open.set(address, open);
    this.comms.set(address, link);
    link.listen((message) => this.#hear(address, link, message));
    for (const [request, ids] of open) link.send({ type: "get-data", request, ids });
  }

  remove(address: WorkerAddress): void {
    this.comms.delete(address);
    this.#open.delete(address);
  }

  /** False if there is no such peer. */
  ask(address: WorkerAddress, request: number, ids: readonly TaskId[]): boolean {
    const link = this.comms.get(address);
    if (link === undefined) return false;
    this.#open.get(address)?.set(request, ids);
    link.send({ type: "get-data", request, ids });
    return true;
  }

  /** More is known now. */
  answerOpen(): void {
    if (this.#unanswered.length > 0) for (const answer of this.#unanswered.splice(0)) answer();
  }

  clear(reason: string): void {
    for (const link of this.comms.values()) link.close(reason);
    this.comms.clear();
    this.#open.clear();
    this.#unanswered = [];
  }

  #hear(address: WorkerAddress, link: PeerComm, message: PeerMessage): void {
    if (message.type === "get-data") return this.#answer(link, message.request, message.ids);
    if (message.type !== "data") return this.#shell.hearOfActors(address, link, message);
    if (this.comms.get(address) !== link || this.#open.get(address)?.delete(message.request) !== true) return;
    this.#shell.receive(message.request, message.ids, message.values);
  }

  #answer(link: PeerComm, request: number, wanted: readonly TaskId[]): void {
    const found = this.#shell.lookUp(wanted);
    if (found.mayBeMore) this.#unanswered.push(() => this.#answer(link, request, wanted));
    else answerPeer(link, request, found, (id, cause) => this.#shell.refuse(id, cause));
  }
}
