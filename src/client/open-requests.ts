/** Questions that the scheduler has not answered yet. */

import type { Answer } from "../protocol/client-messages.ts";
import { decodeError } from "../protocol/errors.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import type { Grant } from "../protocol/packed-value.ts";
import type { Future } from "./future.ts";

interface OpenRequest {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** An answer with packed values in it, and futures on what they refer to. */
export interface Answered {
  readonly value: unknown;
  readonly futures: ReadonlyMap<ClientTaskId, Future>;
}

export class OpenRequests {
  readonly #open = new Map<number, OpenRequest>();
  readonly #adopt: (grant: Grant) => Future;
  #count = 0;

  /** `adopt` makes a future of a claim that the scheduler entered for us. */
  constructor(adopt: (grant: Grant) => Future) {
    this.#adopt = adopt;
  }

  /**
   * `withdrawn`: `signal` was aborted, and nobody waits for the answer any more. `late`: what to do with the answer if it was on its
   * way already; for requests that are answered even when they are withdrawn.
   */
  open(signal: AbortSignal | undefined, withdrawn: () => void, late: ((value: unknown) => void) | undefined) {
    const number = this.#count++;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#open.set(number, { resolve, reject });
      signal?.addEventListener("abort", () => {
        if (!this.#open.delete(number)) return;
        if (late !== undefined) this.#open.set(number, { resolve: late, reject: () => {} });
        withdrawn();
        reject(signal.reason);
      });
    });
    return { number, answer };
  }

  settle({ number, outcome }: Answer): void {
    const request = this.#open.get(number);
    this.#open.delete(number);
    if ("error" in outcome) request?.reject(decodeError(outcome.error));
    else if (outcome.grants === undefined) request?.resolve(outcome.value);
    else {
      // At once, whoever asked: news of them is in the same batch.
      const futures = new Map(outcome.grants.map((grant) => [grant.id, this.#adopt(grant)]));
      if (request !== undefined) request.resolve({ value: outcome.value, futures } satisfies Answered);
      else for (const future of futures.values()) future.release();
    }
  }

  end(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}
