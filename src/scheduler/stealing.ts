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

import type { TaskId } from "../protocol/identity.ts";
import { recall } from "./pausing.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

/** So many tasks are looked at one by one at a look, or a few more: each of them has to be given a record. The rest has to wait for the next. */
const MOST_SINGLED_OUT = 2_000;

/** How a worker was found at a look. */
interface Sight {
  readonly lastUsed: number;
  readonly inFlight: number;
}

/** Tasks on end that a worker has in hand: one, or as many of a span as were sent together. */
interface InHand {
  readonly first: TaskId;
  readonly count: number;
  readonly fn: FunctionRecord;
  /** What is known of each of them. */
  readonly known: { expectedUs: number };
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
    /** Those to be looked at, and whether they are stuck. */
    const chosen = new Map<WorkerRecord, boolean>();
    for (const worker of this.#state.workers.values()) {
      if (!this.#tools.hasSurplus(worker)) continue;
      const { lastUsed, inFlight } = worker;
      const sight = before.get(worker);
      this.#seen.set(worker, { lastUsed, inFlight });
      const isStuck = sight?.lastUsed === lastUsed && sight.inFlight === inFlight;
      // Of many brief tasks that refer to each other there is never too much: they would have to be told apart first.
      if (isStuck || this.#state.weaving?.occupies(worker) !== true) chosen.set(worker, isStuck);
    }
    const inHand = this.#inHandOf([...chosen.keys()]);
    for (const [worker, isStuck] of chosen)
      this.#estimate(worker, inHand.get(worker) ?? [], isStuck ? this.#tools.windowUs : 0);
    // Only now, for those that were folded when they were estimated are not any more when they were told apart.
    let left = MOST_SINGLED_OUT;
    for (const [worker, isStuck] of chosen) {
      this.#tools.judgeRoom(this.#state, worker);
      // One that has neither been sent nor ended anything since it was asked has not heard that it was.
      const asking = `${worker.lastUsed} ${worker.inFlight} ${isStuck}`;
      if (left <= 0 || this.#asked.get(worker) === asking) continue;
      // Of one that is stuck: all that it has not begun, which it knows best.
      const ids = isStuck ? allOf(inHand.get(worker) ?? []) : this.#tooMuch(worker, inHand.get(worker) ?? []);
      left -= ids.length;
      const surplus = ids.map((id) => this.#state.tasks.get(id)).filter(isMovable);
      if (surplus.length === 0) continue;
      this.#asked.set(worker, asking);
      recall(this.#state, worker, surplus, "surplus");
    }
  }

  /** What they have in hand, in the order of its submission: found in one go, for there may be many of both. */
  #inHandOf(workers: readonly WorkerRecord[]): Map<WorkerRecord, InHand[]> {
    const { tasks } = this.#state;
    const found = new Map(workers.map((worker) => [worker, [] as InHand[]]));
    if (workers.length === 0) return found;
    for (const { firstTask, fn, sent } of tasks.folds())
      for (const part of sent) {
        const { from, to, worker } = part;
        found.get(worker)?.push({ first: firstTask + from, count: to - from, fn, known: part });
      }
    for (const task of tasks.values()) {
      const { id, function: fn, processingOn } = task;
      if (processingOn !== undefined) found.get(processingOn)?.push({ first: id, count: 1, fn, known: task });
    }
    for (const [worker, inHand] of found)
      found.set(
        worker,
        // What has given its slot back counts for nothing.
        inHand.filter(({ known }) => known.expectedUs > 0).sort((a, b) => a.first - b.first),
      );
    return found;
  }

  /** Takes it to take what is expected by what is known now; each at least `leastUs`. */
  #estimate(worker: WorkerRecord, inHand: readonly InHand[], leastUs: number): void {
    for (const { fn, count, known } of inHand) {
      const us = Math.max(leastUs, this.#tools.expectedUs(fn));
      worker.occupancyUs += count * (us - known.expectedUs);
      known.expectedUs = us;
    }
  }

  /** Of a worker that goes on, only slower than was thought: what it would not be sent now. */
  #tooMuch(worker: WorkerRecord, inHand: readonly InHand[]): readonly TaskId[] {
    let slots = worker.nThreads;
    let roomUs = this.#tools.windowUs * slots;
    const over: TaskId[] = [];
    for (const { first, count, known } of inHand)
      for (let id = first; id < first + count; id++) {
        slots -= 1;
        roomUs -= known.expectedUs;
        if (slots < 0 && roomUs < 0) over.push(id);
      }
    return over;
  }
}

function allOf(inHand: readonly InHand[]): readonly TaskId[] {
  return inHand.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
}

/** Whether it could run elsewhere: what it needs is not being made where it is. */
function isMovable(task: TaskRecord | undefined): task is TaskRecord {
  return task !== undefined && !task.started && task.inputs.every((input) => input.isAvailable);
}
