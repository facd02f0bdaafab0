/** What a worker says and hears of actors on its direct links: as the host of some, and for its own tasks and actors that call others. */

import type { Comm } from "../ports/comm.ts";
import type { ActorLink, Calling } from "../ports/direct-links.ts";
import type { ActorErrand, ActorMessage, ActorResults } from "../protocol/actors.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { PeerMessage } from "../protocol/peer-messages.ts";
import { ActorHost } from "./actor-host.ts";
import type { ActorShell } from "./actor-shell.ts";
import type { Running } from "./running-task.ts";

type PeerComm = Comm<PeerMessage, PeerMessage>;

/** A link to a peer, and who hears answers on it. */
interface Linked {
  readonly comm: PeerComm;
  hear: (results: ActorResults) => void;
  close: (reason: string) => void;
  calling: Calling | undefined;
}

export class ActorTraffic {
  readonly #address: WorkerAddress;
  readonly #peers: ReadonlyMap<WorkerAddress, PeerComm>;
  readonly #host: ActorHost;
  readonly #linked = new Map<WorkerAddress, Linked>();

  constructor(address: WorkerAddress, peers: ReadonlyMap<WorkerAddress, PeerComm>, shell: ActorShell) {
    this.#address = address;
    this.#peers = peers;
    this.#host = new ActorHost(shell);
  }

  /** Whether it hosts none. */
  get isEmpty(): boolean {
    return this.#host.isEmpty;
  }

  /** What a task's class made goes on as an actor. Settles with the handle that the task ends with. */
  make(made: unknown, { key, task, opened }: Running): Promise<object> {
    const handle = this.#host.create(made, { key, fn: task.fn }, opened);
    // A turn after whoever waits for it: it is on its way by then.
    const passed = handle.then((given) => given);
    passed.then((given) => (given as Disposable)[Symbol.dispose]()).catch(() => {});
    return handle;
  }

  perform(errand: ActorErrand): unknown {
    return this.#host.perform(errand);
  }

  hear(peer: WorkerAddress, comm: PeerComm, message: ActorMessage): void {
    if (message.type !== "actor-calls") {
      this.#linked.get(peer)?.hear(message);
      return;
    }
    this.#host.hear(comm, (results, transfer) => comm.send(results, transfer), message);
    // The first of somebody.
    if (message.first === 0) comm.closed.then(() => this.#host.forget(comm));
  }

  /** Whether a call by that link is not over. */
  isOn(peer: WorkerAddress, comm: PeerComm): boolean {
    return this.#callingBy(peer, comm)?.isWaiting === true || this.#host.owes(comm);
  }

  /** Whoever calls by that link, where {@link isOn} no call is, asks for another before the next. */
  letGo(peer: WorkerAddress, comm: PeerComm): void {
    this.#callingBy(peer, comm)?.retire();
  }

  #callingBy(peer: WorkerAddress, comm: PeerComm): Calling | undefined {
    const linked = this.#linked.get(peer);
    return linked?.comm === comm ? linked.calling : undefined;
  }

  /** A peer, or a client, is gone. */
  removePeer(peer: WorkerAddress): void {
    const comm = this.#peers.get(peer);
    if (comm !== undefined) this.#host.forget(comm);
    this.#linked.get(peer)?.close(`worker ${peer} is gone`);
    this.#linked.delete(peer);
  }

  /** Another scheduler knows nothing of what there is, nor of whoever calls it. */
  beginAnew(): void {
    for (const peer of this.#peers.keys()) this.removePeer(peer);
    this.#host.endAll();
  }

  /** A way to the actors of a worker, if there is a link to it. */
  to(worker: WorkerAddress): ActorLink | undefined {
    if (worker === this.#address) return this.#toItself();
    const comm = this.#peers.get(worker);
    if (comm === undefined) return undefined;
    return {
      send: (message, transfer) => comm.send(message, transfer),
      listen: (hear, calling) => {
        const linked = this.#linked.get(worker);
        if (linked !== undefined) Object.assign(linked, { hear, calling });
      },
      closed: new Promise((close) => {
        this.#linked.set(worker, { comm, hear: () => {}, close, calling: undefined });
        comm.closed.then(close);
      }),
    };
  }

  /** Arguments were captured, and so belong to whoever gets them; of results, a copy has to be made. */
  #toItself(): ActorLink {
    let hear: (results: ActorResults) => void = () => {};
    const way = {};
    const answer = (results: ActorResults, transfer: readonly object[]) => {
      const own = structuredClone(results, { transfer: transfer as Transferable[] });
      queueMicrotask(() => hear(own));
    };
    return {
      send: (message) => {
        if (message.type === "actor-calls") this.#host.hear(way, answer, message);
      },
      listen: (listener) => {
        hear = listener;
      },
      closed: new Promise(() => {}),
    };
  }
}
