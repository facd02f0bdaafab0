/** The signals of a thread's tasks, each made when somebody first asks for it. */

import type { LocalTask } from "./running-task.ts";

export class Aborts {
  readonly #controllers = new Map<LocalTask, AbortController>();

  of(task: LocalTask): AbortController {
    let controller = this.#controllers.get(task);
    if (controller === undefined) {
      controller = new AbortController();
      this.#controllers.set(task, controller);
    }
    return controller;
  }

  /** The task is over. */
  forget(task: LocalTask): void {
    if (this.#controllers.size > 0) this.#controllers.delete(task);
  }
}
