/** What a worker with a wire of its own has done, counted in memory that its host shares: what it says does not pass there any more. */

import type { WorkerMessage } from "../protocol/worker-messages.ts";

const COUNTS = 4;

export class LineTally {
  readonly shared: SharedArrayBuffer;
  readonly #counts: Float64Array<SharedArrayBuffer>;

  constructor(shared = new SharedArrayBuffer(COUNTS * 8)) {
    this.shared = shared;
    this.#counts = new Float64Array(shared);
  }

  /** Tasks that ended well. */
  get tasks(): number {
    return this.#counts[0] as number;
  }

  /** What they took together. Microseconds. */
  get busyUs(): number {
    return this.#counts[1] as number;
  }

  /** That went by the wire. */
  get sentBytes(): number {
    return this.#counts[2] as number;
  }

  get receivedBytes(): number {
    return this.#counts[3] as number;
  }

  count(messages: readonly WorkerMessage[]): void {
    const { tasks, us } = doneIn(messages);
    this.#counts[0] = this.tasks + tasks;
    this.#counts[1] = this.busyUs + us;
  }

  noteBytes(sent: number, received: number): void {
    this.#counts[2] = sent;
    this.#counts[3] = received;
  }
}

/** How many tasks ended well, as these messages say, and how many microseconds they took together. */
export function doneIn(messages: readonly WorkerMessage[]): { readonly tasks: number; readonly us: number } {
  let [tasks, us] = [0, 0];
  for (const message of messages) {
    if (message.type === "task-stored") tasks += 1;
    if (message.type !== "task-finished") continue;
    for (let i = 2; i < message.ranges.length; i += 3) tasks += message.ranges[i] as number;
    for (let i = 2; i < message.spent.length; i += 3) us += message.spent[i] as number;
  }
  return { tasks, us };
}
