/**
 * A worker: what to fetch, what to run next, and what to tell the scheduler. It runs nothing itself and sends nothing itself.
 *
 * A task comes with its small inputs in it and with the whereabouts of the large ones. It waits while these are fetched from the
 * workers that hold them, is ready, is handed to the shell by `next()`, and ends with `succeed` or `fail`. Every word about it
 * carries the number of its run, so that neither side can take a run that was called off for the one that counts.
 *
 * A run that waits for other tasks gives its slot back for that long: see `slots.ts`.
 *
 * What happens is written down and handed over by `take()`, as rarely as the shell likes: a thread that computes cannot speak, so
 * the shell sees to it that nothing waits here before a task that may take long.
 */

import { added } from "../collections/added.ts";
import type { ClientMessage } from "../protocol/client-messages.ts";
import { errorOnWire } from "../protocol/errors.ts";
import type { ClientTaskId, FunctionId, Key, TaskId } from "../protocol/identity.ts";
import { AWAITED, type Resources, SMALL_VALUE_LIMIT } from "../protocol/task-spec.ts";
import {
  COMPUTE_HEADER,
  type ComputeTask,
  type MemoryUsed,
  type SchedulerToWorkerMessage,
  type WorkerMessage,
} from "../protocol/worker-messages.ts";
import { giveBackFollowers, handOn, NOT_FOUND, recentValue } from "./ahead.ts";
import { cancel } from "./cancel.ts";
import type { Failure, Result, WorkerInstruction } from "./contract.ts";
import { acquire, ask, noteHolders, receive, removePeer } from "./gather.ts";
import { dropValue } from "./holding.ts";
import { awaitInputs, enterBlocks, hasInputs, takeApartFirst } from "./inputs.ts";
import type { KeepingRules } from "./keeping-rules.ts";
import { adoptHeld, beginAnew, noteMade } from "./rejoin.ts";
import { closeColumns, ride, say, spend } from "./report.ts";
import { hasFreeSlot, lend, rejoin, secede } from "./slots.ts";
import { type Fetch, LocalBlock, LocalTask, NO_DATA, WorkerState } from "./state.ts";
import { giveItem, grant, spendCredit } from "./streaming.ts";
import { adopt, type Found, giveToScheduler, inputOf, lookUp, put } from "./values.ts";

const NOTHING: readonly object[] = [];
const NO_FETCHES: readonly Fetch[] = [];

export class WorkerMachine {
  readonly #state: WorkerState;
  #instructions: WorkerInstruction[] = [];

  /** `copy`: makes a copy of a plain value. */
  constructor(nThreads: number, copy: (value: unknown) => unknown = (value) => value) {
    this.#state = new WorkerState(nThreads, copy);
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Hears the scheduler. Functions, errands and another's first word are the shell's: it sees to them before it hands on what follows. */
  handle(message: SchedulerToWorkerMessage): void {
    switch (message.type) {
      case "compute-task":
        return this.#compute(message);
      case "compute-blocks":
        return enterBlocks(this.#state, message);
      case "put-data":
        return put(this.#state, message.id, message.value);
      case "get-data":
        return giveToScheduler(this.#state, message.id, message.move);
      case "acquire-replicas":
        return acquire(this.#state, message, this.#instructions);
      case "free-keys":
        for (const id of message.ids) dropValue(this.#state, id);
        return;
      case "cancel-compute":
        return cancel(this.#state, message, this.#instructions);
      case "stream-credit": {
        const task = grant(this.#state, message);
        if (task !== undefined) this.#instructions.push({ type: "go-on", task });
        return;
      }
      case "remove-peer":
        return removePeer(this.#state, message.address, this.#instructions);
      case "adopt-data":
        return adopt(this.#state, message.scattered, message.id);
      case "adopt-held":
        return adoptHeld(this.#state, message);
      case "rejoin":
      case "register-functions":
      case "client-news":
      case "errand":
        return;
      default:
        message satisfies never;
    }
  }

  /** Another scheduler takes over. `hashOf`: of functions as the one before has numbered them. */
  beginAnew(number: number, hashOf: (fn: FunctionId) => string | undefined): void {
    beginAnew(this.#state, number, hashOf, this.#instructions);
  }

  /** A task to run now, if there is a free slot and one that is ready. It is executing from here on. */
  next(): LocalTask | undefined {
    const { ready } = this.#state;
    if (!hasFreeSlot(this.#state)) return undefined;
    for (let item = ready.peek(); item !== undefined; item = ready.peek()) {
      if (item instanceof LocalBlock && item.refs !== undefined) {
        takeApartFirst(this.#state, item);
        continue;
      }
      const task = item instanceof LocalBlock ? item.peek(0) : item;
      if (item instanceof LocalBlock) this.#skip(item, 1);
      else ready.shift();
      if (task.state !== "ready") continue;
      const held = this.#state.keeping?.holdUp(task);
      if (held === "waiting") continue;
      if (held === "full") {
        ready.pushFront(task);
        return undefined;
      }
      if (task.shape !== 0 && !hasInputs(this.#state, task)) continue;
      return this.#execute(task);
    }
    return undefined;
  }

  /** Whether a task is at work, or could be. */
  get isBusy(): boolean {
    const { executing, longRunning, ready } = this.#state;
    return executing.size + longRunning.size + ready.length > 0;
  }

  /** Whether it has nothing to do, and holds nothing that anybody could ask for. */
  get isEmpty(): boolean {
    const { values, inHand, fetches, scattered, keeping } = this.#state;
    return !this.isBusy && values.size + inHand.size + fetches.size + scattered.size === 0 && keeping === undefined;
  }

  /** Whether `next()` may have another task to give, now or when a slot is free. */
  get hasNext(): boolean {
    return this.#state.ready.length > 0;
  }

  /** Plain tasks to be run one after the other, if there is a free slot and they are what comes next. */
  nextBlock(): LocalBlock | undefined {
    const item = this.#state.ready.peek();
    return hasFreeSlot(this.#state) && item instanceof LocalBlock ? item : undefined;
  }

  /** Gives the task of the block that comes `ahead` tasks after the next one its inputs; those before it have these results. False if they are not here. */
  provide(block: LocalBlock, ahead: number, results: readonly unknown[]): boolean {
    const { refs, refsEach, shape, slots, args } = block;
    let at = block.at + ahead * slots;
    let k = block.refAt + ahead * refsEach;
    for (let slot = 0; refs !== undefined && slot < slots; slot++, at++) {
      if ((shape & (1 << slot)) === 0) continue;
      const id = refs[k++] as TaskId;
      if (id === 0) continue;
      const value = id >= block.id ? results[id - block.id] : recentValue(this.#state, id);
      if (value === NOT_FOUND) {
        // It has still to be made: the tasks are looked at one by one.
        if (ahead === 0) takeApartFirst(this.#state, block);
        return false;
      }
      args[at] = value;
    }
    return true;
  }

  /** The first tasks of the block have been run, in `us` microseconds altogether, with these small results. */
  succeedMany(block: LocalBlock, values: readonly unknown[], us: number): void {
    if (values.length === 0) return;
    spend(this.#state, block.fn, values.length, us);
    ride(this.#state, block.id, block.run, values.length);
    const { results, waiters } = this.#state;
    if (results.length === 0) this.#state.results = values.slice();
    else for (let i = 0; i < values.length; i++) results.push(values[i]);
    if (waiters.size > 0) for (const [i, value] of values.entries()) handOn(this.#state, block.id + i, value, true);
    this.#skip(block, values.length);
  }

  /** The first task of the block is being run; `task` stands for it if somebody has asked about it, and is then what stands for it on. */
  beginFirst(block: LocalBlock, task: LocalTask = block.peek(0)): LocalTask {
    this.#skip(block, 1);
    return this.#execute(task);
  }

  #execute(task: LocalTask): LocalTask {
    task.state = "executing";
    this.#state.inHand.delete(task.id);
    this.#state.executing.add(task);
    return task;
  }

  #skip(block: LocalBlock, count: number): void {
    block.skip(count);
    if (block.left > 0) return;
    const { ready, blocks } = this.#state;
    ready.shift();
    if (blocks.length === 1) this.#state.blocks = [];
    else blocks.splice(blocks.indexOf(block), 1);
  }

  /** Says that a task begins which may take long. */
  announce(task: LocalTask): void {
    this.#send({ type: "task-started", id: task.id, run: task.run });
  }

  progress(task: LocalTask, fraction: number, note: string | undefined): void {
    if (task.state === "done" || task.cancelled) return;
    this.#send({ type: "task-progress", id: task.id, run: task.run, fraction, note });
  }

  /** Whether a run that gives many values may make another one. */
  mayGoOn(task: LocalTask): boolean {
    return spendCredit(task);
  }

  /** A value among many, and what is to be transferred with it. */
  give(task: LocalTask, item: unknown, buffers: readonly object[]): void {
    giveItem(this.#state, task, item, buffers);
  }

  /** A run waits for other tasks, or asks not to be counted. */
  secede(task: LocalTask): void {
    secede(this.#state, task);
  }

  /** It goes on. */
  rejoin(task: LocalTask): void {
    rejoin(this.#state, task);
  }

  /** So many runs wait for other tasks, and nobody can tell which. */
  lend(count: number): void {
    lend(this.#state, count);
  }

  /** Says something for the client that the tasks share. */
  relay(messages: readonly ClientMessage[]): void {
    this.#send({ type: "client-messages", messages });
  }

  /** Says which futures of the tasks' client a run is about to return. */
  carry({ id, run, isOrphan }: LocalTask, tasks: readonly ClientTaskId[]): void {
    if (!isOrphan) this.#send({ type: "task-carries", id, run, tasks });
  }

  /** Keeps a value that a task scattered, until the scheduler has given it a number. */
  scatter(id: ClientTaskId, value: unknown): void {
    this.#state.scattered.set(id, value);
  }

  /** The worker has so much of these from now on. */
  setResources(resources: Resources): void {
    this.#send({ type: "set-resources", resources });
  }

  /** Says what the shell has found out about memory. */
  report(used: MemoryUsed): void {
    this.#send(used);
  }

  /** The value of an input: it came with the task, or is held here. */
  input(task: LocalTask, id: TaskId): unknown {
    return inputOf(this.#state, task, id);
  }

  /** A run ended well, after `us` microseconds. */
  succeed(task: LocalTask, result: Result, us: number): void {
    const state = this.#state;
    if (!this.#end(task, us)) return;
    if (result.nbytes <= SMALL_VALUE_LIMIT) {
      ride(state, task.id, task.run, 1);
      state.results.push(result.value);
      if (result.hasFutures) giveBackFollowers(state, task.id);
      else if (state.waiters.size > 0) handOn(state, task.id, result.value, true);
      return;
    }
    const { nbytes, valueType, value, load } = result;
    const stored = { type: "task-stored", id: task.id, run: task.run, nbytes, valueType } as const;
    const isAwaited = (task.shape & AWAITED) !== 0;
    const moved = isAwaited && load.movable && !state.waiters.has(task.id);
    const refusal = moved ? undefined : state.keeping?.refusalOf(nbytes);
    if (refusal !== undefined) return this.#refuse(task, nbytes, refusal);
    if (moved) state.transfer.push(...load.buffers);
    else {
      state.values.set(task.id, value);
      state.loads.set(task.id, load);
      noteMade(state, task, nbytes, valueType);
      state.keeping?.note(task.id, nbytes);
    }
    this.#send(isAwaited ? { ...stored, pushed: { value, moved } } : stored);
    handOn(state, task.id, value, false);
  }

  /** There is no room for what a run has come to. */
  #refuse({ id, run }: LocalTask, nbytes: number, why: string): void {
    const text = `there is no room for the result, of ${nbytes} bytes: ${why}; release futures, or give workers a larger memoryLimit`;
    this.#send({ type: "task-erred", id, run, error: errorOnWire("MemoryLimitError", text, { nbytes }) });
    giveBackFollowers(this.#state, id);
  }

  fail(task: LocalTask, { error }: Failure, us: number): void {
    if (!this.#end(task, us)) return;
    this.#send({ type: "task-erred", id: task.id, run: task.run, error });
    giveBackFollowers(this.#state, task.id);
  }

  /** A peer asks for values: those of them that are here. */
  lookUp(ids: readonly TaskId[]): Found {
    return lookUp(this.#state, ids);
  }

  /** A peer answered, in part if there is more to come. What it did not send in the end is asked for elsewhere. */
  receive(request: number, ids: readonly TaskId[], values: readonly unknown[], isMoreToCome = false): void {
    const found = new Map(ids.map((id, i) => [id, values[i]]));
    ask(this.#state, receive(this.#state, request, found, isMoreToCome), this.#instructions);
  }

  /** Teaches it what to do with values that it has no room for. `rules`: given how to have something done. */
  limit(
    rules: (state: WorkerState, push: (instruction: WorkerInstruction) => void) => KeepingRules<LocalTask>,
  ): KeepingRules<LocalTask> {
    const keeping = rules(this.#state, (instruction) => this.#instructions.push(instruction));
    this.#state.keeping = keeping;
    return keeping;
  }

  /** What is to be done and said, in order; emptied by the call. */
  take(): readonly WorkerInstruction[] {
    const state = this.#state;
    closeColumns(state);
    if (state.messages.length > 0) {
      const transfer = state.transfer.length > 0 ? state.transfer : NOTHING;
      this.#instructions = added(this.#instructions, { type: "send", messages: state.messages, transfer });
      state.messages = [];
      if (state.transfer.length > 0) state.transfer = [];
    }
    const instructions = this.#instructions;
    this.#instructions = [];
    return instructions;
  }

  #compute(message: ComputeTask): void {
    const state = this.#state;
    const { rows } = message;
    const fetches = message.whoHas === undefined ? NO_FETCHES : noteHolders(state, message);
    const data = message.data !== undefined ? pairs(message.data) : NO_DATA;
    const names = message.names !== undefined ? pairs(message.names) : NO_DATA;
    for (let at = 0; at < rows.length; ) {
      const slots = rows[at + 4] as number;
      const shape = rows[at + 5] as number;
      const first = at + COMPUTE_HEADER;
      const id = rows[at] as TaskId;
      const task = new LocalTask({
        id,
        run: rows[at + 1] as number,
        client: message.client,
        clientTask: rows[at + 2] as number,
        fn: rows[at + 3] as number,
        shape,
        slots: rows.slice(first, first + slots),
        name: names.get(id) as Key | undefined,
        data,
      });
      at = first + slots;
      state.inHand.set(id, task);
      awaitInputs(state, task);
      if (task.state === "ready") state.ready.push(task);
    }
    if (fetches.length > 0) ask(state, fetches, this.#instructions);
  }

  /** Takes the task out of its slot. False if the run had been called off. */
  #end(task: LocalTask, us: number): boolean {
    const state = this.#state;
    if (!state.executing.delete(task)) state.longRunning.delete(task);
    task.state = "done";
    if (task.isOrphan) return false;
    spend(state, task.fn, 1, us);
    if (!task.cancelled) return true;
    state.dropped.push(task.id, task.run);
    return false;
  }

  #send(message: WorkerMessage): void {
    say(this.#state, message);
  }
}

function pairs(flat: readonly unknown[]): ReadonlyMap<TaskId, unknown> {
  const map = new Map<TaskId, unknown>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i] as TaskId, flat[i + 1]);
  return map;
}
