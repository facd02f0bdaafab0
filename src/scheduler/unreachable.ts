/**
 * Inputs that a worker cannot get though their holder is there: two hosts between which nothing passes, or a holder that never gives what
 * it says it has. The task that needs them is sent again, for the next time it may go well; but not for ever.
 */

import type { MissingData } from "../protocol/worker-messages.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** So often a task may come back for want of an input that is there, each time within this of the last. Milliseconds. */
const MOST_TIMES = 10;
const WITHIN_MS = 60_000;

export class Unreachable {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #missed = new WeakMap<TaskRecord, { readonly times: number; readonly lastMs: number }>();

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
  }

  /** `task` came back without having run. Whether it has failed by that, for it came back too often. */
  hear(task: TaskRecord, worker: WorkerRecord, { missing, holders }: MissingData): boolean {
    // Those that are gone have nothing, and another time it is others.
    const there = holders.filter((address) => this.#state.workers.has(address));
    if (there.length === 0) return false;
    const { nowMs } = this.#state;
    const last = this.#missed.get(task);
    const times = last === undefined || nowMs - last.lastMs > WITHIN_MS ? 1 : last.times + 1;
    this.#missed.set(task, { times, lastMs: nowMs });
    if (times < MOST_TIMES) return false;
    this.#missed.delete(task);
    const input = this.#state.tasks.get(missing)?.key ?? "an input";
    task.error = this.#tools.errorOnWire(
      "CommClosedError",
      `${task.key} could not be run: ${times} times an input did not come from where it is, the last time ${input}, which ` +
        `${worker.address} did not get from ${there.join(", ")}. See whether these reach each other; with({ workers }) keeps tasks to some`,
      { address: there[0] },
    );
    this.#tools.move(this.#state, task, "erred");
    return true;
  }
}
