/**
 * Forgetting functions: programs that make ever new ones, as `closure()` in a loop does, are not to fill the cluster with those of yesterday.
 *
 * A function is remembered while a task is there that runs it, and while a client may still speak of it by its number, which holds for the
 * last few that it has introduced; what it says later, it introduces again (`client/known-functions.ts`). All others are forgotten here now and then, and by the
 * workers that know them. A worker may name one in what it says before it has heard that (`client/thread-clients.ts`), so they are kept until it has answered.
 *
 * One that is wanted again is a new one: it travels again, and is compiled again.
 */

import type { Errands } from "./errands.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

/** Functions that a client may speak of by number: twice as many as it does. */
const MOST_SPOKEN_OF = 256;
/** So many introductions, or bytes of functions, after which it is worth looking what can be forgotten. */
const MANY = 500;
const MUCH = 64_000_000;
/** Names whose totals are kept apart, of functions that were forgotten. */
const MOST_NAMES = 1000;
const OTHERS = "(others)";

export class Forgetting {
  readonly #state: SchedulerState;
  readonly #errands: Errands;
  /** Bytes of all functions that have come so far. */
  readonly #bytes: () => number;
  #nextAt = MANY;
  #nextBytes = MUCH;

  constructor(state: SchedulerState, errands: Errands, bytes: () => number) {
    this.#state = state;
    this.#errands = errands;
    this.#bytes = bytes;
  }

  settle(): void {
    const { introductions } = this.#state;
    if (introductions < this.#nextAt && this.#bytes() < this.#nextBytes) return;
    this.#nextAt = introductions + MANY;
    this.#nextBytes = this.#bytes() + MUCH;
    this.#sweep();
  }

  #sweep(): void {
    const { functions, functionsById, workers } = this.#state;
    const live = this.#inUse();
    for (const worker of workers.values()) {
      this.#tell(worker, live);
      for (const fn of worker.forgetting) live.add(fn);
    }
    for (const fn of functionsById.values()) {
      if (live.has(fn)) continue;
      functionsById.delete(fn.id);
      functions.delete(fn.name);
      this.#remember(fn);
    }
  }

  #inUse(): Set<FunctionRecord> {
    const live = new Set<FunctionRecord>();
    const { clients, tasks } = this.#state;
    for (const { functions } of clients.values()) {
      let tooMany = functions.size - MOST_SPOKEN_OF;
      for (const [number, fn] of functions) {
        if (tooMany-- > 0) functions.delete(number);
        else live.add(fn);
      }
    }
    for (const task of tasks.values()) if (task.at >= 0) live.add(task.function);
    for (const { fn } of tasks.folds()) live.add(fn);
    return live;
  }

  /** Has a worker forget what it knows and is not `live`. */
  #tell(worker: WorkerRecord, live: ReadonlySet<FunctionRecord>): void {
    const gone = [...worker.knows].filter((fn) => !live.has(fn));
    if (gone.length === 0) return;
    for (const fn of gone) {
      worker.knows.delete(fn);
      worker.forgetting.add(fn);
    }
    this.#errands.send([worker], { type: "forget-functions", ids: gone.map(({ id }) => id) }, () => {
      for (const fn of gone) worker.forgetting.delete(fn);
    });
  }

  /** What its runs have taken is still to be known. */
  #remember({ shipped, runs, spentUs }: FunctionRecord): void {
    if (runs === 0) return;
    const { forgotten } = this.#state;
    const name = forgotten.has(shipped.name) || forgotten.size < MOST_NAMES ? shipped.name : OTHERS;
    const sum = forgotten.get(name) ?? { runs: 0, spentUs: 0 };
    forgotten.set(name, { runs: sum.runs + runs, spentUs: sum.spentUs + spentUs });
  }
}

/** What functions have taken, those that were forgotten too; of one name there may be several. */
export function* spending({ functionsById, forgotten }: SchedulerState): Iterable<{
  readonly name: string;
  readonly runs: number;
  readonly spentUs: number;
}> {
  for (const [name, { runs, spentUs }] of forgotten) yield { name, runs, spentUs };
  for (const { shipped, runs, spentUs } of functionsById.values()) {
    if (runs > 0) yield { name: shipped.name, runs, spentUs };
  }
}
