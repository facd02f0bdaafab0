/** LentWorkers: the workers that a host lends, and what goes to and fro between each and the scheduler that has them at the moment. */

import type { Thread } from "../ports/spawner.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import { CONTROL, type HostToScheduler, type LinkWord, type WorkerWord } from "../protocol/host-messages.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import type { WorkerRegistry } from "./host.ts";
import type { WorkerIntroduction } from "./scheduler-runtime.ts";
import { sendSound, type WorkerComm } from "./sending.ts";
import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** A worker, and where what it says goes. */
interface Lent {
  readonly introduction: WorkerIntroduction;
  readonly comm: Thread["comm"];
  /** Undefined while the scheduler does not know of it. */
  channel: TrunkChannel | undefined;
  /** The number by which it was told of another scheduler: what it says before it answers that is of no use. */
  rejoin: number | undefined;
  isForGood: boolean;
}

export interface LentWorkersShell {
  /** Says something about the host, if there is a scheduler to hear it. */
  say(word: HostToScheduler): void;
  end(worker: WorkerAddress, reason: string): void;
  lookInto(worker: WorkerAddress, tell: (stack?: StackTaken) => void): void;
  linkInside(one: WorkerAddress, other: WorkerAddress): void;
  linkAcross(worker: WorkerAddress, word: LinkWord): void;
  gone(worker: WorkerAddress): void;
}

export class LentWorkers implements WorkerRegistry {
  readonly #shell: LentWorkersShell;
  readonly #workers = new Map<WorkerAddress, Lent>();
  /** Links between two of our own that one of the two has been told of. */
  readonly #inside = new Set<string>();
  #trunk: Trunk | undefined;
  #channels = CONTROL;
  #starting = 0;
  #rejoins = 0;
  /** Tasks that ended well, and what they took together in microseconds. */
  tasksDone = 0;
  busyUs = 0;

  constructor(shell: LentWorkersShell) {
    this.#shell = shell;
  }

  get size(): number {
    return this.#workers.size;
  }

  /** There is a scheduler at the other end of `trunk` that knows of none of them. */
  attach(trunk: Trunk): void {
    this.#trunk = trunk;
    this.#channels = CONTROL;
    this.#inside.clear();
    this.expectWorkers(this.#starting);
    for (const lent of this.#workers.values()) {
      lent.rejoin = ++this.#rejoins;
      lent.comm.send([{ type: "rejoin", number: lent.rejoin }]);
    }
  }

  /** The scheduler is gone. What the workers hold they keep until they can say so. */
  detach(): void {
    this.#trunk = undefined;
    for (const lent of this.#workers.values()) lent.channel = undefined;
  }

  addWorker(introduction: WorkerIntroduction, comm: Thread["comm"]): void {
    const lent: Lent = { introduction, comm, channel: undefined, rejoin: undefined, isForGood: false };
    this.#workers.set(introduction.address, lent);
    comm.listen((messages) => this.#pass(lent, messages));
    this.#announce(lent, false);
  }

  removeWorker(address: WorkerAddress, reason: string, isExpected: boolean): void {
    const lent = this.#workers.get(address);
    this.#workers.delete(address);
    this.#shell.gone(address);
    lent?.channel?.send({ type: "gone", reason, isExpected });
  }

  /** All of them end, because they are not lent any more: what they had in hand is not to blame. */
  removeAll(reason: string): void {
    for (const address of [...this.#workers.keys()]) this.removeWorker(address, reason, true);
  }

  isRetiring(address: WorkerAddress): boolean {
    return this.#workers.get(address)?.isForGood === true;
  }

  expectWorkers(count: number): void {
    this.#starting = count;
    this.#shell.say({ type: "starting", count });
  }

  setResources(): void {}

  #announce(lent: Lent, isReturning: boolean): void {
    if (this.#trunk === undefined || this.#trunk.isClosed) return;
    this.#channels += 1;
    const channel = this.#trunk.channel(this.#channels);
    lent.channel = channel;
    const { address, name, nThreads, resources = {} } = lent.introduction;
    this.#shell.say({ type: "worker", channel: this.#channels, address, name, nThreads, resources, isReturning });
    channel.listen((word) => {
      if (lent.channel !== channel) return;
      if (Array.isArray(word)) this.#deliver(lent, word);
      else this.#obey(lent, word as WorkerWord);
    });
  }

  #deliver({ introduction, comm }: Lent, messages: readonly SchedulerToWorkerMessage[]): void {
    try {
      comm.send(messages);
    } catch (error) {
      this.#shell.end(introduction.address, `it could not be sent its tasks: ${String(error)}`);
    }
  }

  #obey(lent: Lent, word: WorkerWord): void {
    const { address } = lent.introduction;
    if (word.type === "end") {
      lent.isForGood = word.isForGood;
      this.#shell.end(address, word.reason);
    } else if (word.type === "look") {
      const { channel } = lent;
      this.#shell.lookInto(address, (stack) => lent.channel === channel && channel?.send({ type: "stack", stack }));
    } else if (word.pipe > 0) this.#shell.linkAcross(address, word);
    else this.#linkInside(address, word.peer);
  }

  /** Both are told of it; the first word that comes makes the link. */
  #linkInside(one: WorkerAddress, other: WorkerAddress): void {
    const name = [one, other].sort().join(" ");
    if (this.#inside.delete(name)) return;
    this.#inside.add(name);
    this.#shell.linkInside(one, other);
  }

  /** What a worker says goes to the scheduler, and is counted. */
  #pass(lent: Lent, messages: readonly WorkerMessage[]): void {
    let said = messages;
    if (lent.rejoin !== undefined) {
      const first = messages.findIndex((each) => each.type === "worker-holds" && each.number === lent.rejoin);
      if (first < 0) return;
      lent.rejoin = undefined;
      said = messages.slice(first);
      this.#announce(lent, true);
    }
    this.#count(said);
    const { channel } = lent;
    if (channel === undefined) return;
    const comm: WorkerComm = {
      send: (batch) => channel.send(batch),
      listen: () => {},
      close: (reason) => channel.close(reason),
      closed: channel.closed,
    };
    sendSound(comm, { messages: said, transfer: [] }, (_, cause) => {
      this.#shell.end(lent.introduction.address, `a task of it said what cannot travel: ${String(cause)}`);
    });
  }

  #count(messages: readonly WorkerMessage[]): void {
    for (const message of messages) {
      if (message.type === "task-stored") this.tasksDone += 1;
      if (message.type !== "task-finished") continue;
      for (let i = 2; i < message.ranges.length; i += 3) this.tasksDone += message.ranges[i] as number;
      for (let i = 2; i < message.spent.length; i += 3) this.busyUs += message.spent[i] as number;
    }
  }
}
