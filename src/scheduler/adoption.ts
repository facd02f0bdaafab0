/**
 * Values that outlived a scheduler, or the patience of this one: whoever made them comes back and says what it holds.
 *
 * What a task is called follows from who submitted it and from that client's number for it, and a client that comes back submits its tasks
 * under the numbers they had. So a value is taken for a task's own if both are the same, and the function is; of tasks that share a name,
 * only the one of whoever submitted it counts. What is not asked for within a while is let go.
 */

import type { ClientId, ClientTaskId } from "../protocol/identity.ts";
import type { HeldValue, WorkerHolds } from "../protocol/worker-messages.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

interface Offer {
  readonly worker: WorkerRecord;
  readonly value: HeldValue;
}

export class Adoption {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #keepMs: number;
  /** By client, and its number for the task. */
  readonly #offers = new Map<ClientId, Map<ClientTaskId, Offer[]>>();

  constructor(state: SchedulerState, tools: RequestTools, keepMs: number) {
    this.#state = state;
    this.#tools = tools;
    this.#keepMs = keepMs;
  }

  hear(worker: WorkerRecord, { values }: WorkerHolds): void {
    for (const value of values) {
      const offer: Offer = { worker, value };
      const client = this.#state.clients.get(value.client);
      const task = client?.tasks.get(value.clientTask);
      if (task === undefined) this.#note(offer);
      else if (client !== undefined) this.#settle(client, task, offer);
    }
    this.#state.demands?.later(this.#keepMs, () => this.#letGo(worker));
  }

  /** Whether something is held that these tasks, just submitted, would give. */
  adopt(client: ClientRecord, first: ClientTaskId, count: number): void {
    const offers = this.#offers.get(client.id);
    if (offers === undefined) return;
    for (const [id, held] of [...offers]) {
      if (id < first || id >= first + count) continue;
      const task = client.tasks.get(id);
      offers.delete(id);
      for (const offer of held) {
        if (task === undefined) this.#answer(offer, undefined);
        else this.#settle(client, task, offer);
      }
    }
    if (offers.size === 0) this.#offers.delete(client.id);
  }

  removeWorker(worker: WorkerRecord): void {
    this.#strike(worker);
  }

  #note(offer: Offer): void {
    const { client, clientTask } = offer.value;
    const offers = this.#offers.get(client) ?? new Map<ClientTaskId, Offer[]>();
    this.#offers.set(client, offers);
    offers.set(clientTask, [...(offers.get(clientTask) ?? []), offer]);
  }

  /** Gives the task the value that is offered, if it is its own and it has none. */
  #settle(client: ClientRecord, task: TaskRecord, offer: Offer): void {
    const state = this.#state;
    const { worker, value } = offer;
    const isIts = task.client.id === client.id && task.clientTask === value.clientTask && task.at >= 0;
    const isUnderWay = task.state === "waiting" || task.state === "queued" || task.state === "processing";
    const isStream = (task.shape & this.#tools.STREAM) !== 0;
    // What one worker made is not the value of a task that several are to agree on.
    const isVotedOn = task.group.options.demands?.quorum !== undefined;
    if (!isIts || !isUnderWay || isStream || isVotedOn || worker.ending || task.function.shipped.hash !== value.hash) {
      return this.#answer(offer, undefined);
    }
    const runner = task.processingOn;
    if (runner !== undefined) {
      this.#tools.callOff(state, task, runner, { reason: "its value is there already" });
      this.#tools.judgeRoom(state, runner);
    } else this.#tools.leaveQueue(state, task);
    task.state = "processing"; // As if that worker had just made it.
    task.nbytes = value.nbytes;
    task.valueType = value.valueType;
    state.replicas.add(task, worker);
    this.#answer(offer, task);
    this.#tools.move(state, task, "memory");
  }

  #answer({ worker, value: { client, clientTask } }: Offer, task: TaskRecord | undefined): void {
    this.#state.toWorker(worker).send({ type: "adopt-held", client, clientTask, id: task?.id });
  }

  #letGo(worker: WorkerRecord): void {
    if (this.#state.workers.get(worker.address) !== worker) return;
    for (const offer of this.#strike(worker)) this.#answer(offer, undefined);
  }

  /** Takes out what `worker` offers. */
  #strike(worker: WorkerRecord): readonly Offer[] {
    const struck: Offer[] = [];
    for (const [client, offers] of this.#offers) {
      for (const [id, held] of offers) {
        const others = held.filter((offer) => offer.worker !== worker);
        struck.push(...held.filter((offer) => offer.worker === worker));
        if (others.length > 0) offers.set(id, others);
        else offers.delete(id);
      }
      if (offers.size === 0) this.#offers.delete(client);
    }
    return struck;
  }
}
