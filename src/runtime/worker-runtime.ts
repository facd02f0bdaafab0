/** Drives a worker's machine in its thread: runs what it hands out, speaks for it, and fetches from peers. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { WorkerSetup } from "../ports/spawner.ts";
import { encodeError, UnserializableError } from "../protocol/errors.ts";
import { keyOf, type RunId, type TaskId, type WorkerAddress } from "../protocol/identity.ts";
import {
  HELD_VALUE,
  type PeerMessage,
  type SchedulerToWorkerMessage,
  type TaskFinished,
  type WorkerMessage,
} from "../protocol/worker-messages.ts";
import { type Surroundings, surround, type TaskContext } from "../shipping/task-context.ts";
import { WorkerMachine } from "../worker/machine.ts";
import { Executor } from "./executor.ts";

/** How long tasks may run on end before the thread listens again. Milliseconds. */
const SLICE_MS = 5;
/** What has gathered is sent at least this often between tasks. Milliseconds. */
const FLUSH_MS = 1;
/** Before a task expected to take longer, everything that is known is sent, and that it begins. Microseconds. */
const LONG_US = 500;

/** Plain tasks are run on end for so long, or until there are so many results. Microseconds. */
const MANY_US = 500;
const MOST_AT_ONCE = 256;

type LocalBlock = NonNullable<ReturnType<WorkerMachine["nextBlock"]>>;
type LocalTask = NonNullable<ReturnType<WorkerMachine["next"]>>;

export type WorkerComm = Comm<readonly WorkerMessage[], readonly SchedulerToWorkerMessage[]>;

export class WorkerRuntime {
  readonly #machine: WorkerMachine;
  readonly #executor: Executor;
  readonly #comm: WorkerComm;
  readonly #clock: Clock;
  readonly #surroundings: Surroundings;
  readonly #aborts = new Map<LocalTask, AbortController>();
  readonly #peers = new Map<WorkerAddress, Comm<PeerMessage, PeerMessage>>();
  readonly #nThreads: number;
  #lastFlushMs = 0;
  #isRunning = false;

  constructor(setup: WorkerSetup, comm: WorkerComm, clock: Clock, scope: Readonly<Record<string, unknown>>) {
    this.#machine = new WorkerMachine(setup.nThreads);
    this.#executor = new Executor(scope);
    this.#comm = comm;
    this.#clock = clock;
    this.#nThreads = setup.nThreads;
    this.#surroundings = surround({ address: setup.address, name: setup.name, nThreads: setup.nThreads });
    comm.listen((messages) => this.#hear(messages));
  }

  /** Takes its end of a direct link. */
  link(peer: WorkerAddress, comm: Comm<PeerMessage, PeerMessage>): void {
    this.#peers.set(peer, comm);
    comm.listen((message) => this.#hearPeer(peer, comm, message));
  }

  #hear(messages: readonly SchedulerToWorkerMessage[]): void {
    for (const message of messages) {
      if (message.type === "register-functions") this.#executor.register(message.functions);
      else if (message.type === "put-data") this.#executor.guard(message.value);
      else if (message.type === "remove-peer") this.#peers.delete(message.address);
      this.#machine.handle(message);
    }
    if (!this.#isRunning) this.#run();
  }

  #hearPeer(peer: WorkerAddress, comm: Comm<PeerMessage, PeerMessage>, message: PeerMessage): void {
    if (message.type === "get-data") {
      this.#answerPeer(comm, message.request, message.ids);
      return;
    }
    if (this.#peers.get(peer) !== comm) return;
    for (const value of message.values) this.#executor.guard(value);
    this.#machine.receive(message.request, message.ids, message.values);
    if (!this.#isRunning) this.#run();
  }

  #answerPeer(comm: Comm<PeerMessage, PeerMessage>, request: number, wanted: readonly TaskId[]): void {
    const { ids, values } = this.#machine.lookUp(wanted);
    try {
      comm.send({ type: "data", request, ids, values });
    } catch {
      const sound = ids.flatMap((id, i) => (this.#canLeave(id, values[i]) ? [i] : []));
      comm.send({
        type: "data",
        request,
        ids: sound.map((i) => ids[i] as TaskId),
        values: sound.map((i) => values[i]),
      });
    }
  }

  /** Whether a value held here can be cloned. If not, its task has failed, late as it is. */
  #canLeave(id: TaskId, value: unknown): boolean {
    try {
      structuredClone(value);
      return true;
    } catch (cause) {
      this.#refuse(id, HELD_VALUE, cause);
      return false;
    }
  }

  /** Runs what is ready, but not for longer than a slice: then whoever waited to be heard is. */
  #run(): void {
    this.#isRunning = true;
    const beganMs = this.#clock.now();
    let nowMs = beganMs;
    this.#lastFlushMs = nowMs;
    for (;;) {
      const block = this.#machine.nextBlock();
      if (block !== undefined && this.#executor.isSlight(block.fn)) {
        if (nowMs - this.#lastFlushMs > FLUSH_MS) this.#flush(nowMs);
        nowMs = this.#runMany(block, nowMs);
        if (nowMs - beganMs > SLICE_MS && this.#machine.hasNext) return this.#pause(nowMs);
        continue;
      }
      const task = this.#machine.next();
      if (task === undefined) break;
      const averageUs = this.#executor.averageUs(task.fn);
      if (averageUs === undefined || averageUs > LONG_US) {
        this.#machine.announce(task);
        this.#flush(nowMs);
      } else if (nowMs - this.#lastFlushMs > FLUSH_MS) this.#flush(nowMs);
      nowMs = this.#begin(task, nowMs);
      if (nowMs - beganMs > SLICE_MS && this.#machine.hasNext) return this.#pause(nowMs);
    }
    this.#isRunning = false;
    this.#flush(nowMs);
  }

  #pause(nowMs: number): void {
    this.#flush(nowMs);
    this.#clock.nextTurn(() => this.#run());
  }

  /** Runs plain tasks of a block one after the other, for about as long as results may wait to be sent. Returns the time afterwards. */
  #runMany(block: LocalBlock, beganMs: number): number {
    const averageUs = Math.max(this.#executor.averageUs(block.fn) ?? 1, MANY_US / MOST_AT_ONCE);
    const results: unknown[] = [];
    /** What the task that is running has been told of itself, if it asked. */
    let asked: { readonly ahead: number; readonly context: Context } | undefined;
    this.#surroundings.ask = () => {
      if (asked?.ahead !== results.length) {
        if (asked !== undefined) this.#aborts.delete(asked.context.task);
        const task = block.peek(results.length);
        task.state = "executing";
        asked = { ahead: results.length, context: this.#contextOf(task) };
      }
      return asked.context;
    };
    const { fn, args, at, slots, left } = block;
    const odd = this.#executor.callMany(fn, args, at, slots, Math.min(left, Math.ceil(MANY_US / averageUs)), results);
    this.#surroundings.ask = undefined;
    const nowMs = this.#clock.now();
    const us = (nowMs - beganMs) * 1000;
    this.#machine.succeedMany(block, results, us);
    if (results.length > 0) this.#executor.noteDuration(fn, us / results.length);
    if (odd === undefined) {
      if (asked !== undefined) this.#aborts.delete(asked.context.task);
      return nowMs;
    }
    const task = this.#machine.beginFirst(block, asked?.ahead === results.length ? asked.context.task : undefined);
    if ("thrown" in odd) return this.#fail(task, odd.thrown, nowMs);
    this.#executor.noteWeighty(fn);
    return this.#conclude(task, odd.returned, nowMs);
  }

  #contextOf(task: LocalTask): Context {
    return new Context(task, this.#machine, this.#executor, this.#aborts, () => this.#flush(this.#clock.now()));
  }

  /** Begins one task and, if it is synchronous, ends it. Returns the time afterwards. */
  #begin(task: LocalTask, beganMs: number): number {
    const context = this.#contextOf(task);
    this.#surroundings.task = context;
    let returned: unknown;
    try {
      returned = this.#executor.call(
        task,
        (id) => this.#machine.input(task, id),
        (call) => this.#inside(context, call),
      );
    } catch (error) {
      return this.#fail(task, error, beganMs);
    }
    return this.#conclude(task, returned, beganMs);
  }

  /** Ends a task with what its function returned: at once, or when the promise it returned settles. */
  #conclude(task: LocalTask, returned: unknown, beganMs: number): number {
    if (!isThenable(returned)) return this.#succeed(task, returned, beganMs);
    if (this.#nThreads > 1) this.#surroundings.task = undefined;
    Promise.resolve(returned).then(
      (value) => this.#endLater(() => this.#succeed(task, value, beganMs)),
      (error: unknown) => this.#endLater(() => this.#fail(task, error, beganMs)),
    );
    return this.#clock.now();
  }

  /** Calls a task's function after others may have been there. */
  #inside(context: TaskContext, call: () => unknown): unknown {
    this.#surroundings.task = context;
    try {
      return call();
    } finally {
      if (this.#nThreads > 1) this.#surroundings.task = undefined;
    }
  }

  #endLater(end: () => number): void {
    const nowMs = end();
    if (this.#isRunning) return;
    if (!this.#machine.hasNext) this.#flush(nowMs);
    else this.#run();
  }

  #succeed(task: LocalTask, value: unknown, beganMs: number): number {
    let result: ReturnType<Executor["weigh"]>;
    try {
      result = this.#executor.weigh(task, value);
    } catch (error) {
      return this.#fail(task, error, beganMs);
    }
    const nowMs = this.#clock.now();
    const us = (nowMs - beganMs) * 1000;
    this.#executor.noteDuration(task.fn, us);
    this.#machine.succeed(task, result, us);
    this.#leave(task);
    return nowMs;
  }

  #fail(task: LocalTask, error: unknown, beganMs: number): number {
    const nowMs = this.#clock.now();
    const us = (nowMs - beganMs) * 1000;
    this.#executor.noteDuration(task.fn, us);
    this.#machine.fail(task, this.#executor.describeError(task, error), us);
    this.#leave(task);
    return nowMs;
  }

  #leave(task: LocalTask): void {
    if (this.#aborts.size > 0) this.#aborts.delete(task);
    this.#surroundings.task = undefined;
  }

  /** Does what the machine asks for. */
  #flush(nowMs: number): void {
    this.#lastFlushMs = nowMs;
    for (const instruction of this.#machine.take()) {
      switch (instruction.type) {
        case "send":
          this.#send(instruction.messages, instruction.transfer);
          break;
        case "gather-dep":
          this.#gather(instruction.from, instruction.request, instruction.ids);
          break;
        case "abort":
          this.#abortOf(instruction.task).abort(new Error(instruction.reason));
          break;
        default:
          instruction satisfies never;
      }
    }
  }

  #abortOf(task: LocalTask): AbortController {
    let abort = this.#aborts.get(task);
    if (abort === undefined) {
      abort = new AbortController();
      this.#aborts.set(task, abort);
    }
    return abort;
  }

  #gather(from: WorkerAddress, request: number, ids: readonly TaskId[]): void {
    const peer = this.#peers.get(from);
    if (peer !== undefined) return peer.send({ type: "get-data", request, ids });
    this.#machine.receive(request, [], []);
    // What follows from that is not among the instructions being carried out, and nothing else may come to carry it out.
    this.#flush(this.#lastFlushMs);
  }

  /** Sends a batch. If the platform refuses to clone something in it, that task fails and the others are not harmed. */
  #send(messages: readonly WorkerMessage[], transfer: readonly object[]): void {
    try {
      this.#comm.send(messages, transfer);
    } catch {
      for (const message of messages) {
        for (const part of message.type === "task-finished" ? oneByOne(message) : [message]) this.#sendOrFail(part);
      }
    }
  }

  #sendOrFail(message: WorkerMessage): void {
    try {
      this.#comm.send([message]);
    } catch (cause) {
      const [id, run] =
        message.type === "task-finished"
          ? (message.ranges as [number, number])
          : [(message as { id: number }).id, (message as { run?: number }).run ?? HELD_VALUE];
      this.#refuse(id, run, cause);
    }
  }

  #refuse(id: TaskId, run: RunId, cause: unknown): void {
    const error = new UnserializableError(`the result cannot leave the worker: ${String(cause)}; return plain data`, {
      path: "result",
    });
    this.#comm.send([{ type: "task-erred", id, run, error: encodeError(error) }]);
  }
}

function* oneByOne({ ranges, values, spent }: TaskFinished): Iterable<WorkerMessage> {
  yield { type: "task-finished", ranges: [], values: [], spent };
  let at = 0;
  for (let i = 0; i < ranges.length; i += 3) {
    const run = ranges[i + 1] as number;
    for (let k = 0; k < (ranges[i + 2] as number); k++) {
      yield { type: "task-finished", ranges: [(ranges[i] as number) + k, run, 1], values: [values[at++]], spent: [] };
    }
  }
}

/** What `getTask()` gives: nothing in it is made before it is asked for. */
class Context implements TaskContext {
  readonly task: LocalTask;
  readonly #machine: WorkerMachine;
  readonly #executor: Executor;
  readonly #aborts: Map<LocalTask, AbortController>;
  readonly #flush: () => void;

  constructor(
    task: LocalTask,
    machine: WorkerMachine,
    executor: Executor,
    aborts: Map<LocalTask, AbortController>,
    flush: () => void,
  ) {
    this.task = task;
    this.#machine = machine;
    this.#executor = executor;
    this.#aborts = aborts;
    this.#flush = flush;
  }

  get key(): string {
    const { name, client, clientTask, fn } = this.task;
    return name ?? keyOf(this.#executor.nameOf(fn), client, clientTask);
  }

  get attempt(): number {
    return this.task.run;
  }

  get signal(): AbortSignal {
    let abort = this.#aborts.get(this.task);
    if (abort === undefined) {
      abort = new AbortController();
      this.#aborts.set(this.task, abort);
    }
    return abort.signal;
  }

  progress(fraction: number, note?: string): void {
    this.#machine.progress(this.task, fraction, note);
    this.#flush();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";
}
