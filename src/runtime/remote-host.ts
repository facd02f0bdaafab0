/** RemoteHost: a host elsewhere, as the scheduler sees it: what it says of itself, and the comms of its workers. */

import { ProtocolError } from "../protocol/errors.ts";
import {
  CONTROL,
  type HostHello,
  type HostToScheduler,
  type HostWorker,
  isHostWord,
  type SchedulerToHost,
  type WorkerGone,
  type WorkerWord,
} from "../protocol/host-messages.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { Session } from "./admission.ts";
import type { Asides } from "./asides.ts";
import type { Party } from "./reception.ts";
import { RemoteWorkerComm } from "./remote-worker-comm.ts";
import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** What becomes of what a host says. */
export interface HostEvents {
  onHello(host: RemoteHost): void;
  onWorker(host: RemoteHost, worker: HostWorker, comm: RemoteWorkerComm): void;
  onWorkerGone(host: RemoteHost, worker: WorkerAddress, gone: WorkerGone): void;
  /** A worker has so much to do that a wire of its own would pay. */
  onLineWanted(host: RemoteHost, worker: WorkerAddress): void;
  onWord(host: RemoteHost, word: Exclude<HostToScheduler, HostHello | HostWorker>): void;
  onGone(host: RemoteHost, reason: string): void;
}

export class RemoteHost {
  readonly id: string;
  /** How it came. */
  readonly scheme: string;
  readonly trunk: Trunk;
  readonly session: Session;
  readonly workers = new Map<WorkerAddress, RemoteWorkerComm>();
  hello: HostHello | undefined;
  /** Channels between its workers and those of the scheduler's page or process. */
  asides: Asides | undefined;
  /** Its workers are to take no tasks for now, those that are yet to come neither. */
  isPaused = false;
  /** It was sent away. */
  isDismissed = false;
  /** So many workers are being started there. */
  starting = 0;
  readonly #control: TrunkChannel;
  readonly #events: HostEvents;

  constructor({ id, trunk, session }: Party, scheme: string, events: HostEvents) {
    this.id = id;
    this.scheme = scheme;
    this.trunk = trunk;
    this.session = session;
    this.#events = events;
    this.#control = trunk.channel(CONTROL);
    this.#control.listen((word) => this.#hear(word));
    trunk.closed.then((reason) => events.onGone(this, reason));
  }

  say(word: SchedulerToHost): void {
    this.#control.send(word);
  }

  /** Says something about a worker, in order with what it is sent. */
  tell(worker: WorkerAddress, word: WorkerWord): void {
    this.workers.get(worker)?.tell(word);
  }

  #hear(word: unknown): void {
    if (!isHostWord(word)) return this.refuse("a host said what is no word of the protocol");
    if (word.type === "hello") {
      if (this.hello !== undefined) return this.refuse("a host introduced itself twice");
      this.hello = word;
      return this.#events.onHello(this);
    }
    if (this.hello === undefined) return this.refuse("a host did not introduce itself");
    if (word.type === "worker") this.#addWorker(word);
    else this.#events.onWord(this, word);
  }

  #addWorker(word: HostWorker): void {
    const { address, channel } = word;
    // Nobody can speak for another's workers: what a host calls its own begins with its name, which is checked when it comes.
    if (!address.startsWith(`${this.scheme}://${this.id}/`)) {
      return this.refuse(`a host offered a worker of another: ${address}`);
    }
    if (this.workers.has(address)) return this.refuse(`a host offered the same worker twice: ${address}`);
    const comm = new RemoteWorkerComm(this.trunk.channel(channel), {
      wantsLine: () => this.#events.onLineWanted(this, address),
      ended: (gone) => {
        if (gone === undefined) return this.refuse(`a host said of ${address} what is no word of the protocol`);
        this.workers.delete(address);
        this.#events.onWorkerGone(this, address, gone);
      },
    });
    this.workers.set(address, comm);
    this.#events.onWorker(this, word, comm);
  }

  /** It cannot be believed any more. */
  refuse(reason: string): void {
    this.trunk.close(new ProtocolError(reason).message);
  }
}
