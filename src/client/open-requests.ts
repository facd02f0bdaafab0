/** Questions that the scheduler has not answered yet. */

import type { Answer } from "../protocol/client-messages.ts";
import { decodeError } from "../protocol/errors.ts";

interface OpenRequest {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export class OpenRequests {
  readonly #open = new Map<number, OpenRequest>();
  #count = 0;

  /** `withdrawn`: `signal` was aborted, and nobody waits for the answer any more. */
  open(signal: AbortSignal | undefined, withdrawn: () => void) {
    const number = this.#count++;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#open.set(number, { resolve, reject });
      signal?.addEventListener("abort", () => {
        if (!this.#open.delete(number)) return;
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
    else request?.resolve(outcome.value);
  }

  end(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}
