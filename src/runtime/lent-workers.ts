/** LentWorkers: the workers that a host lends, and what goes to and fro between each and the scheduler that has them at the moment. */

import type { LineNews, LineOrder, LinePlan, Thread } from "../ports/spawner.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import {
  CONTROL,
  type HostToScheduler,
  type LinkWord,
  type TicketWord,
  type WorkerWord,
} from "../protocol/host-messages.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import { lengthenOrders, shortenReports } from "../protocol/short-batches.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import type { WorkerRegistry } from "./host.ts";
import { doneIn, LineTally } from "./line-tally.ts";
import type { WorkerIntroduction } from "./scheduler-runtime.ts";
import { sendSound, type WorkerComm } from "./sending.ts";
import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** A worker that has said so much something is given a wire of its own, where that can be. Batches. */
export const LINE_FROM = 64;
/** For a host whose scheduler is gone to hear of that, too, before a worker is ended that has lost its wire. Milliseconds. */
const GRACE_MS = 1_000;

/** A worker, and where what it says goes. */
interface Lent {
  readonly introduction: WorkerIntroduction;
  readonly comm: Thread["comm"];
  /** Undefined while the scheduler does not know of it. */
  channel: TrunkChannel | undefined;
  /** The number by which it was told of another scheduler: what it says before it answers that is of no use. */
  rejoin: number | undefined;
  isForGood: boolean;
  /** So many batches it has said by way of its host to this scheduler. */
  batches: number;
  /** It is told by a wire of its own what it is told. */
  hasLine: boolean;
  tally: LineTally | undefined;
}

export interface LentWorkersShell {
  /** Says something about the host, if there is a scheduler to hear it. */
  say(word: HostToScheduler): void;
  end(worker: WorkerAddress, reason: string): void;
  lookInto(worker: WorkerAddress, tell: (stack?: StackTaken) => void): void;
  /** From how many batches on threads are given wires of their own; infinite where they can have none. */
  readonly linesFrom: number;
  /** Where it goes, for whoever has that ticket. */
  planOf(word: TicketWord): Pick<LinePlan, "address" | "line" | "ticket" | "ca">;
  after(ms: number, act: () => void): void;
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
  /** Of workers by way of here, and by wires of their own that they have no more. */
  readonly #done = { tasks: 0, busyUs: 0, sentBytes: 0, receivedBytes: 0 };

  constructor(shell: LentWorkersShell) {
    this.#shell = shell;
  }

  get size(): number {
    return this.#workers.size;
  }

  /** Tasks that ended well, what they took together in microseconds, and what went by wires of workers' own. */
  get done(): {
    readonly tasks: number;
    readonly busyUs: number;
    readonly sentBytes: number;
    readonly receivedBytes: number;
  } {
    const sum = { ...this.#done };
    for (const { tally } of this.#workers.values()) add(sum, tally);
    return sum;
  }

  /** There is a scheduler at the other end of `trunk` that knows of none of them. */
  attach(trunk: Trunk): void {
    this.#trunk = trunk;
    this.#channels = CONTROL;
    this.#inside.clear();
    this.expectWorkers(this.#starting);
    for (const lent of this.#workers.values()) {
      lent.rejoin = ++this.#rejoins;
      lent.hasLine = false;
      lent.comm.send([{ type: "rejoin", number: lent.rejoin }]);
    }
  }

  /** The scheduler is gone. What the workers hold they keep until they can say so. */
  detach(): void {
    this.#trunk = undefined;
    for (const lent of this.#workers.values()) lent.channel = undefined;
  }

  addWorker(introduction: WorkerIntroduction, comm: Thread["comm"]): void {
    const lent: Lent = {
      introduction,
      comm,
      channel: undefined,
      rejoin: undefined,
      isForGood: false,
      batches: 0,
      hasLine: false,
      tally: undefined,
    };
    this.#workers.set(introduction.address, lent);
    comm.listen((messages) => this.#pass(lent, messages));
    this.#announce(lent, false);
  }

  removeWorker(address: WorkerAddress, reason: string, isExpected: boolean): void {
    const lent = this.#workers.get(address);
    this.#workers.delete(address);
    add(this.#done, lent?.tally);
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
    lent.batches = 0;
    const { address, name, nThreads, resources = {} } = lent.introduction;
    this.#shell.say({ type: "worker", channel: this.#channels, address, name, nThreads, resources, isReturning });
    channel.listen((word) => {
      if (lent.channel !== channel) return;
      if (Array.isArray(word)) this.#deliver(lent, lengthenOrders(word) as readonly SchedulerToWorkerMessage[]);
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
    } else if (word.type === "ticket") this.#openLine(lent, word);
    else if (word.type === "line-begins") {
      lent.hasLine = true;
      order(lent, { type: "line-begins" });
    } else {
      if (word.pipe > 0) this.#shell.linkAcross(address, word);
      else this.#linkInside(address, word.peer);
      if (lent.hasLine) order(lent, { type: "line-link-made" });
    }
  }

  #openLine(lent: Lent, word: TicketWord): void {
    add(this.#done, lent.tally);
    lent.tally = new LineTally();
    order(lent, { type: "line-open", plan: { ...this.#shell.planOf(word), tally: lent.tally.shared } });
  }

  #hearOfLine(lent: Lent, news: LineNews): void {
    const { channel } = lent;
    // What it says of a line to a scheduler that is gone is of no use.
    if (!lent.hasLine) return;
    if (news.type === "line-begun") return channel?.send({ type: "line-begun" });
    // It is lost to this scheduler, unless that is gone for all of us: then what it holds is asked for by the next.
    this.#shell.after(GRACE_MS, () => {
      if (channel === undefined || lent.channel !== channel) return;
      this.#shell.end(lent.introduction.address, `its own connection to the scheduler is over: ${news.reason}`);
    });
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
    const [first] = messages as readonly (WorkerMessage | LineNews | undefined)[];
    if (first?.type === "line-begun" || first?.type === "line-over") return this.#hearOfLine(lent, first);
    let said = messages;
    if (lent.rejoin !== undefined) {
      const first = messages.findIndex((each) => each.type === "worker-holds" && each.number === lent.rejoin);
      if (first < 0) return;
      lent.rejoin = undefined;
      said = messages.slice(first);
      this.#announce(lent, true);
    }
    const { tasks, us } = doneIn(said);
    this.#done.tasks += tasks;
    this.#done.busyUs += us;
    const { channel } = lent;
    if (channel === undefined) return;
    lent.batches += 1;
    if (lent.batches === this.#shell.linesFrom) channel.send({ type: "line-wanted" });
    const comm: WorkerComm = {
      send: (batch) => channel.send(shortenReports(batch)),
      listen: () => {},
      close: (reason) => channel.close(reason),
      closed: channel.closed,
    };
    sendSound(comm, { messages: said, transfer: [] }, (_, cause) => {
      this.#shell.end(lent.introduction.address, `a task of it said what cannot travel: ${String(cause)}`);
    });
  }
}

/** Tells a thread something of its own wire, in order with what it is sent. */
function order({ comm }: Lent, order: LineOrder): void {
  comm.send([order as unknown as SchedulerToWorkerMessage]);
}

function add(
  sum: { tasks: number; busyUs: number; sentBytes: number; receivedBytes: number },
  tally: LineTally | undefined,
): void {
  if (tally === undefined) return;
  sum.tasks += tally.tasks;
  sum.busyUs += tally.busyUs;
  sum.sentBytes += tally.sentBytes;
  sum.receivedBytes += tally.receivedBytes;
}
