/** Messages on their way to the scheduler: tasks in columns, everything else between them in order. */

import type { ClientMessage } from "../protocol/client-messages.ts";
import type { ClientTaskId, Key } from "../protocol/identity.ts";
import type { KeyOrNot, NumberedFunction, TaskOptions } from "../protocol/task-spec.ts";

interface OpenGraph {
  readonly type: "update-graph";
  readonly first: ClientTaskId;
  count: number;
  readonly rows: unknown[];
  readonly functions: NumberedFunction[];
  readonly options: TaskOptions;
  keys?: KeyOrNot[];
}

export class Submission {
  #messages: ClientMessage[] = [];
  #graph: OpenGraph | undefined;
  #gather: ClientTaskId[] | undefined;
  #release: ClientTaskId[] | undefined;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Tasks in the message being filled. */
  get openTasks(): number {
    return this.#graph?.count ?? 0;
  }

  /** The message that the task `id` is to be appended to. */
  graph(id: ClientTaskId, options: TaskOptions): OpenGraph {
    let graph = this.#graph;
    if (graph === undefined || graph.options !== options) {
      graph = { type: "update-graph", first: id, count: 0, rows: [], functions: [], options };
      this.send(graph);
      this.#graph = graph;
    }
    return graph;
  }

  name(graph: OpenGraph, key: Key): void {
    graph.keys ??= [];
    graph.keys[graph.count] = key;
  }

  gather(id: ClientTaskId): void {
    // Tasks may still be added before it: it only says of ids that have been, that somebody waits.
    if (this.#gather === undefined) {
      this.#gather = [];
      this.#messages.push({ type: "gather", ids: this.#gather });
    }
    this.#gather.push(id);
  }

  release(id: ClientTaskId): void {
    if (this.#release === undefined) {
      const ids: ClientTaskId[] = [];
      this.send({ type: "client-releases-keys", ids });
      this.#release = ids;
    }
    this.#release.push(id);
  }

  send(message: ClientMessage): void {
    this.#graph = undefined;
    this.#gather = undefined;
    this.#release = undefined;
    this.#messages.push(message);
  }

  take(): readonly ClientMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#graph = undefined;
    this.#gather = undefined;
    this.#release = undefined;
    return messages;
  }
}
