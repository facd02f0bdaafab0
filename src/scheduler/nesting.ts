/**
 * Tasks that submit tasks.
 *
 * The tasks of a worker share one client. What it says and hears travels on the worker's own channel, it is there from its first word
 * on, and it goes with the worker: what only it wanted is let go then, and the task that wanted it runs again elsewhere.
 *
 * A run that waits for other tasks gives its slot back, here as in its worker, so that those have a place to run however deep
 * they are nested. When it goes on it counts again, if need be beyond the number of slots: it is not made to wait a second time. And deeper
 * tasks run first, so that what was begun comes to an end before more is begun.
 *
 * Futures that a task returns, alone or inside of anything, stay for as long as what it returned: whoever reads that has a claim
 * of its own on them before it lets go of it.
 *
 * Few programs nest tasks: the machine is taught this when one first does.
 */

import type { CarryKeys, ClientMessage, Scatter } from "../protocol/client-messages.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import type { ClientTaskId, RunId, TaskId } from "../protocol/identity.ts";
import { clientOfWorker } from "../protocol/worker-client.ts";
import type { NestedMessage } from "../protocol/worker-messages.ts";
import type { NestingRules } from "./contract.ts";
import { Keeping, type KeptValue } from "./kept-value.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import { ringsAmong } from "./rings.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Hears a client, and does what follows from it. */
type HearClient = (client: ClientRecord, message: ClientMessage) => void;

class Nesting implements NestingRules {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #keeping: Keeping;
  readonly #hearClient: HearClient;
  /** What is kept for futures that tasks hold, in their values or with their functions. */
  readonly #carried = new Map<TaskRecord, KeptValue[]>();

  constructor(state: SchedulerState, tools: RequestTools, hearClient: HearClient) {
    this.#state = state;
    this.#tools = tools;
    this.#keeping = new Keeping(state, tools);
    this.#hearClient = hearClient;
  }

  hear(worker: WorkerRecord, message: NestedMessage): void {
    switch (message.type) {
      case "client-messages":
        for (const each of message.messages) this.#hear(this.#clientOf(worker), worker, each);
        return;
      case "task-carries": {
        const task = this.#runOf(worker, message.id, message.run);
        if (task !== undefined) this.#carry(this.#clientOf(worker), task, message.tasks, true);
        return;
      }
      case "task-seceded":
        return this.#secede(worker, message.id, message.run);
      case "task-rejoined":
        return this.#rejoin(worker, message.id, message.run);
      case "slots-lent":
        worker.lent = message.count;
        return;
      default:
        message satisfies never;
    }
  }

  carry(client: ClientRecord, { id, tasks }: CarryKeys): void {
    const task = client.tasks.get(id);
    if (task !== undefined) this.#carry(client, task, tasks, task.at < 0);
  }

  lossOf({ key }: TaskRecord): ErrorOnWire {
    const reason = "it was scattered by a task, and the last worker that held it is gone";
    const fields = { key, reason };
    return {
      type: "error",
      base: "CancelledError",
      name: "CancelledError",
      message: `${key} is lost: ${reason}`,
      fields,
    };
  }

  forget(task: TaskRecord): void {
    for (const kept of this.#carried.get(task) ?? []) this.#keeping.drop(kept);
    this.#carried.delete(task);
  }

  dropRings(): void {
    for (const task of ringsAmong(this.#state, this.#carried)) this.forget(task);
  }

  carriedBy(task: TaskRecord): readonly KeptValue[] {
    return this.#carried.get(task) ?? [];
  }

  hold(task: TaskRecord, tasks: readonly TaskRecord[], isInValue: boolean): void {
    // One that holds a future on itself is not kept by that.
    const others = tasks.filter((other) => other !== task);
    this.#carried.set(task, [...this.carriedBy(task), this.#keeping.keepTasks(others, undefined, task.key)]);
    if (isInValue) task.flags |= this.#tools.FLAG_CARRIES;
    this.#state.durability?.touch(task);
  }

  culpritsAmong(worker: WorkerRecord, suspects: readonly TaskRecord[]): ReadonlySet<TaskRecord> {
    const { zombieName } = this.#tools;
    const atWork = suspects.filter((task) => !worker.seceded.has(zombieName(task.id, task.runId)));
    const culprits = new Set(atWork.length > 0 ? atWork : suspects);
    for (const { group } of culprits) {
      const { parent = 0 } = group.options;
      const task = this.#state.tasks.get(parent);
      if (task !== undefined) culprits.add(task);
    }
    return culprits;
  }

  /** Keeps what a task's value or its function holds for as long as the task. What the client has let go of is left out. */
  #carry(client: ClientRecord, task: TaskRecord, ids: readonly ClientTaskId[], isInValue: boolean): void {
    const tasks = ids.flatMap((id) => client.tasks.get(id) ?? []);
    this.hold(task, tasks, isInValue);
  }

  #clientOf(worker: WorkerRecord): ClientRecord {
    const state = this.#state;
    const id = clientOfWorker(worker.address);
    let client = state.clients.get(id);
    if (client === undefined) {
      client = new this.#tools.ClientRecord(id, state.unfold, worker);
      client.isForeign = worker.isForeign;
      state.clients.set(id, client);
    }
    return client;
  }

  #hear(client: ClientRecord, worker: WorkerRecord, message: ClientMessage): void {
    if (message.type === "scatter" && message.isLocal) return this.#keep(client, worker, message);
    const parent = message.type === "update-graph" ? message.options.parent : undefined;
    if (message.type !== "update-graph" || parent === undefined) return this.#hearClient(client, message);
    const depth = (this.#state.tasks.get(parent)?.group.options.depth ?? 0) + 1;
    this.#hearClient(client, { ...message, options: { ...message.options, depth } });
  }

  /** A value stays where a task scattered it, unless it turns out to be there already. */
  #keep(client: ClientRecord, worker: WorkerRecord, message: Scatter): void {
    const state = this.#state;
    const { NO_VALUE } = this.#tools;
    const known = client.tasks.get(message.id);
    const isNew = known === undefined || known.atClient;
    this.#hearClient(client, { ...message, value: NO_VALUE });
    const task = client.tasks.get(message.id);
    const isHere = isNew && task?.isAvailable && task.value === NO_VALUE && state.replicas.rightsOf(task).size === 0;
    if (isHere) state.replicas.add(task, worker);
    state.toWorker(worker).send({ type: "adopt-data", scattered: message.id, id: isHere ? task.id : undefined });
  }

  /** A run has given its slot back. It may have been called off already, and still be at work. */
  #secede(worker: WorkerRecord, id: TaskId, run: RunId): void {
    const name = this.#tools.zombieName(id, run);
    if (worker.seceded.has(name)) return;
    const task = this.#runOf(worker, id, run);
    if (task !== undefined) {
      this.#begin(task);
      task.flags |= this.#tools.FLAG_SECEDED;
      worker.seceded.set(name, task.expectedUs);
      worker.occupancyUs -= task.expectedUs;
      task.expectedUs = 0;
    } else {
      const zombieUs = worker.zombies.get(name);
      if (zombieUs === undefined) return;
      worker.seceded.set(name, zombieUs);
      worker.occupancyUs -= zombieUs;
      worker.zombies.set(name, 0);
    }
    if (worker.running === 0) worker.alone = false;
  }

  /** It counts again. */
  #rejoin(worker: WorkerRecord, id: TaskId, run: RunId): void {
    const name = this.#tools.zombieName(id, run);
    const us = worker.seceded.get(name);
    if (us === undefined) return;
    worker.seceded.delete(name);
    worker.occupancyUs += us;
    const task = this.#runOf(worker, id, run);
    if (task === undefined) worker.zombies.set(name, us);
    else task.expectedUs = us;
  }

  #runOf(worker: WorkerRecord, id: TaskId, run: RunId): TaskRecord | undefined {
    const task = this.#state.tasks.get(id);
    return task?.runId === run && task.processingOn === worker ? task : undefined;
  }

  /** What has seceded has begun, which its worker does not say of every task. */
  #begin(task: TaskRecord): void {
    this.#tools.stopFetching(task);
    if (task.started) return;
    task.started = true;
    this.#state.startedMs.set(task, this.#state.nowMs);
    this.#tools.tell(this.#state, task, (id) => ({ type: "tasks-started", ids: [id] }));
  }
}

/** The rules, for {@link SchedulerMachine.learn}. */
export function nestingRules(state: SchedulerState, tools: RequestTools, hearClient: HearClient): NestingRules {
  return new Nesting(state, tools, hearClient);
}
