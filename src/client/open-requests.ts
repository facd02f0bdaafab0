/** Questions that the scheduler has not answered yet. */

import type { Answer, ClientRequest, WithdrawRequest } from "../protocol/client-messages.ts";
import { decodeError } from "../protocol/errors.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import type { Grant } from "../protocol/packed-value.ts";
import type { Request } from "../protocol/requests.ts";
import type { Future, FutureOwner } from "./future.ts";

/**
 * What somebody may ask on end until it is as they want it. In the place of the scheduler, an answer can come with nothing but microtasks,
 * which would let nothing else happen: these answers have a turn of their own.
 */
const POLLED = /^(scheduler-info|survey|who-has|has-what|nbytes|totals|story|list-datasets)$/;

interface OpenRequest {
  /** Whose the futures are that come with the answer. */
  readonly owner: FutureOwner;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** What is asked, and for whom. */
interface Asking {
  readonly request: Request;
  /** Whose the futures are that may come with the answer. */
  readonly owner: FutureOwner;
  readonly send: (message: ClientRequest | WithdrawRequest) => void;
  readonly signal: AbortSignal | undefined;
  /** What to do with an answer that was on its way already; for requests that are answered even when they are withdrawn. */
  readonly late: ((answer: unknown) => void) | undefined;
}

/** An answer with packed values in it, and futures on what they refer to. */
export interface Answered {
  readonly value: unknown;
  readonly futures: ReadonlyMap<ClientTaskId, Future>;
  /** Whose these are. */
  readonly owner: FutureOwner;
}

export class OpenRequests {
  readonly #open = new Map<number, OpenRequest>();
  readonly #adopt: (grant: Grant, owner: FutureOwner | undefined) => Future;
  #count = 0;

  /** `adopt` makes a future of a claim that the scheduler entered for us. */
  constructor(adopt: (grant: Grant, owner: FutureOwner | undefined) => Future) {
    this.#adopt = adopt;
  }

  /** Asks, and says so when nobody waits for the answer any more. */
  ask({ owner, request, send, signal, late }: Asking): Promise<unknown> {
    const number = this.#count++;
    send({ type: "request", number, request });
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#open.set(number, { owner, resolve, reject });
    });
    const answer = POLLED.test(request.type) ? answered.then(afterTurn) : answered;
    if (signal === undefined) return answer;
    const giveUp = () => {
      const asked = this.#open.get(number);
      if (!this.#open.delete(number)) return;
      if (late !== undefined) this.#open.set(number, { owner, resolve: late, reject: () => {} });
      send({ type: "withdraw-request", number });
      asked?.reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp);
    const forget = () => signal.removeEventListener("abort", giveUp);
    answer.then(forget, forget);
    return answer;
  }

  settle({ number, outcome }: Answer): void {
    const request = this.#open.get(number);
    this.#open.delete(number);
    if ("error" in outcome) request?.reject(decodeError(outcome.error));
    else if (outcome.grants === undefined) request?.resolve(outcome.value);
    else {
      // At once, whoever asked: news of them is in the same batch.
      const futures = new Map(outcome.grants.map((grant) => [grant.id, this.#adopt(grant, request?.owner)]));
      if (request !== undefined)
        request.resolve({ value: outcome.value, futures, owner: request.owner } satisfies Answered);
      else for (const future of futures.values()) future.release();
    }
  }

  end(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}

function afterTurn(value: unknown): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve(value);
    };
    port2.postMessage(0);
  });
}
