/** Comlink, between a page or process and the threads it owns: the thread's end. See `comlink-comm.ts`. */

import * as Comlink from "comlink";
import type { Comm } from "../ports/comm.ts";
import type { ThreadEndpoint } from "../ports/spawner.ts";
import { lengthenOrders, shortenReports } from "../protocol/short-batches.ts";
import type {
  SchedulerToWorkerMessage,
  WorkerExiting,
  WorkerMessage,
  WorkerReady,
} from "../protocol/worker-messages.ts";
import type { ComlinkCall, WorkerThread } from "./comlink-comm.ts";

/** Puts Comlink's wrapping around what travelled without. */
function lengthen(word: unknown): unknown {
  if (!Array.isArray(word)) return word;
  const argumentList = [{ type: "RAW", value: word }];
  return { id: "0", type: "APPLY", path: ["deliver"], argumentList } satisfies ComlinkCall;
}

/** The thread's end: lets its owner call `worker`, and says that it is ready. A worker that throws cannot be trusted to go on. */
export function exposeWorker(endpoint: ThreadEndpoint, worker: WorkerThread, canCompile: boolean): void {
  const guarded =
    <A extends readonly unknown[]>(call: (...args: A) => void) =>
    (...args: A): void => {
      try {
        call(...args);
      } catch (error) {
        const reason = `its worker failed: ${error instanceof Error ? error.message : String(error)}`;
        endpoint.postMessage({ type: "exiting", reason } satisfies WorkerExiting, []);
      }
    };
  const { start, link } = worker;
  const deliver = guarded(worker.deliver);
  Comlink.expose(
    { start: guarded(start), deliver, link: guarded(link) },
    {
      postMessage: () => {},
      addEventListener: (_type, listener) => {
        endpoint.onMessage((word) => {
          const order = Array.isArray(word) ? lengthenOrders(word) : word;
          // A row, which its owner has sent without Comlink: see there.
          if (order !== word) deliver(order as readonly SchedulerToWorkerMessage[]);
          else (listener as (event: MessageEvent) => void)({ data: lengthen(word) } as MessageEvent);
        });
      },
      removeEventListener: () => {},
    },
  );
  endpoint.postMessage({ type: "ready", canCompile } satisfies WorkerReady, []);
}

/** The thread's end as its worker sees it. */
export class OwnerComm implements Comm<readonly WorkerMessage[], readonly SchedulerToWorkerMessage[]> {
  /** Never settles: a thread does not outlive its owner. */
  readonly closed = new Promise<string>(() => {});
  readonly #endpoint: ThreadEndpoint;
  #onMessage: ((messages: readonly SchedulerToWorkerMessage[]) => void) | undefined;
  #held: (readonly SchedulerToWorkerMessage[])[] = [];

  constructor(endpoint: ThreadEndpoint) {
    this.#endpoint = endpoint;
  }

  send(messages: readonly WorkerMessage[], transfer: readonly object[] = []): void {
    this.#endpoint.postMessage(shortenReports(messages), transfer);
  }

  listen(onMessage: (messages: readonly SchedulerToWorkerMessage[]) => void): void {
    this.#onMessage = onMessage;
    for (const messages of this.#held.splice(0)) onMessage(messages);
  }

  linger(): void {
    this.#endpoint.linger?.();
  }

  /** To be called with each batch that the owner delivers. */
  deliver(messages: readonly SchedulerToWorkerMessage[]): void {
    if (this.#onMessage === undefined) this.#held.push(messages);
    else this.#onMessage(messages);
  }

  close(reason: string): void {
    this.#endpoint.postMessage({ type: "exiting", reason } satisfies WorkerExiting, []);
  }
}
