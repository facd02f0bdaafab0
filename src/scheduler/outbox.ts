/** Messages on their way out, merged into columns while they can be without changing their order. */

import { added } from "../collections/added.ts";
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
  args: unknown[];
  refs?: TaskId[];
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

  /** Plain tasks of `client`: the head of their block and their arguments, which are ours to keep; `refs` as in the message. */
  block(client: ClientId, head: number[], args: unknown[], refs?: TaskId[]): void {
    const open = this.#blocks;
    if (open?.client === client) {
      open.blocks.push(...head);
      if (refs !== undefined) open.refs = open.refs?.concat(refs) ?? refs;
      // One by one: a new column made of two each time would be garbage for the next.
      for (let i = 0; i < args.length; i++) open.args.push(args[i]);
      return;
    }
    const blocks: OpenBlocks = { type: "compute-blocks", client, blocks: head, args };
    if (refs !== undefined) blocks.refs = refs;
    this.send(blocks);
    this.#blocks = blocks;
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
    this.#messages = added(this.#messages, message);
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
  ranges: number[];
  values: unknown[];
  readonly shared: number[];
}

export class ClientOutbox {
  #messages: SchedulerToClientMessage[] = [];
  #inMemory: OpenInMemory | undefined;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  inMemory(id: ClientTaskId, value: unknown, shared: boolean): void {
    const open = this.#open();
    if (shared) open.shared.push(open.values.length);
    addRange(open, id, 1);
    open.values = added(open.values, value);
  }

  /** Values of tasks numbered on end, `count` of `values` from `at` on; nobody else needs them. */
  inMemoryRange(first: ClientTaskId, count: number, values: readonly unknown[], at: number): void {
    const open = this.#open();
    addRange(open, first, count);
    if (open.values.length === 0) open.values = values.slice(at, at + count);
    else for (let i = at; i < at + count; i++) open.values.push(values[i]);
  }

  #open(): OpenInMemory {
    if (this.#inMemory === undefined) {
      const open: OpenInMemory = { type: "keys-in-memory", ranges: [], values: [], shared: [] };
      this.send(open);
      this.#inMemory = open;
    }
    return this.#inMemory;
  }

  send(message: SchedulerToClientMessage): void {
    this.#inMemory = undefined;
    this.#messages = added(this.#messages, message);
  }

  take(): readonly SchedulerToClientMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#inMemory = undefined;
    return messages;
  }
}

/** Adds a run of ids to `first, count, first, count, …`. */
function addRange(open: OpenInMemory, first: number, count: number): void {
  const { ranges } = open;
  const last = ranges.length - 2;
  if (last >= 0 && (ranges[last] as number) + (ranges[last + 1] as number) === first) {
    ranges[last + 1] = (ranges[last + 1] as number) + count;
  } else if (last < 0) open.ranges = [first, count];
  else ranges.push(first, count);
}
