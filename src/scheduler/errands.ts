/** Errands: what workers do outside the queue of tasks, who is still at it, and what has come of it. */

import type { Errand, ErrandOutcome, ErrandRequest } from "../protocol/errands.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { ErrandDone } from "../protocol/worker-messages.ts";
import { answer, failure, findWorkers, type Question } from "./answers.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** By worker, in the order in which they answered. */
export type ErrandOutcomes = ReadonlyMap<WorkerRecord, ErrandOutcome>;

interface OpenErrand {
  readonly errand: Errand;
  readonly waiting: Set<WorkerRecord>;
  readonly sinceMs: number;
  readonly outcomes: Map<WorkerRecord, ErrandOutcome>;
  readonly done: (outcomes: ErrandOutcomes) => void;
}

export class Errands {
  readonly #state: SchedulerState;
  readonly #open = new Map<number, OpenErrand>();
  #count = 0;
  /** Called when workers are to run something. */
  onRun = (): void => {};

  constructor(state: SchedulerState) {
    this.#state = state;
  }

  /** Sends `errand` to each of `workers`, and calls `done` once all have answered or are gone. */
  send(workers: Iterable<WorkerRecord>, errand: Errand, done: (outcomes: ErrandOutcomes) => void): void {
    const number = this.#count++;
    const waiting = new Set(workers);
    for (const worker of waiting) this.#state.toWorker(worker).send({ type: "errand", number, errand });
    if (waiting.size === 0) done(new Map());
    else this.#open.set(number, { errand, waiting, sinceMs: this.#state.nowMs, outcomes: new Map(), done });
    if (errand.type === "run" && waiting.size > 0) this.onRun();
  }

  hear(worker: WorkerRecord, { number, outcome }: ErrandDone): void {
    this.#settle(number, worker, outcome);
  }

  /** A worker is gone. If setting up a plugin did not end it, nothing has failed: whoever takes its place has the same to do. */
  removeWorker(worker: WorkerRecord, reason: string, expected: boolean): void {
    const { address } = worker;
    const error = failure("CommClosedError", `${address} ended before it answered: ${reason}`, { address });
    for (const [number, { errand }] of [...this.#open]) {
      const isFine = errand.type === "run" ? false : expected || errand.type !== "register-plugin";
      this.#settle(number, worker, isFine ? { value: undefined } : { error });
    }
  }

  /** Those that have not done what they were asked before that. */
  overdue(beforeMs: number): Iterable<WorkerRecord> {
    const late = [...this.#open.values()].filter(
      ({ errand, sinceMs }) => sinceMs < beforeMs && errand.type !== "forget-functions",
    );
    return new Set(late.flatMap(({ waiting }) => [...waiting]));
  }

  /** Whether `worker` has something to do. */
  isAt(worker: WorkerRecord): boolean {
    for (const { waiting } of this.#open.values()) if (waiting.has(worker)) return true;
    return false;
  }

  #settle(number: number, worker: WorkerRecord, outcome: ErrandOutcome): void {
    const errand = this.#open.get(number);
    if (errand === undefined || !errand.waiting.delete(worker)) return;
    errand.outcomes.set(worker, outcome);
    if (errand.waiting.size > 0) return;
    this.#open.delete(number);
    errand.done(errand.outcomes);
  }
}

/** What went wrong first, and where. */
export function firstFailure(outcomes: ErrandOutcomes) {
  for (const [worker, outcome] of outcomes) if ("error" in outcome) return { worker, error: outcome.error };
  return undefined;
}

/** Has workers call a function, and answers with what it returned on each: by address. */
export function run(
  state: SchedulerState,
  errands: Errands,
  question: Question,
  { workers, fn, args }: ErrandRequest & { readonly type: "run" },
): void {
  const { found, unknown } = findWorkers(state, workers);
  if (unknown !== undefined) return answer(state, question, { error: unknown });
  errands.send(found, { type: "run", fn, args }, (outcomes) => {
    const first = firstFailure(outcomes);
    if (first !== undefined) return answer(state, question, { error: first.error });
    const value: Record<WorkerAddress, unknown> = {};
    for (const worker of found) value[worker.address] = (outcomes.get(worker) as { readonly value: unknown }).value;
    answer(state, question, { value });
  });
}
