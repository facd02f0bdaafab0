/**
 * Work that is taken back from workers that turn out to be slow, for others that have nothing to do.
 *
 * Surplus work waits here (`placement.ts`), so there is little to take back: only what was sent behind other work because both were
 * thought to be short. That is looked at now and then, while somebody has nothing to do. By what is known then, a worker may have
 * more in hand than it would be sent; or it has ended nothing since the last look, though all it has was expected to be done by
 * now. What it has too much it is asked to give back; it gives back what it has not begun, and says so. A thread in the middle of
 * synchronous code hears that when it is between tasks, and until then nothing can be done: to run the same elsewhere as well would
 * run it twice. Then it may as well go on itself: it keeps half.
 *
 * Nothing is taken to and fro: behind what was found to be slow nothing more is sent.
 */

import { recall } from "./pausing.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** How a worker was found at a look. */
interface Sight {
  readonly lastUsed: number;
  readonly inFlight: number;
}

export class Stealing {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  /** Workers that had more in hand than slots. */
  #seen = new Map<WorkerRecord, Sight>();
  /** How they were found when they were asked to give some of it back. */
  readonly #asked = new WeakMap<WorkerRecord, string>();

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
  }

  /** To be called every now and then while there may be something to share. */
  look(): void {
    const before = this.#seen;
    this.#seen = new Map();
    for (const worker of this.#state.workers.values()) {
      if (!this.#tools.hasSurplus(worker)) continue;
      const { lastUsed, inFlight } = worker;
      const sight = before.get(worker);
      this.#seen.set(worker, { lastUsed, inFlight });
      const isStuck = sight?.lastUsed === lastUsed && sight.inFlight === inFlight;
      // Of many brief tasks that refer to each other there is never too much: they would have to be told apart first.
      if (!isStuck && this.#state.weaving?.occupies(worker)) continue;
      const surplus = isStuck ? this.#notBegun(worker) : this.#tooMuch(worker);
      this.#tools.judgeRoom(this.#state, worker);
      // One that has neither been sent nor ended anything since it was asked has not heard that it was.
      const asking = `${lastUsed} ${inFlight} ${isStuck}`;
      if (surplus.length === 0 || this.#asked.get(worker) === asking) continue;
      this.#asked.set(worker, asking);
      recall(this.#state, worker, surplus, "surplus");
    }
  }

  /** What it has in hand, each with what it is expected to take by what is known now; that is at least `leastUs`. */
  #estimate(worker: WorkerRecord, leastUs: number): readonly TaskRecord[] {
    // What has given its slot back counts for nothing.
    const inHand = this.#state.processingOn(worker).filter(({ expectedUs }) => expectedUs > 0);
    for (const task of inHand) {
      const us = Math.max(leastUs, this.#tools.expectedUs(task.function));
      worker.occupancyUs += us - task.expectedUs;
      task.expectedUs = us;
    }
    return inHand;
  }

  /** Of a worker that goes on, only slower than was thought: what it would not be sent now. */
  #tooMuch(worker: WorkerRecord): readonly TaskRecord[] {
    let slots = worker.nThreads;
    let roomUs = this.#tools.windowUs * slots;
    return this.#estimate(worker, 0).filter((task) => {
      slots -= 1;
      roomUs -= task.expectedUs;
      return slots < 0 && roomUs < 0 && isMovable(task);
    });
  }

  /** Of one that is stuck: all that it has not begun, which it knows best. */
  #notBegun(worker: WorkerRecord): readonly TaskRecord[] {
    return this.#estimate(worker, this.#tools.windowUs).filter(isMovable);
  }
}

/** Whether it could run elsewhere: what it needs is not being made where it is. */
function isMovable(task: TaskRecord): boolean {
  return !task.started && task.inputs.every((input) => input.isAvailable);
}
