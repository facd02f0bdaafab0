/** Drives a worker's machine in its thread: runs what it hands out, speaks for it, and fetches from peers. */

import type { Clock } from "../ports/clock.ts";
import type { WorkerSetup } from "../ports/spawner.ts";
import type { PackedResult, StartTaskClients } from "../ports/task-clients.ts";
import type { ClientMessage } from "../protocol/client-messages.ts";
import { keyOf, type TaskId, type WorkerAddress } from "../protocol/identity.ts";
import { hasPackedFutures } from "../protocol/packed-futures.ts";
import { ACTOR, ANNOUNCED, STREAM } from "../protocol/task-spec.ts";
import { clientOfWorker } from "../protocol/worker-client.ts";
import { HELD_VALUE, type SchedulerToWorkerMessage } from "../protocol/worker-messages.ts";
import { surround } from "../shipping/task-context.ts";
import type { WorkerInstruction } from "../worker/contract.ts";
import { WorkerMachine } from "../worker/machine.ts";
import { Aborts } from "./aborts.ts";
import { ActorTraffic } from "./actor-traffic.ts";
import { Errands } from "./errands.ts";
import { Executor } from "./executor.ts";
import { InFlight } from "./in-flight.ts";
import { Lingering } from "./lingering.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { FLUSH_MS, LONG_MS, MANY_US, MOST_AT_ONCE, SLICE_MS } from "./pacing.ts";
import { PeerLinks } from "./peer-links.ts";
import { type LocalTask, Running, type Workplace } from "./running-task.ts";
import { refuseResult, sendSound, type WorkerComm } from "./sending.ts";
import { StreamDriver } from "./stream-driver.ts";
import { isThenable } from "./thenable.ts";
import { reasonOf, ThisWorker } from "./this-worker.ts";
import { Watching } from "./watching.ts";
import { WorkShare } from "./work-share.ts";
import { clientsLine, WorkerClients } from "./worker-clients.ts";
import type { WorkerEquipment } from "./worker-equipment.ts";

export class WorkerRuntime {
  readonly #machine: WorkerMachine;
  readonly #executor: Executor;
  readonly #comm: WorkerComm;
  readonly #clock: Clock;
  readonly #inFlight: InFlight;
  readonly #workplace: Workplace;
  readonly #errands: Errands;
  readonly #streams: StreamDriver;
  readonly #watching: Watching;
  readonly #actors: ActorTraffic;
  readonly #clients: WorkerClients;
  readonly #aborts = new Aborts();
  readonly #peers: PeerLinks;
  #lastFlushMs = 0;
  /** There is something to be told, in the next turn if not before. */
  #isFlushDue = false;
  #isRunning = false;
  readonly #share: WorkShare;
  readonly #memory: MemoryWatch;
  readonly #lingering = new Lingering();
  #isWakeDue = false;
  readonly #refuse = (message: ClientMessage, cause: unknown) => this.#clients.refuse(message, cause);

  constructor(
    setup: WorkerSetup,
    comm: WorkerComm,
    clock: Clock,
    scope: Readonly<Record<string, unknown>>,
    startClients: StartTaskClients,
    equipment: WorkerEquipment = {},
  ) {
    this.#share = new WorkShare(setup.cpuShare ?? 1, clock, () => this.#run());
    this.#machine = new WorkerMachine(setup.nThreads, structuredClone);
    this.#comm = comm;
    this.#clock = clock;
    const worker = new ThisWorker(setup, this.#machine, () => this.#wake());
    const surroundings = surround(worker, () =>
      this.#inFlight.isEmpty && this.#actors.isEmpty ? undefined : this.#clients.any().client,
    );
    // After that, for what is on the global object by now is not its tasks'.
    this.#executor = new Executor(
      scope,
      (key) => this.#clients.any().claim(key),
      (description) => this.#clients.get().revive(description, undefined),
    );
    this.#inFlight = new InFlight(this.#machine, clock, surroundings, () => this.#wake());
    const line = clientsLine(this.#machine, this.#executor, clock, {
      wake: () => this.#wake(),
      linkTo: (worker) => this.#actors.to(worker),
    });
    const pause = () => this.#inFlight.pause(undefined);
    this.#clients = new WorkerClients(clientOfWorker(setup.address), startClients, line, pause);
    this.#workplace = {
      keyOf: ({ name, client, clientTask, fn }) => name ?? keyOf(this.#executor.nameOf(fn), client, clientTask),
      signalOf: (task) => this.#aborts.of(task).signal,
      progress: (task, fraction, note) => {
        this.#machine.progress(task, fraction, note);
        this.#flush(this.#clock.now());
      },
      openClient: (running) => this.#clients.get().open(running.speaker(() => this.#inFlight.pause(running))),
      settleSlot: (running) => this.#inFlight.settleSlot(running),
    };
    this.#watching = new Watching(clock, comm, this.#executor, this.#inFlight, equipment.console);
    this.#errands = new Errands({
      surroundings,
      functionOf: (spec) => this.#executor.functionOf(spec),
      forget: (fns) => this.#executor.forget(fns),
      answer: (number, outcome) => {
        this.#flush(this.#clock.now()); // What was done before is told before.
        comm.send([{ type: "errand-done", number, outcome }]);
      },
      watching: this.#watching,
      letGo: () => this.#wake(),
      actor: (errand) => this.#actors.perform(errand),
    });
    this.#peers = new PeerLinks({
      lookUp: (ids) => this.#machine.lookUp(ids),
      read: (id) => {
        this.#machine.state.keeping?.readForPeers(id);
        this.#wake();
      },
      receive: (request, ids, values, isMoreToCome) => {
        if (isMoreToCome !== true) this.#watching.trace?.received(request, values);
        for (const value of values) this.#executor.guard(value);
        this.#machine.receive(request, ids, values, isMoreToCome);
        if (!this.#isRunning) this.#run();
      },
      refuse: (id, cause) => refuseResult(comm, id, HELD_VALUE, cause),
      hearOfActors: (peer, link, message) => this.#actors.hear(peer, link, message),
      hasActors: (peer, link) => this.#actors.isOn(peer, link),
      keepActorsOff: (peer, link) => this.#actors.letGo(peer, link),
    });
    this.#actors = new ActorTraffic(setup.address, this.#peers.comms, {
      clients: () => this.#clients.get(),
      now: () => clock.now(),
      flush: () => this.#flush(clock.now()),
      apart: (call) => this.#inFlight.apart(call),
      count: (change) => this.#inFlight.countOthers(change),
      explain: (fn, error) => this.#executor.describeError({ fn }, error).error,
      unpack: (packed) => this.#executor.unpack(packed),
    });
    this.#streams = new StreamDriver(this.#machine, clock, this.#inFlight, () => this.#flush(clock.now()));
    this.#memory = new MemoryWatch(setup, equipment, {
      machine: this.#machine,
      clock,
      guard: (value) => this.#executor.guard(value),
      isRunning: () => this.#isRunning,
      cameBack: (id) => this.#peers.cameBack(id),
      wake: () => this.#wake(),
    });
    comm.listen((messages) => this.#hear(messages));
  }

  /** Its direct links to other workers. */
  get links(): PeerLinks {
    return this.#peers;
  }

  #hear(messages: readonly SchedulerToWorkerMessage[]): void {
    if (this.#isFlushDue && messages.some(({ type }) => type === "errand")) this.#flush(this.#clock.now());
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i] as SchedulerToWorkerMessage;
      if (message.type === "rejoin") this.#beginAnew(message.number);
      else if (message.type === "register-functions") this.#executor.register(message.functions);
      else if (message.type === "put-data") this.#executor.guard(message.value);
      else if (message.type === "remove-peer") {
        this.#actors.removePeer(message.address);
        this.#peers.remove(message.address);
      } else if (message.type === "client-news") this.#clients.hear(message.news);
      else if (message.type === "errand") this.#errands.perform(message);
      this.#machine.handle(message);
    }
    this.#peers.answerOpen();
    if (!this.#isRunning) this.#run();
  }

  /** The host has another scheduler, or the same one again after it was given up. */
  #beginAnew(number: number): void {
    this.#clients.beginAnew("its scheduler is gone");
    this.#errands.beginAnew();
    this.#actors.beginAnew();
    this.#peers.clear("another scheduler has taken over");
    this.#machine.beginAnew(number, (fn) => this.#executor.hashOf(fn));
    this.#executor.beginAnew();
  }

  /** Runs what is ready, but not for longer than a slice: then whoever waited to be heard is. */
  #run(): void {
    this.#isRunning = true;
    const beganMs = this.#clock.now();
    let nowMs = beganMs;
    let lastMs = beganMs;
    if (!this.#isFlushDue) this.#lastFlushMs = nowMs;
    while (this.#machine.hasNext && !this.#errands.holdTasks) {
      const block = this.#machine.nextBlock();
      if (block !== undefined && this.#executor.isSlight(block.fn) && !this.#errands.areWatched) {
        if (nowMs - this.#lastFlushMs > FLUSH_MS) this.#flush(nowMs);
        nowMs = lastMs = this.#runMany(block, nowMs);
        if (nowMs - beganMs > SLICE_MS && this.#machine.hasNext) return this.#pause(beganMs, nowMs);
        continue;
      }
      const task = this.#machine.next();
      if (task === undefined) break;
      const averageUs = this.#executor.averageUs(task.fn);
      if (averageUs === undefined || averageUs > LONG_MS * 1000 || (task.shape & ANNOUNCED) !== 0) {
        this.#machine.announce(task);
        this.#flush(nowMs);
      } else if (nowMs - this.#lastFlushMs > FLUSH_MS) this.#flush(nowMs);
      lastMs = nowMs;
      nowMs = this.#begin(task, nowMs);
      if (nowMs - beganMs > SLICE_MS && this.#machine.hasNext) return this.#pause(beganMs, nowMs);
    }
    this.#isRunning = this.#share.rests(beganMs, nowMs);
    // While a long one ran the next may have come. Its beginning is told together with that end: whoever hears of them wakes up once.
    this.#isFlushDue = !this.#isRunning && nowMs - lastMs > LONG_MS;
    if (this.#isFlushDue)
      return this.#clock.nextTurn(() => this.#isFlushDue && !this.#isRunning && this.#flush(this.#clock.now()));
    this.#flush(nowMs);
    if (this.#lingering.isDue(beganMs, nowMs) && this.#isIdle) this.#comm.linger?.();
  }

  /** Whether nothing is under way, and only the scheduler can want something. */
  get #isIdle(): boolean {
    const areOthersEmpty = this.#inFlight.isEmpty && this.#actors.isEmpty && this.#errands.isEmpty;
    return areOthersEmpty && this.#machine.isEmpty && !this.#isRunning;
  }

  #pause(beganMs: number, nowMs: number): void {
    this.#isFlushDue = !this.#share.rests(beganMs, nowMs);
    if (this.#isFlushDue) this.#clock.nextTurn(() => this.#run());
    else this.#flush(nowMs);
  }

  /** Runs plain tasks of a block one after the other, for about as long as results may wait to be sent. Returns the time afterwards. */
  #runMany(block: NonNullable<ReturnType<WorkerMachine["nextBlock"]>>, beganMs: number): number {
    const results: unknown[] = [];
    /** The task that is running, if anybody has asked which it is. */
    let asked: { readonly ahead: number; readonly running: Running } | undefined;
    this.#inFlight.enterMany(() => {
      if (asked?.ahead !== results.length) {
        if (asked !== undefined) this.#aborts.forget(asked.running.task);
        const task = block.peek(results.length);
        task.state = "executing";
        asked = { ahead: results.length, running: new Running(task, this.#workplace) };
      }
      return asked.running;
    });
    const { fn, args, at, slots, left, refs } = block;
    const most = Math.min(left, MOST_AT_ONCE, Math.ceil(MANY_US / (this.#executor.averageUs(fn) || 1)));
    const provide = refs && ((ahead: number) => this.#machine.provide(block, ahead, results));
    const odd = this.#executor.callMany(fn, args, at, slots, most, results, provide);
    this.#inFlight.leaveMany();
    const nowMs = this.#clock.now();
    const us = (nowMs - beganMs) * 1000;
    this.#clients.flush();
    this.#machine.succeedMany(block, results, us);
    if (results.length > 0) this.#executor.noteDuration(fn, us / results.length);
    this.#watching.trace?.ranMany(fn, results.length, beganMs, nowMs);
    if (odd === undefined || odd === "lacking") {
      if (asked !== undefined) this.#aborts.forget(asked.running.task);
      return nowMs;
    }
    const last = asked?.ahead === results.length ? asked.running : undefined;
    const task = this.#machine.beginFirst(block, last?.task);
    const running = last ?? new Running(task, this.#workplace);
    if ("thrown" in odd) return this.#fail(running, odd.thrown, nowMs);
    this.#executor.noteWeighty(fn);
    return this.#conclude(running, odd.returned, nowMs);
  }

  /** Begins one task and, if it is synchronous, ends it. Returns the time afterwards. */
  #begin(task: LocalTask, calledMs: number): number {
    const beganMs = this.#executor.prepare(task.fn) ? this.#clock.now() : calledMs;
    const running = new Running(task, this.#workplace);
    if (this.#errands.areWatched) this.#errands.tell(running.key, "ready", "executing");
    this.#inFlight.enter(running);
    let returned: unknown;
    try {
      returned = this.#executor.call(
        task,
        (id) => this.#read(running, this.#machine.input(task, id)),
        (call) => this.#inFlight.inside(running, call),
        (description) => this.#clients.get().revive(description, running.client),
      );
    } catch (error) {
      return this.#fail(running, error, beganMs);
    }
    if ((task.shape & ACTOR) !== 0) returned = this.#actors.make(returned, running);
    const isStream = (task.shape & STREAM) !== 0;
    return this.#conclude(running, isStream ? this.#streams.drive(running, returned) : returned, beganMs);
  }

  /** An input as the task gets it: if there are futures in it, with some of its own. */
  #read(running: Running, value: unknown): unknown {
    return hasPackedFutures(value) ? running.opened.unpack(value) : value;
  }

  /** Ends a task with what its function returned: at once, or when the promise it returned settles. */
  #conclude(running: Running, returned: unknown, beganMs: number): number {
    if (!isThenable(returned)) return this.#succeed(running, returned, beganMs);
    this.#inFlight.pass(running);
    Promise.resolve(returned).then(
      (value) => this.#endLater(() => this.#succeed(running, value, beganMs)),
      (error: unknown) => this.#endLater(() => this.#fail(running, error, beganMs)),
    );
    return this.#clock.now();
  }

  #endLater(end: () => number): void {
    const nowMs = end();
    if (this.#isRunning) return;
    if (!this.#machine.hasNext) this.#flush(nowMs);
    else this.#run();
  }

  /** A slot is free, or something is to be said, and perhaps nobody is about to see to it. */
  #wake(): void {
    if (this.#isRunning || this.#isWakeDue) return;
    this.#isWakeDue = true;
    queueMicrotask(() => {
      this.#isWakeDue = false;
      if (!this.#isRunning) this.#run();
    });
  }

  #succeed(running: Running, value: unknown, beganMs: number): number {
    const { task } = running;
    let result: ReturnType<Executor["weigh"]>;
    let packed: PackedResult | undefined;
    try {
      result = this.#executor.weigh(task, value);
      if (result.hasFutures) packed = this.#clients.pack(value);
    } catch (error) {
      return this.#fail(running, error, beganMs);
    }
    const nowMs = this.#clock.now();
    const us = this.#leave(running, beganMs, nowMs);
    if (packed !== undefined) this.#machine.carry(task, packed.tasks);
    this.#watching.trace?.ran(running, beganMs, nowMs, false);
    this.#machine.succeed(task, packed === undefined ? result : { ...result, ...packed }, us);
    this.#errands.tellEnd(running, "memory");
    return nowMs;
  }

  #fail(running: Running, error: unknown, beganMs: number): number {
    const nowMs = this.#clock.now();
    running.abandon("the task that asked for it failed");
    const us = this.#leave(running, beganMs, nowMs);
    this.#watching.trace?.ran(running, beganMs, nowMs, true);
    this.#machine.fail(running.task, this.#executor.describeError(running.task, error), us);
    this.#errands.tellEnd(running, "erred");
    return nowMs;
  }

  /** Returns how long it took, without what it spent waiting for other tasks. Microseconds. */
  #leave(running: Running, beganMs: number, nowMs: number): number {
    const { task } = running;
    this.#aborts.forget(task);
    this.#inFlight.leave(running);
    running.end();
    // What it has asked of the scheduler goes before the news of its end.
    this.#clients.flush();
    const us = (nowMs - beganMs - running.waitedMs) * 1000;
    this.#executor.noteDuration(task.fn, us);
    return us;
  }

  /** Does what the machine asks for. */
  #flush(nowMs: number): void {
    this.#lastFlushMs = nowMs;
    this.#isFlushDue = false;
    this.#clients.flush();
    this.#memory.look(nowMs);
    const instructions = this.#machine.take();
    for (let i = 0; i < instructions.length; i++) {
      const instruction = instructions[i] as WorkerInstruction;
      if (this.#memory.takes(instruction)) continue;
      switch (instruction.type) {
        case "send":
          sendSound(this.#comm, instruction, this.#refuse);
          break;
        case "gather-dep":
          this.#gather(instruction.from, instruction.request, instruction.ids);
          break;
        case "abort":
          this.#aborts.of(instruction.task).abort(reasonOf(instruction));
          this.#inFlight.find(instruction.task)?.abandon("the task that asked for it was cancelled");
          break;
        case "go-on":
          this.#streams.wake(instruction.task);
          break;
        default:
          instruction satisfies never;
      }
    }
    this.#memory.perform();
  }

  #gather(from: WorkerAddress, request: number, ids: readonly TaskId[]): void {
    this.#watching.trace?.asked(request, from);
    if (this.#peers.ask(from, request, ids)) return;
    this.#machine.receive(request, [], []);
    // What follows from that is not among the instructions being carried out, and nothing else may come to carry it out.
    this.#flush(this.#lastFlushMs);
  }
}
