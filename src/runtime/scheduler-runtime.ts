/** Drives the scheduler's machine: what comes in over comms becomes events, what it says goes out. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { LinkedParty } from "../protocol/actors.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import type { ClientId, WorkerAddress } from "../protocol/identity.ts";
import type { Resources } from "../protocol/task-spec.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import type { LinkMeasured, SchedulerEvent, SchedulerInstruction } from "../scheduler/contract.ts";
import type { HostLimits } from "../scheduler/hosts.ts";
import type { SchedulerMachine } from "../scheduler/machine.ts";
import { sendToWorker } from "./large-data.ts";

/** How often it is looked whether work is shared evenly, while there is work. Milliseconds. */
const LOOK_MS = 30;

/** So many tasks are sent without that anybody looks whether they could be done better: see `advice.ts`. */
const ADVISED_FROM = 50_000;
/** Some of so many functions may be forgotten. */
const MANY_FUNCTIONS = 500;
/** Busy for so long, it leaves the rest to another turn: its page has others to attend to. Idle for so long, it has had a rest. Milliseconds. */
const STRETCH_MS = 12;
const REST_MS = 2;
/** Events that it hears before it looks at the clock again: in Node, that takes as long as to hear a short one. */
const LOOK_AFTER = 4;

/** What the scheduler asks of whoever owns the workers. */
export interface WorkerOwner {
  /** `from` may be a client, that calls actors. Messages are `PeerMessage`s either way. */
  link(from: LinkedParty, to: WorkerAddress): void;
  end(worker: WorkerAddress, reason: string): void;
  /** Tells where in its code a worker is, or why that cannot be told; not at all of one that is gone. */
  lookInto(worker: WorkerAddress, tell: (stack?: StackTaken) => void): void;
}

export interface WorkerIntroduction {
  readonly address: WorkerAddress;
  readonly name: string;
  readonly nThreads: number;
  readonly resources?: Resources;
}

export interface SchedulerOptions {
  /** How long tasks wait that none of the workers there may run. Milliseconds. */
  readonly noWorkersTimeoutMs: number;
}

/** What is to be known of a party that comes from elsewhere. */
export interface Newcomer {
  /**
   * It need not be believed: beyond the form of what it says, which its comm is to have checked (`checked-comm.ts`), the machine sees to
   * it that it speaks only of what is its own, and ends it otherwise. {@link SchedulerRuntime.learnHosts} comes first.
   */
  readonly isForeign?: boolean;
  /** For a worker: it will say what it holds, as its first word. */
  readonly isReturning?: boolean;
  /** Of a client that had another scheduler: `Recall.granted`. */
  readonly granted?: number;
}

/** No timer of a platform waits for longer. Milliseconds. */
const MOST_MS = 2 ** 31 - 1;

export class SchedulerRuntime {
  /** Settles when there is a machine; rejects if it could not be loaded. */
  readonly ready: Promise<unknown>;
  #machine: SchedulerMachine | undefined;
  /** What happened before there was a machine, or waits for another turn. */
  #waiting: SchedulerEvent[] = [];
  /** Since when it has been busy, and until when. */
  #busySinceMs = 0;
  #busyUntilMs = 0;
  readonly #workers = new Map<WorkerAddress, Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>>();
  readonly #clients = new Map<ClientId, Comm<News, readonly ClientMessage[]>>();
  readonly #owner: WorkerOwner;
  readonly #clock: Clock;
  readonly #options: SchedulerOptions;
  readonly #onEnd: (reason: unknown) => void;
  #dropAlarm: () => void = () => {};
  /** Tasks sent, by the last look at how they are shared; whether another look is due. */
  #dispatchesSeen = 0;
  #isLookDue = false;
  /** Whether it has been asked for what keeps tasks together that refer to each other. */
  #isWeaving = false;
  #isBroken = false;

  /**
   * @param machine - or the promise of one that is still being loaded: it hears then of what has happened before.
   * @param onEnd - it will not be asked again: a client has shut it down, the machine met what must not be, or could not be loaded.
   */
  constructor(
    machine: SchedulerMachine | Promise<SchedulerMachine>,
    owner: WorkerOwner,
    clock: Clock,
    options: SchedulerOptions,
    onEnd: (reason: unknown) => void,
  ) {
    this.#owner = owner;
    this.#clock = clock;
    this.#options = options;
    this.#onEnd = onEnd;
    if ("then" in machine) {
      this.ready = machine.then(
        (loaded) => {
          this.#machine = loaded;
          this.#goOn();
        },
        (cause) => {
          const error = notLoaded("the scheduler", cause);
          this.#break(error);
          throw error;
        },
      );
      this.ready.catch(() => {});
    } else {
      this.#machine = machine;
      this.ready = Promise.resolve();
    }
  }

  /** What decides, once there is one. */
  get machine(): SchedulerMachine {
    if (this.#machine === undefined) throw new Error("the scheduler is still being loaded");
    return this.#machine;
  }

  /**
   * Loads what has to be known of other pages and processes, before the first worker or client from there is added. With a `limits` of
   * `hosts.ts` where others than usual are wanted.
   */
  async learnHosts(limits: Partial<HostLimits> = {}): Promise<void> {
    await this.#learn();
    const { hostRules } = await import("../scheduler/hosts.ts");
    this.machine.learnHosts(hostRules(limits));
  }

  addClient(client: ClientId, comm: Comm<News, readonly ClientMessage[]>, { isForeign, granted }: Newcomer = {}): void {
    // Its link may have failed without our having heard of it.
    this.#dropClient(client);
    this.#clients.set(client, comm);
    this.#happen({ type: "add-client", client, isForeign, granted });
    this.#listen(
      comm,
      isSpecial,
      (message) => {
        if (message.type === "update-graph" && (message.uniform?.shape ?? 0) !== 0) this.#learnWeaving();
        return { type: "client-message", client, message };
      },
      () => this.#clients.get(client) === comm,
    );
    comm.closed.then(() => this.#dropClient(client, comm));
  }

  #dropClient(client: ClientId, comm = this.#clients.get(client)): void {
    if (comm === undefined || this.#clients.get(client) !== comm) return;
    this.#clients.delete(client);
    comm.close("it came back");
    this.#happen({ type: "remove-client", client });
  }

  addWorker(
    { address, name, nThreads, resources = {} }: WorkerIntroduction,
    comm: Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>,
    { isForeign, isReturning }: Newcomer = {},
  ): void {
    this.#workers.set(address, comm);
    this.#listen(
      comm,
      isNested,
      (message) => ({ type: "worker-message", worker: address, message }),
      () => this.#workers.get(address) === comm,
    );
    this.#happen({ type: "add-worker", worker: address, name, nThreads, resources, isForeign, isReturning });
  }

  setResources(worker: WorkerAddress, resources: Resources): void {
    this.#happen({ type: "set-resources", worker, resources });
  }

  /** So many workers are being started and not there yet. */
  expectWorkers(count: number): void {
    this.#happen({ type: "workers-starting", count });
  }

  /** Whether it leaves for good, so that nobody is to take its place. */
  isRetiring(worker: WorkerAddress): boolean {
    return this.#machine?.state.workers.get(worker)?.status === "retiring";
  }

  /** `expected`: it was asked to end, and what it had in hand is not to blame. */
  removeWorker(worker: WorkerAddress, reason: string, expected: boolean): void {
    if (this.#workers.delete(worker)) this.#happen({ type: "remove-worker", worker, reason, expected });
  }

  /** A host is gone, and all of its workers with it: one death. Those of them that are gone already may be named. */
  removeHost(workers: readonly WorkerAddress[], reason: string, expected: boolean): void {
    const left = workers.filter((worker) => this.#workers.delete(worker));
    if (left.length > 0) this.#happen({ type: "remove-host", workers: left, reason, expected });
  }

  /** What a link between two hosts, or one and the scheduler, was found to do: see `LinkMeasured` in `scheduler/contract.ts`. */
  noteLink(measured: Omit<LinkMeasured, "type">): void {
    this.#happen({ ...measured, type: "link-measured" });
  }

  close(reason: string): void {
    this.#goOn(MOST_MS);
    this.#isBroken = true;
    this.#dropAlarm();
    for (const comm of this.#clients.values()) comm.close(reason);
    this.#clients.clear();
  }

  #listen<Message>(
    comm: Comm<never, readonly Message[]>,
    isUnheardOf: (message: Message) => boolean,
    eventOf: (message: Message) => SchedulerEvent,
    isCurrent: () => boolean,
  ): void {
    const hear = (messages: readonly Message[]) => {
      if (!isCurrent()) return;
      this.#handle(messages, eventOf);
    };
    /** What came after the first of what there is something to be learnt for, until that is there. */
    let held: (readonly Message[])[] | undefined;
    comm.listen((messages) => {
      if (held !== undefined) held.push(messages);
      else if (this.#machine?.hasLearnt || !messages.some(isUnheardOf)) hear(messages);
      else {
        held = [messages];
        this.#learn().then(
          () => {
            for (const each of held ?? []) hear(each);
            held = undefined;
          },
          (cause) => this.#break(notLoaded("a part of the scheduler", cause)),
        );
      }
    });
  }

  /** Loads what few programs need. Rejects if that cannot be had; asked again, it is tried again. */
  async #learn(): Promise<void> {
    const [{ requestRules }, { nestingRules }, { demandRules }, { contentHash: hash }] = await Promise.all([
      import("../scheduler/requests.ts"),
      import("../scheduler/nesting.ts"),
      import("../scheduler/demands.ts"),
      import("../shipping/content-hash.ts"),
      this.ready,
    ]);
    this.#machine?.learn(requestRules, nestingRules, demandRules({ ...this.#options, hash }), this.#clock.now());
  }

  /** Loads what keeps tasks together that refer to each other. Until it is there they are taken one by one, and also if it cannot be had. */
  #learnWeaving(): void {
    if (this.#isWeaving || this.#machine?.state.weaving) return;
    this.#isWeaving = true;
    Promise.all([import("../scheduler/woven.ts"), this.ready]).then(
      ([{ weavingRules }]) => this.#machine?.learnWeaving(weavingRules),
      () => {
        this.#isWeaving = false;
      },
    );
  }

  #couldLearn(): Promise<boolean> {
    return this.#learn().then(
      () => true,
      () => false,
    );
  }

  #happen(event: SchedulerEvent): void {
    this.#handle([event], asItIs);
  }

  /** Hears what happens by these, in order; what is left after `stretchMs` in another turn. */
  #handle<Word>(words: readonly Word[], eventOf: (word: Word) => SchedulerEvent, stretchMs = STRETCH_MS): void {
    if (this.#isBroken) return;
    const machine = this.#machine;
    if (machine === undefined || this.#waiting.length > 0) {
      for (const word of words) this.#waiting.push(eventOf(word));
      return;
    }
    try {
      let nowMs = this.#clock.now();
      if (nowMs - this.#busyUntilMs > REST_MS) this.#busySinceMs = nowMs;
      let count = 0;
      while (count < words.length && nowMs - this.#busySinceMs <= stretchMs) {
        machine.handle(eventOf(words[count++] as Word), nowMs);
        if (count % LOOK_AFTER === 0) nowMs = this.#clock.now();
      }
      if (count < words.length) {
        // What `map` makes is another kind of array once it is compiled, and this, compiled for one kind, is compiled again.
        while (count < words.length) this.#waiting.push(eventOf(words[count++] as Word));
        this.#clock.nextTurn(() => this.#goOn());
      }
      const instructions = machine.take();
      for (let i = 0; i < instructions.length; i++) this.#perform(instructions[i] as SchedulerInstruction);
      this.#busyUntilMs = this.#clock.now();
      if (!this.#isLookDue && machine.state.dispatches !== this.#dispatchesSeen) this.#lookLater();
    } catch (error) {
      this.#break(error);
    }
  }

  #goOn(stretchMs?: number): void {
    this.#busyUntilMs = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#handle(waiting, asItIs, stretchMs);
  }

  #break(error: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#onEnd(error);
  }

  /** Sees in a while whether what was sent has been shared evenly. */
  #lookLater(): void {
    this.#isLookDue = true;
    this.#clock.after(LOOK_MS, async () => {
      const { machine } = this;
      this.#dispatchesSeen = machine.state.dispatches;
      // Whoever does so much can use advice, and is to be rid of what is old.
      const isMuch = this.#dispatchesSeen > ADVISED_FROM || machine.state.introductions > MANY_FUNCTIONS;
      if (isMuch && !machine.hasLearnt) void this.#couldLearn();
      // Where the rules cannot be loaded it goes on without; what cannot do without them will say so.
      const surplus = this.#isBroken ? "none" : machine.surplus;
      const knowsHow = surplus === "uneven" && (machine.hasLearnt || (await this.#couldLearn()));
      this.#isLookDue = false;
      if (knowsHow) this.#happen({ type: "look-around" });
      // Others may be through with theirs later, and nothing else need happen then.
      if ((knowsHow || surplus === "some") && !this.#isLookDue) this.#lookLater();
    });
  }

  #perform(instruction: SchedulerInstruction): void {
    switch (instruction.type) {
      case "send-to-worker": {
        const comm = this.#workers.get(instruction.worker);
        try {
          if (comm !== undefined) sendToWorker(comm, instruction.messages);
        } catch (error) {
          comm?.close(`it could not be sent its tasks: ${error}`);
        }
        return;
      }
      case "send-to-client":
        this.#clients.get(instruction.client)?.send({ batch: instruction.batch, messages: instruction.messages });
        return;
      case "link-workers":
        return this.#owner.link(instruction.from, instruction.to);
      case "end-worker":
        return this.#owner.end(instruction.worker, instruction.reason);
      case "look-into": {
        const { worker } = instruction;
        return this.#owner.lookInto(worker, (stack) => this.#happen({ type: "looked-into", worker, stack }));
      }
      case "end-cluster":
        return this.#onEnd(instruction.reason);
      case "end-client":
        this.#clients.get(instruction.client)?.close(instruction.reason);
        return;
      case "wake-me-at":
        this.#dropAlarm();
        this.#dropAlarm = this.#clock.after(Math.min(Math.max(0, instruction.atMs - this.#clock.now()), MOST_MS), () =>
          this.#happen({ type: "time-passed" }),
        );
        return;
      case "write-journal":
      case "keep-value":
        return this.machine.state.durability?.hear(instruction);
      default:
        instruction satisfies never;
    }
  }
}

const asItIs = (event: SchedulerEvent) => event;

function notLoaded(what: string, cause: unknown): Error {
  return new Error(`${what} could not be loaded: ${cause instanceof Error ? cause.message : cause}`, { cause });
}

function isSpecial(message: ClientMessage): boolean {
  const { type } = message;
  if (type === "update-graph") return message.options.demands !== undefined;
  return type === "request" || type === "carry-keys" || (type === "scatter" && message.workers !== undefined);
}

/** Whether it is about tasks that submit tasks, what else it may be comes after these; or of a worker that may not hold what it likes. */
function isNested(message: WorkerMessage): boolean {
  const { type } = message;
  if (type === "memory-used") return message.kept !== undefined;
  return type === "client-messages" || type === "task-seceded" || type === "slots-lent";
}
