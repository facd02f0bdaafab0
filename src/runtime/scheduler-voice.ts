/** Asks the scheduler things as clients do, on behalf of the cluster itself. */

import type { Comm } from "../ports/comm.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import type { Request } from "../protocol/requests.ts";

interface Open {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export class SchedulerVoice {
  readonly #comm: Comm<readonly ClientMessage[], News>;
  readonly #open = new Map<number, Open>();
  #count = 0;
  #closed: Error | undefined;

  constructor(comm: Comm<readonly ClientMessage[], News>) {
    this.#comm = comm;
    comm.listen(({ messages }) => {
      for (const message of messages) {
        if (message.type !== "answer") continue;
        const { number, outcome } = message;
        if ("error" in outcome) this.#open.get(number)?.reject(outcome.error);
        else this.#open.get(number)?.resolve(outcome.value);
        this.#open.delete(number);
      }
    });
    comm.closed.then((reason) => {
      this.#closed = new Error(reason);
      for (const { reject } of this.#open.values()) reject(this.#closed);
      this.#open.clear();
    });
  }

  /** Rejects with the reason of `signal`, and takes the question back, if it is given up. */
  ask(request: Request, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      if (signal?.aborted) return reject(signal.reason);
      const number = this.#count++;
      this.#open.set(number, { resolve, reject });
      signal?.addEventListener("abort", () => {
        if (!this.#open.delete(number)) return;
        this.#comm.send([{ type: "withdraw-request", number }]);
        reject(signal.reason);
      });
      this.#comm.send([{ type: "request", number, request }]);
    });
  }
}
