/** Tasks that wait until a worker near its limit holds less, for they use nothing of what is here and may make more. */

import type { LocalTask, WorkerState } from "./state.ts";

/** Those that are put aside; with so many, what comes behind them waits as well. */
const MOST_ASIDE = 64;

export class HeldUp {
  readonly #state: WorkerState;
  #tasks: LocalTask[] = [];

  constructor(state: WorkerState) {
    this.#state = state;
  }

  add(task: LocalTask): "waiting" | "full" {
    this.#state.inHand.set(task.id, task);
    if (this.#tasks.length >= MOST_ASIDE) return "full";
    this.#tasks.push(task);
    task.state = "waiting";
    task.waitingOn = 1;
    return "waiting";
  }

  /** They take their turn again, before all others. */
  letGoOn(): void {
    if (this.#tasks.length === 0) return;
    const tasks = this.#tasks.reverse();
    this.#tasks = [];
    for (const task of tasks) if (task.state === "waiting") letGoOn(this.#state, task);
  }

  clear(): void {
    this.#tasks = [];
  }
}

/** There is one thing less that the task waits for. */
export function letGoOn(state: WorkerState, task: LocalTask): void {
  task.waitingOn -= 1;
  if (task.waitingOn > 0) return;
  task.state = "ready";
  state.ready.pushFront(task);
}
