/** What follows from what workers say of their memory: who is given nothing for a while, who is replaced, and what fits nowhere. */

import type { ErrorOnWire } from "../protocol/errors.ts";
import type { MemoryUsed } from "../protocol/worker-messages.ts";
import type { EventLog } from "./event-log.ts";
import { takeWorkFrom } from "./pausing.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

export class MemoryLimits {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #log: EventLog;
  /** Those that are paused because they are full, and for nothing else. */
  readonly #full = new WeakSet<WorkerRecord>();
  /** Those that should be replaced and cannot be. */
  readonly #indispensable = new WeakSet<WorkerRecord>();
  #isLimited = false;

  constructor(state: SchedulerState, tools: RequestTools, log: EventLog) {
    this.#state = state;
    this.#tools = tools;
    this.#log = log;
  }

  /** A worker has said how much there is, and perhaps what its users should know. */
  hear(worker: WorkerRecord): void {
    const { kept, warning, givesUp }: Partial<MemoryUsed> = worker.memory ?? {};
    if (warning !== undefined) this.#warn(worker, warning);
    if (kept === undefined) return;
    this.#isLimited = true;
    if (givesUp !== undefined) return this.#replace(worker, givesUp);
    if (kept.isFull && worker.status === "running") {
      worker.status = "paused";
      this.#full.add(worker);
      takeWorkFrom(this.#state, worker);
    } else if (!kept.isFull && this.#full.delete(worker) && worker.status === "paused") {
      worker.status = "running";
      this.#tools.judgeRoom(this.#state, worker);
    }
  }

  /** Why the task can be run nowhere: no worker may hold all that it needs. */
  lackOfRoom(task: TaskRecord): ErrorOnWire | undefined {
    const { workers } = this.#state;
    if (!this.#isLimited || workers.size === 0) return undefined;
    let most = 0;
    for (const { memory } of workers.values()) most = Math.max(most, memory?.kept?.limit ?? Number.POSITIVE_INFINITY);
    let nbytes = 0;
    for (const input of new Set(task.inputs)) if (!this.#tools.isSmall(input)) nbytes += input.nbytes;
    if (nbytes <= most) return undefined;
    return this.#tools.errorOnWire(
      "MemoryLimitError",
      `${task.key} was not sent to any worker: what it needs has ${nbytes} bytes together, and no worker may hold more than ${most}; ` +
        "give workers a larger memoryLimit, or have fewer values go into one task",
      { nbytes },
    );
  }

  /** What it has in hand is to blame, if anything is: it may be what takes up the memory. */
  #replace(worker: WorkerRecord, reason: string): void {
    if (worker.ending || this.#indispensable.has(worker)) return;
    const why = this.#whyNot(worker);
    if (why !== undefined) {
      this.#indispensable.add(worker);
      return this.#warn(worker, `${reason}; it is not replaced by another thread, for ${why}`);
    }
    this.#tools.endWorker(this.#state, worker, reason);
    this.#tools.removeWorker(this.#state, worker.address, reason, false);
  }

  #whyNot(worker: WorkerRecord): string | undefined {
    if (worker.actors > 0) return "actors live in it";
    const { replicas } = this.#state;
    for (const task of replicas.leftsOf(worker)) {
      const isOnly = task.at < 0 && task.value === this.#tools.NO_VALUE && replicas.rightsOf(task).size === 1;
      if (isOnly) return `it holds all there is of ${task.key}`;
    }
    return undefined;
  }

  #warn({ address, name }: WorkerRecord, text: string): void {
    this.#log.note("warnings", { type: "warning", text, worker: address, name });
  }
}
