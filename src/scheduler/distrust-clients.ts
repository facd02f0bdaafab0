/**
 * What a client from elsewhere may say, beyond what the form of its messages shows: numbers that are not in use, functions that it has
 * sent, news that it was told. One that says anything else, or has too much going at a time, has broken off the conversation.
 *
 * The tasks of a worker speak through a client that is the worker's: what they may not say ends the worker.
 */

import type { ClientMessage, SchedulerToClientMessage, UpdateGraph } from "../protocol/client-messages.ts";
import type { TaskId } from "../protocol/identity.ts";
import { ROW_HEADER, type ShippedFunction } from "../protocol/task-spec.ts";
import type { ClientRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord } from "./worker-record.ts";

interface Limits {
  readonly mostTasks: number;
  readonly mostRequests: number;
}

export class ClientDistrust {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #limits: Limits;
  /** Numbers of questions that are open, by client. */
  readonly #open = new WeakMap<ClientRecord, Set<number>>();
  readonly #refused = new WeakSet<ClientRecord>();

  constructor(state: SchedulerState, tools: RequestTools, limits: Limits) {
    this.#state = state;
    this.#tools = tools;
    this.#limits = limits;
  }

  refuses(client: ClientRecord, message: ClientMessage): boolean {
    if (this.#refused.has(client)) return true;
    const why = this.#whyNot(client, message);
    if (why === undefined) return false;
    this.#refused.add(client);
    const reason = `ProtocolError: ${message.type}: ${why}`;
    if (client.worker !== undefined) this.#tools.endWorker(this.#state, client.worker, reason);
    else this.#state.orders.push({ type: "end-client", client: client.id, reason });
    return true;
  }

  /**
   * Functions of one hash and name are one to those who believe one another. A stranger's may only seem so: they are shared by the tasks of that
   * client alone, and with tasks of a worker that was sent them, which name what it has and do not send it back.
   */
  functionOf({ id, worker }: ClientRecord, shipped: ShippedFunction): FunctionRecord {
    const { hash, name } = shipped;
    const known = [...(worker?.knows ?? []), ...(worker?.forgetting ?? [])].filter((fn) => fn.shipped.hash === hash);
    // Of those of one hash rather the one of that name, with which keys of its tasks begin.
    const meant = known.find((fn) => fn.shipped.name === name) ?? known[0];
    return meant ?? this.#state.functionOf(shipped, `${id} ${hash} ${name}`);
  }

  /** What it is told: a question that is answered is not open any more. */
  note(client: ClientRecord, messages: readonly SchedulerToClientMessage[]): void {
    const open = this.#open.get(client);
    if (open === undefined) return;
    for (const message of messages) if (message.type === "answer") open.delete(message.number);
  }

  #whyNot(client: ClientRecord, message: ClientMessage): string | undefined {
    switch (message.type) {
      case "update-graph":
        return this.#whyNotGraph(client, message);
      case "scatter":
        if (message.isLocal && client.worker === undefined) return "what it scatters comes along";
        return this.#whyNotMore(client, 1);
      case "client-desires-key":
        return client.tasks.get(message.id) === undefined ? this.#whyNotMore(client, 1) : inUse(message.id);
      case "news-received":
        return message.batch < client.batch ? undefined : `it was not told news ${message.batch}`;
      case "request": {
        const open = this.#open.get(client) ?? new Set();
        this.#open.set(client, open);
        if (open.has(message.number)) return `question ${message.number} is open`;
        if (open.size >= this.#limits.mostRequests) return `${open.size} questions are open`;
        const { request } = message;
        const why = request.type === "coordinate" ? this.#whyNotAsker(client, request.task) : undefined;
        if (why === undefined) open.add(message.number);
        return why;
      }
      default:
        return undefined;
    }
  }

  #whyNotGraph(
    client: ClientRecord,
    { first, count, rows, uniform, functions, options }: UpdateGraph,
  ): string | undefined {
    const known = new Set(functions.map(([number]) => number));
    const isKnown = (fn: number) => known.has(fn) || client.functions.has(fn);
    if (uniform !== undefined && !isKnown(uniform.fn)) return unknown(uniform.fn);
    for (let i = 0, at = 0; uniform === undefined && i < count; i++) {
      if (!isKnown(rows[at] as number)) return unknown(rows[at] as number);
      at += ROW_HEADER + (rows[at + 1] as number);
    }
    const { tasks } = client;
    for (let id = first; id < first + count; id++) {
      if (tasks.foldAt(id) !== undefined || tasks.get(id) !== undefined) return inUse(id);
    }
    return this.#whyNotMore(client, count) ?? this.#whyNotAsker(client, options.parent);
  }

  #whyNotMore(client: ClientRecord, count: number): string | undefined {
    const { mostTasks } = this.#limits;
    let there = client.tasks.size + count;
    if (there + this.#state.queued > mostTasks) for (const { left } of client.tasks.folds()) there += left;
    return there > mostTasks ? `it would have ${there} tasks, and ${mostTasks} are allowed` : undefined;
  }

  /** A task that submits others, or waits at what is shared, runs on the worker that says so, and such a task there is. */
  #whyNotAsker(client: ClientRecord, task: TaskId | undefined): string | undefined {
    if (task === undefined) return undefined;
    const worker = client.worker;
    if (worker === undefined) return "it is no task";
    if (this.#state.tasks.get(task)?.processingOn === worker) return undefined;
    const wasCalledOff = [...worker.zombies.keys()].some((name) => name.startsWith(`${task}:`));
    return wasCalledOff ? undefined : `task ${task} is not in its worker's hands`;
  }
}

function unknown(fn: unknown): string {
  return `it has sent no function ${fn}`;
}

function inUse(id: number): string {
  return `${id} is in use`;
}
