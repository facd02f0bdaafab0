/** Messages on their way out, merged into columns while they can be without changing their order. */

import type { SchedulerToClientMessage } from "../protocol/client-messages.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import type { ClientId, ClientTaskId, Key, RunId, TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { NumberedFunction } from "../protocol/task-spec.ts";
import type { SchedulerToWorkerMessage } from "../protocol/worker-messages.ts";

/** Rows and columns still being filled. */
interface OpenCompute {
  readonly type: "compute-task";
  readonly client: ClientId;
  readonly rows: unknown[];
  readonly names: (TaskId | Key)[];
  readonly data: unknown[];
  readonly whoHas: number[];
  readonly peers: WorkerAddress[];
}

export class WorkerOutbox {
  #messages: SchedulerToWorkerMessage[] = [];
  #compute: OpenCompute | undefined;
  #free: TaskId[] | undefined;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** The rows that the next task of `client` is appended to. */
  compute(client: ClientId): OpenCompute {
    if (this.#compute?.client !== client) {
      this.#compute = { type: "compute-task", client, rows: [], names: [], data: [], whoHas: [], peers: [] };
      this.#messages.push(this.#compute);
      this.#free = undefined;
    }
    return this.#compute;
  }

  free(id: TaskId): void {
    if (this.#free === undefined) {
      this.#free = [];
      this.send({ type: "free-keys", ids: this.#free });
      return this.free(id);
    }
    this.#free.push(id);
  }

  register(entry: NumberedFunction): void {
    this.send({ type: "register-functions", functions: [entry] });
  }

  cancel(id: TaskId, run: RunId, reason: string): void {
    this.send({ type: "cancel-compute", ids: [id], runs: [run], reason });
  }

  send(message: SchedulerToWorkerMessage): void {
    this.#compute = undefined;
    if (message.type !== "free-keys") this.#free = undefined;
    this.#messages.push(message);
  }

  take(): readonly SchedulerToWorkerMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#compute = undefined;
    this.#free = undefined;
    return messages;
  }
}

interface OpenInMemory {
  readonly type: "keys-in-memory";
  readonly ids: ClientTaskId[];
  readonly values: unknown[];
  readonly shared: number[];
}

export class ClientOutbox {
  #messages: SchedulerToClientMessage[] = [];
  #inMemory: OpenInMemory | undefined;
  #started: ClientTaskId[] | undefined;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  inMemory(id: ClientTaskId, value: unknown, shared: boolean): void {
    let open = this.#inMemory;
    if (open === undefined) {
      open = { type: "keys-in-memory", ids: [], values: [], shared: [] };
      this.send(open);
      this.#inMemory = open;
    }
    if (shared) open.shared.push(open.ids.length);
    open.ids.push(id);
    open.values.push(value);
  }

  started(id: ClientTaskId): void {
    if (this.#started === undefined) {
      const ids: ClientTaskId[] = [];
      this.send({ type: "tasks-started", ids });
      this.#started = ids;
    }
    this.#started.push(id);
  }

  erred(id: ClientTaskId, error: ErrorOnWire): void {
    this.send({ type: "task-erred", id, error });
  }

  send(message: SchedulerToClientMessage): void {
    this.#inMemory = undefined;
    this.#started = undefined;
    this.#messages.push(message);
  }

  take(): readonly SchedulerToClientMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#inMemory = undefined;
    this.#started = undefined;
    return messages;
  }
}
