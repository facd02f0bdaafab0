/** What workers are at: the tasks that the scheduler knows them to have begun, and the stacks that their hosts find them in. */

import type { CallStack, CallStackRequest, CallStacks, StackTaken } from "../protocol/call-stacks.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import { answer, findWorkers, type Question } from "./answers.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A host that has not told by then is not waited for. Milliseconds. */
const PATIENCE_MS = 3000;
/** Tasks that are told of one worker. */
const MOST_RUNNING = 100;

const NO_WAY: StackTaken = { reason: "nobody can look into a thread here" };

interface Look {
  readonly question: Question;
  readonly found: readonly WorkerRecord[];
  readonly waiting: Set<WorkerAddress>;
  readonly stacks: Map<WorkerAddress, StackTaken>;
}

export class CallStackLooks {
  readonly #state: SchedulerState;
  readonly #looks = new Set<Look>();

  constructor(state: SchedulerState) {
    this.#state = state;
  }

  begin(question: Question, { workers }: CallStackRequest): void {
    const state = this.#state;
    const { found, unknown } = findWorkers(state, workers);
    if (unknown !== undefined) return answer(state, question, { error: unknown });
    const look: Look = { question, found, waiting: new Set(), stacks: new Map() };
    this.#looks.add(look);
    for (const { address, processing, actors } of found) {
      if (processing === 0 && actors === 0) look.stacks.set(address, { reason: "it has no task in hand" });
      else {
        look.waiting.add(address);
        state.orders.push({ type: "look-into", worker: address });
      }
    }
    if (look.waiting.size === 0) return this.#end(look);
    state.demands?.later(PATIENCE_MS, () => this.#giveUp(look));
  }

  hear(worker: WorkerAddress, stack: StackTaken = NO_WAY): void {
    for (const look of this.#looks) {
      if (!look.waiting.delete(worker)) continue;
      look.stacks.set(worker, stack);
      if (look.waiting.size === 0) this.#end(look);
    }
  }

  removeWorker({ address }: WorkerRecord): void {
    this.hear(address, { reason: "it is gone" });
  }

  #giveUp(look: Look): void {
    if (!this.#looks.has(look)) return;
    for (const address of look.waiting) {
      look.stacks.set(address, { reason: `whoever owns it has not told within ${PATIENCE_MS} ms` });
    }
    this.#end(look);
  }

  #end(look: Look): void {
    this.#looks.delete(look);
    const workers: Record<WorkerAddress, CallStack> = {};
    for (const worker of look.found) workers[worker.address] = this.#describe(worker, look);
    const value: CallStacks = { workers, nowMs: this.#state.nowMs };
    answer(this.#state, look.question, { value });
  }

  #describe(worker: WorkerRecord, { stacks }: Look): CallStack {
    const running: CallStack["running"][number][] = [];
    const inHand = new Map<string, number>();
    const count = (name: string, tasks: number) => inHand.set(name, (inHand.get(name) ?? 0) + tasks);
    for (const task of this.#state.tasks.values()) {
      if (task.processingOn !== worker) continue;
      const { name } = task.function.shipped;
      if (!task.started || running.length >= MOST_RUNNING) count(name, 1);
      else {
        running.push({ key: task.key, name, sinceMs: this.#state.startedMs.get(task) as number });
      }
    }
    for (const { sent, fn } of this.#state.tasks.folds()) {
      for (const part of sent) if (part.worker === worker) count(fn.shipped.name, part.to - part.from);
    }
    return {
      running,
      inHand: Array.from(inHand, ([name, tasks]) => ({ name, tasks })),
      stack: stacks.get(worker.address) ?? { reason: "it is gone" },
    };
  }
}
