/** Messages on their way out, merged into columns while they can be without changing their order. */

import type { SchedulerToClientMessage } from "../protocol/client-messages.ts";

import type { ClientId, ClientTaskId, FunctionId, Key, TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { ShippedFunction } from "../protocol/task-spec.ts";
import type { SchedulerToWorkerMessage } from "../protocol/worker-messages.ts";

/** Rows and columns still being filled. */
interface OpenCompute {
  readonly type: "compute-task";
  readonly client: ClientId;
  readonly rows: unknown[];
  names?: (TaskId | Key)[];
  data?: unknown[];
  whoHas?: number[];
  peers?: WorkerAddress[];
}

interface OpenBlocks {
  readonly type: "compute-blocks";
  readonly client: ClientId;
  readonly blocks: number[];
  readonly args: unknown[];
}

export class WorkerOutbox {
  #messages: SchedulerToWorkerMessage[] = [];
  #compute: OpenCompute | undefined;
  #blocks: OpenBlocks | undefined;
  #free: TaskId[] | undefined;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** The rows that the next task of `client` is appended to. */
  compute(client: ClientId): OpenCompute {
    if (this.#compute?.client !== client) {
      const open: OpenCompute = { type: "compute-task", client, rows: [] };
      this.send(open);
      this.#compute = open;
    }
    return this.#compute as OpenCompute;
  }

  /** The blocks that the next plain tasks of `client` are appended to. */
  blocks(client: ClientId): OpenBlocks {
    if (this.#blocks?.client !== client) {
      const open: OpenBlocks = { type: "compute-blocks", client, blocks: [], args: [] };
      this.send(open);
      this.#blocks = open;
    }
    return this.#blocks as OpenBlocks;
  }

  free(id: TaskId): void {
    if (this.#free === undefined) {
      const ids: TaskId[] = [];
      this.send({ type: "free-keys", ids });
      this.#free = ids;
    }
    this.#free.push(id);
  }

  /** Sends the function along if the worker has not had it yet. */
  introduce<F extends { readonly id: FunctionId; readonly shipped: ShippedFunction }>(known: Set<F>, fn: F): void {
    if (known.has(fn)) return;
    known.add(fn);
    this.send({ type: "register-functions", functions: [[fn.id, fn.shipped]] });
  }

  send(message: SchedulerToWorkerMessage): void {
    this.#compute = undefined;
    this.#blocks = undefined;
    this.#free = undefined;
    this.#messages.push(message);
  }

  take(): readonly SchedulerToWorkerMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#compute = undefined;
    this.#blocks = undefined;
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

  send(message: SchedulerToClientMessage): void {
    this.#inMemory = undefined;
    this.#messages.push(message);
  }

  take(): readonly SchedulerToClientMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#inMemory = undefined;
    return messages;
  }
}
