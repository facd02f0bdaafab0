/** RemoteHost: a host elsewhere, as the scheduler sees it: what it says of itself, and the comms of its workers. */

import type { Comm } from "../ports/comm.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import { ProtocolError } from "../protocol/errors.ts";
import {
  CONTROL,
  type HostHello,
  type HostToScheduler,
  type HostWorker,
  isHostWord,
  isWorkerGone,
  isWorkerStack,
  type SchedulerToHost,
  type WorkerGone,
  type WorkerWord,
} from "../protocol/host-messages.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import { validateWorkerMessages } from "../protocol/validate.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import type { Session } from "./admission.ts";
import type { Asides } from "./asides.ts";
import type { Party } from "./reception.ts";
import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** What becomes of what a host says. */
export interface HostEvents {
  onHello(host: RemoteHost): void;
  onWorker(host: RemoteHost, worker: HostWorker, comm: RemoteWorkerComm): void;
  onWorkerGone(host: RemoteHost, worker: WorkerAddress, gone: WorkerGone): void;
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
    const comm = new RemoteWorkerComm(this.trunk.channel(channel), (gone) => {
      if (gone === undefined) return this.refuse(`a host said of ${address} what is no word of the protocol`);
      this.workers.delete(address);
      this.#events.onWorkerGone(this, address, gone);
    });
    this.workers.set(address, comm);
    this.#events.onWorker(this, word, comm);
  }

  /** It cannot be believed any more. */
  refuse(reason: string): void {
    this.trunk.close(new ProtocolError(reason).message);
  }
}

/** The scheduler's end of a conversation with a worker elsewhere. Between the batches go words for its host. */
export class RemoteWorkerComm implements Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]> {
  readonly closed: Promise<string>;
  readonly #channel: TrunkChannel;
  #hear: ((messages: readonly WorkerMessage[]) => void) | undefined;
  readonly #held: (readonly WorkerMessage[])[] = [];
  #isRefused = false;

  /** Who waits to hear where in its code it is. */
  #looking: ((stack?: StackTaken) => void)[] = [];

  /** `ended`: with its host's last word, or without if that said something else. */
  constructor(channel: TrunkChannel, ended: (gone: WorkerGone | undefined) => void) {
    this.#channel = channel;
    this.closed = channel.closed;
    channel.listen((word) => {
      if (Array.isArray(word)) {
        if (!this.#isSound(word)) return;
        if (this.#hear === undefined) this.#held.push(word);
        else this.#hear(word);
      } else if (isWorkerStack(word)) for (const tell of this.#looking.splice(0)) tell(word.stack);
      else {
        ended(isWorkerGone(word) ? word : undefined);
        channel.close("it is gone");
      }
    });
  }

  /** What is no word of the protocol ends the worker, and nobody else. */
  #isSound(messages: readonly unknown[]): messages is readonly WorkerMessage[] {
    if (this.#isRefused) return false;
    try {
      validateWorkerMessages(messages);
      return true;
    } catch (error) {
      this.#isRefused = true;
      this.close(String(error));
      return false;
    }
  }

  tell(word: WorkerWord): void {
    this.#channel.send(word);
  }

  lookInto(tell: (stack?: StackTaken) => void): void {
    this.#looking.push(tell);
    if (this.#looking.length === 1) this.tell({ type: "look" });
  }

  send(messages: readonly SchedulerToWorkerMessage[], transfer: readonly object[] = []): void {
    this.#channel.send(messages, transfer);
  }

  listen(onMessage: (messages: readonly WorkerMessage[]) => void): void {
    // What came before is heard once whoever listens has been told that there is this worker.
    queueMicrotask(() => {
      this.#hear = onMessage;
      for (const messages of this.#held.splice(0)) onMessage(messages);
    });
  }

  /** Something could not be said to it: it cannot go on. */
  close(reason: string): void {
    this.tell({ type: "end", reason, isForGood: false });
  }
}
