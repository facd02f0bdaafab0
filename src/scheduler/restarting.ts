/** Restarting: workers end and others take their places, with all that was known or without. */

import type { RestartRequest } from "../protocol/worker-requests.ts";
import type { Actors } from "./actors.ts";
import { answer, findWorkers, type Question } from "./answers.ts";
import { isAnchor } from "./coordination/shared.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

const REASON = "the cluster was restarted";

/** Somebody who waits until these are gone, and nobody is being started. */
interface Waiting extends Question {
  readonly gone: ReadonlySet<WorkerRecord>;
}

export class Restarts {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #actors: Actors;
  #waiting: Waiting[] = [];

  constructor(state: SchedulerState, tools: RequestTools, actors: Actors) {
    this.#state = state;
    this.#tools = tools;
    this.#actors = actors;
  }

  /** Of all workers, with every task forgotten; or of some, whose tasks run again. */
  restart(question: Question, request: RestartRequest): void {
    const state = this.#state;
    const { found, unknown } = findWorkers(state, request.workers);
    if (unknown !== undefined) return answer(state, question, { error: unknown });
    if (request.workers === undefined) this.#forgetAll();
    const reason = request.workers === undefined ? REASON : "it was restarted";
    for (const worker of found) {
      if (state.vacating === worker) state.vacating = undefined;
      this.#tools.endWorker(state, worker, reason);
    }
    this.#waiting.push({ ...question, gone: new Set(request.waits ? found : []) });
  }

  withdraw({ client, number }: Question): void {
    this.#waiting = this.#waiting.filter((each) => each.client !== client || each.number !== number);
  }

  /** Whether somebody waits for something here. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  settle(): void {
    if (this.#waiting.length === 0) return;
    const state = this.#state;
    this.#waiting = this.#waiting.filter((waiting) => {
      const isOver = [...waiting.gone].every(({ address }) => !state.workers.has(address));
      if (!isOver || (waiting.gone.size > 0 && state.starting > 0)) return true;
      answer(state, waiting, { value: undefined });
      return false;
    });
  }

  /** Nothing is remembered of any task, and nobody has a claim on one; functions are known as before. */
  #forgetAll(): void {
    const state = this.#state;
    this.#actors.endAll(REASON);
    for (const span of [...state.tasks.folds()]) state.unfold(span);
    // Those that depend on others before these: then each is alone when its turn comes.
    for (const task of [...state.tasks.values()].sort((a, b) => b.id - a.id)) {
      // What clients meet at is no task, whatever stands for it.
      if (!task.isWanted || isAnchor(task.key)) continue;
      this.#tools.cancelTask(state, task, REASON);
      this.#tools.settleRecommendations(state);
    }
  }
}
