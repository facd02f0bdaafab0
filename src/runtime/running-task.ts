/** A task that is running: what `getTask()` gives, and what its worker keeps in mind about it. */

import type { Speaker, TaskClient } from "../ports/task-clients.ts";
import type { RunningTask } from "../shipping/task-context.ts";
import type { WorkerMachine } from "../worker/machine.ts";

export type LocalTask = NonNullable<ReturnType<WorkerMachine["next"]>>;

/** What a running task can have done by its worker. */
export interface Workplace {
  keyOf(task: LocalTask): string;
  signalOf(task: LocalTask): AbortSignal;
  progress(task: LocalTask, fraction: number, note: string | undefined): void;
  openClient(running: Running): TaskClient;
  /** It waits for something now, or does not any more. */
  settleSlot(running: Running): void;
}

/** There is one for every run: nothing in it is made before it is asked for. */
export class Running implements RunningTask {
  readonly task: LocalTask;
  readonly #workplace: Workplace;
  #client: TaskClient | undefined = undefined;
  /** What it waits for: futures and answers that were asked for in its name. */
  waits = 0;
  /** It has said that it needs no slot. */
  hasSeceded = false;
  /** Since when it has been waiting, if it is, and for how long before. Milliseconds. */
  waitsSinceMs = -1;
  waitedMs = 0;

  constructor(task: LocalTask, workplace: Workplace) {
    this.task = task;
    this.#workplace = workplace;
  }

  get key(): string {
    return this.#workplace.keyOf(this.task);
  }

  get attempt(): number {
    return this.task.run;
  }

  get signal(): AbortSignal {
    return this.#workplace.signalOf(this.task);
  }

  progress(fraction: number, note?: string): void {
    this.#workplace.progress(this.task, fraction, note);
  }

  get client(): object {
    return this.opened.client;
  }

  /** The task as somebody who speaks; `pause`: see there. */
  speaker(pause: Speaker["pause"]): Speaker {
    const running = this;
    return {
      id: running.task.id,
      get key() {
        return running.key;
      },
      get signal() {
        return running.signal;
      },
      pause,
    };
  }

  get opened(): TaskClient {
    this.#client ??= this.#workplace.openClient(this);
    return this.#client;
  }

  secede(): void {
    this.hasSeceded = true;
    this.#workplace.settleSlot(this);
  }

  rejoin(): void {
    this.hasSeceded = false;
    this.#workplace.settleSlot(this);
  }

  /** Nobody wants it any more, and so nobody wants what it has asked for. */
  abandon(reason: string): void {
    this.#client?.abandon(reason);
  }

  /** What it holds is given back. */
  end(): void {
    this.#client?.end();
  }
}
