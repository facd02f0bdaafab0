/**
 * Answers to what clients ask beside having tasks run.
 *
 * Few programs ask, and pages should not have to load the answers: the machine is taught these rules when the first question comes.
 */

import type { ClientRequest, WithdrawRequest } from "../protocol/client-messages.ts";
import type { SchedulerInfo, WorkerInfo } from "../protocol/requests.ts";
import type { RequestRules } from "./contract.ts";
import type { ClientRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";

/** A question that cannot be answered yet. */
interface Waiting {
  readonly client: ClientRecord;
  readonly number: number;
  /** The answer, once there is one. */
  readonly tryAnswer: () => { readonly value: unknown } | undefined;
}

class Requests implements RequestRules {
  readonly #state: SchedulerState;
  #waiting: Waiting[] = [];

  constructor(state: SchedulerState) {
    this.#state = state;
  }

  hear(client: ClientRecord, { number, request }: ClientRequest): void {
    const state = this.#state;
    switch (request.type) {
      case "scheduler-info":
        return this.#answer(client, number, describe(state));
      case "wait-for-workers": {
        const { count } = request;
        this.#waiting.push({
          client,
          number,
          tryAnswer: () => (state.workers.size >= count ? { value: undefined } : undefined),
        });
        return;
      }
      default:
        request satisfies never;
    }
  }

  withdraw(client: ClientRecord, { number }: WithdrawRequest): void {
    this.#waiting = this.#waiting.filter((each) => each.client !== client || each.number !== number);
  }

  removeClient(client: ClientRecord): void {
    this.#waiting = this.#waiting.filter((each) => each.client !== client);
  }

  settle(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ client, number, tryAnswer }) => {
      const answer = tryAnswer();
      if (answer !== undefined) this.#answer(client, number, answer.value);
      return answer === undefined;
    });
  }

  #answer(client: ClientRecord, number: number, value: unknown): void {
    this.#state.toClient(client).send({ type: "answer", number, outcome: { value } });
  }
}

/** The rules, for {@link SchedulerMachine.learn}. */
export function requestRules(state: SchedulerState): RequestRules {
  return new Requests(state);
}

function describe(state: SchedulerState): SchedulerInfo {
  const workers: Record<string, WorkerInfo> = {};
  for (const worker of state.workers.values()) {
    let nbytes = 0;
    for (const task of state.replicas.leftsOf(worker)) nbytes += task.nbytes;
    const { name, nThreads, processing } = worker;
    workers[worker.address] = { name, nThreads, processing, nbytes };
  }
  return { workers, queued: state.queued };
}
