/** Messages on their way to the scheduler: tasks in columns, everything else between them in order. */

import { added } from "../collections/added.ts";
import type { ClientMessage } from "../protocol/client-messages.ts";
import type { ClientTaskId, FunctionId, Key } from "../protocol/identity.ts";
import { type KeyOrNot, type NumberedFunction, REFERENCES, type TaskOptions } from "../protocol/task-spec.ts";

interface OpenGraph {
  readonly type: "update-graph";
  readonly first: ClientTaskId;
  count: number;
  rows: unknown[];
  uniform: { readonly fn: FunctionId; readonly slots: number; readonly shape: number } | undefined;
  readonly functions: NumberedFunction[];
  readonly options: TaskOptions;
  keys?: KeyOrNot[];
}

/** Values after which it is said that they have arrived, even if there is nothing else to say. */
const MOST_UNSAID = 64;

/** When a task of another kind comes, a uniform message with fewer tasks is rewritten, if there have been so many; else another is begun. */
const WORTH_KEEPING = 16;
const MOST_SHORT = 16;

export class Submission {
  #messages: ClientMessage[] = [];
  /** The last batch of news that arrived while there was nothing to say, and how many values came so. */
  #received = 0;
  #unsaid = 0;
  #graph: OpenGraph | undefined;
  /** Uniform messages with few tasks, one after the other. */
  #short = 0;
  #gather: number[] | undefined;
  #release: ClientTaskId[] | undefined;

  get isEmpty(): boolean {
    return this.#messages.length === 0 && this.#unsaid === 0;
  }

  /**
   * News up to `batch` has arrived, with so many values in it. That can wait until something else is said, but must then come first: what is sent from now on
   * counts on it. Returns whether it has waited long enough.
   */
  acknowledge(batch: number, values: number): boolean {
    if (this.#messages.length > 0) {
      this.send({ type: "news-received", batch });
      return true;
    }
    this.#received = batch;
    this.#unsaid += values;
    return this.#unsaid >= MOST_UNSAID;
  }

  /** Tasks in the message being filled. */
  get openTasks(): number {
    return this.#graph?.count ?? 0;
  }

  // Five arguments rather than an object of five: it would be made for each task, only to be thrown away.
  append(id: ClientTaskId, fn: FunctionId, slots: readonly unknown[], shape: number, options: TaskOptions): void {
    let graph = this.#graph;
    if (graph === undefined || graph.options !== options) graph = this.#open(id, fn, slots.length, shape, options);
    else if (
      graph.uniform !== undefined &&
      !(graph.uniform.fn === fn && graph.uniform.slots === slots.length && shape === graph.uniform.shape)
    ) {
      this.#short = graph.count < WORTH_KEEPING ? this.#short + 1 : 0;
      if (this.#short > MOST_SHORT) spellOut(graph);
      else graph = this.#open(id, fn, slots.length, shape, options);
    }
    const { rows } = graph;
    if (graph.uniform === undefined) rows.push(fn, slots.length, shape);
    else if (graph.count === 0) graph.rows = slots.slice();
    if (graph.rows === rows) for (let i = 0; i < slots.length; i++) rows.push(slots[i]);
    graph.count += 1;
  }

  /** Sends a function along with the task appended last. */
  introduce(entry: NumberedFunction): void {
    this.#graph?.functions.push(entry);
  }

  /** Names the task appended last. */
  name(key: Key): void {
    const graph = this.#graph;
    if (graph === undefined) return;
    graph.keys ??= [];
    graph.keys[graph.count - 1] = key;
  }

  #open(id: ClientTaskId, fn: FunctionId, slots: number, shape: number, options: TaskOptions): OpenGraph {
    const uniform = shape <= REFERENCES ? { fn, slots, shape } : undefined;
    const graph: OpenGraph = { type: "update-graph", first: id, count: 0, rows: [], uniform, functions: [], options };
    this.send(graph);
    this.#graph = graph;
    return graph;
  }

  gather(id: ClientTaskId): void {
    // Tasks may still be added before it: it only says of ids that have been, that somebody waits.
    const ranges = this.#gather;
    if (ranges === undefined) {
      this.#gather = [id, 1];
      this.#messages = added(this.#messages, { type: "gather", ranges: this.#gather });
      return;
    }
    const last = ranges.length - 2;
    if (last >= 0 && (ranges[last] as number) + (ranges[last + 1] as number) === id)
      ranges[last + 1] = (ranges[last + 1] as number) + 1;
    else ranges.push(id, 1);
  }

  release(id: ClientTaskId): void {
    if (this.#release === undefined) {
      const ids: ClientTaskId[] = [];
      this.send({ type: "client-releases-keys", ids });
      this.#release = ids;
    }
    this.#release.push(id);
  }

  /** The next task is not numbered on from the one before. */
  breakOff(): void {
    this.#graph = undefined;
  }

  send(message: ClientMessage): void {
    this.#graph = undefined;
    this.#gather = undefined;
    this.#release = undefined;
    this.#messages = added(this.#messages, message);
  }

  take(): readonly ClientMessage[] {
    const messages = this.#messages;
    if (this.#unsaid > 0) messages.unshift({ type: "news-received", batch: this.#received });
    this.#unsaid = 0;
    this.#messages = [];
    this.#graph = undefined;
    this.#gather = undefined;
    this.#release = undefined;
    return messages;
  }
}

/** Writes out in every row what was said once for all of them. */
function spellOut(graph: OpenGraph): void {
  if (graph.uniform === undefined) return;
  const { fn, slots, shape } = graph.uniform;
  const rows: unknown[] = [];
  for (let i = 0; i < graph.count; i++) rows.push(fn, slots, shape, ...graph.rows.slice(i * slots, (i + 1) * slots));
  graph.rows = rows;
  graph.uniform = undefined;
}
