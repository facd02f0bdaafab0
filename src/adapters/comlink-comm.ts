/**
 * Comlink, between a page or process and the threads it owns. Calls go one way only: nothing is exposed to a thread.
 *
 * A call is taken for answered once it is sent. The answers would say nothing, and each would wake the owner: what goes wrong in
 * the thread, the thread says itself, and what it has to tell are messages of the protocol.
 */

import * as Comlink from "comlink";
import type { Comm } from "../ports/comm.ts";
import type { ThreadEndpoint, WorkerSetup } from "../ports/spawner.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type {
  SchedulerToWorkerMessage,
  WorkerExiting,
  WorkerMessage,
  WorkerReady,
} from "../protocol/worker-messages.ts";

/** What a thread lets its owner call. Every call carries a batch. */
export interface WorkerThread {
  start(setup: WorkerSetup): void;
  deliver(messages: readonly SchedulerToWorkerMessage[]): void;
  link(peer: WorkerAddress, port: object): void;
}

/** A call as Comlink sends it. */
interface ComlinkCall {
  readonly id: string;
  readonly type: string;
  readonly path: readonly string[];
  readonly argumentList: readonly { readonly type: string; readonly value: unknown }[];
}

/**
 * What travels for a call: of `deliver`, which nearly all are, only its argument, and Comlink's wrapping is put around it again at
 * the other end. To be cloned, the wrapping takes longer than a small batch: its arrays have holes, as far as the clone can tell.
 */
function shorten(call: ComlinkCall): unknown {
  const [argument] = call.argumentList;
  return call.path[0] === "deliver" && argument?.type === "RAW" ? argument.value : call;
}

function lengthen(word: unknown): unknown {
  if (!Array.isArray(word)) return word;
  return {
    id: "0",
    type: "APPLY",
    path: ["deliver"],
    argumentList: [{ type: "RAW", value: word }],
  } satisfies ComlinkCall;
}

/** Anything a thread says that is not Comlink's. */
export type ThreadWord = readonly WorkerMessage[] | WorkerReady | WorkerExiting;

/** The owner's end of a conversation with a worker in a thread. */
export class ThreadComm implements Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]> {
  readonly closed: Promise<string>;
  readonly ready: Promise<WorkerReady>;
  readonly #remote: Comlink.Remote<WorkerThread>;
  // Each property read makes a proxy and registers it for collection, so it is read once.
  readonly #deliver: (messages: readonly SchedulerToWorkerMessage[]) => Promise<void>;
  #settleClosed: (reason: string) => void = () => {};
  #settleReady: (word: WorkerReady) => void = () => {};
  #failReady: (error: Error) => void = () => {};
  #onMessage: ((messages: readonly WorkerMessage[]) => void) | undefined;
  #held: (readonly WorkerMessage[])[] = [];
  #isClosed = false;
  /** What the platform refused to send, within the call that asked for it: Comlink only tells later. */
  #refusal: { readonly error: unknown } | undefined;

  constructor(endpoint: ThreadEndpoint) {
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = resolve;
      this.#failReady = reject;
    });
    this.ready.catch(() => {});
    let answer: (event: MessageEvent) => void = () => {};
    this.#remote = Comlink.wrap<WorkerThread>({
      postMessage: (message: ComlinkCall, transfer) => {
        try {
          endpoint.postMessage(shorten(message), transfer ?? []);
        } catch (error) {
          this.#refusal = { error };
        }
        answer({ data: { id: message.id, type: "RAW", value: undefined } } as MessageEvent);
      },
      addEventListener: (_type, listener) => {
        answer = listener as typeof answer;
      },
      removeEventListener: () => {},
    });
    this.#deliver = this.#remote.deliver as (messages: readonly SchedulerToWorkerMessage[]) => Promise<void>;
    endpoint.onMessage((message) => this.#hear(message as ThreadWord));
  }

  start(setup: WorkerSetup): void {
    this.#remote.start(setup);
  }

  link(peer: WorkerAddress, port: object): void {
    this.#remote.link(peer, Comlink.transfer(port, [port as Transferable]));
  }

  send(messages: readonly SchedulerToWorkerMessage[], transfer: readonly object[] = []): void {
    if (this.#isClosed) return;
    const batch = transfer.length === 0 ? messages : Comlink.transfer(messages as object, transfer as Transferable[]);
    this.#deliver(batch as readonly SchedulerToWorkerMessage[]);
    const refusal = this.#refusal;
    if (refusal === undefined) return;
    this.#refusal = undefined;
    throw refusal.error;
  }

  listen(onMessage: (messages: readonly WorkerMessage[]) => void): void {
    this.#onMessage = onMessage;
    for (const messages of this.#held.splice(0)) onMessage(messages);
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#failReady(new Error(reason));
    this.#settleClosed(reason);
  }

  #hear(word: ThreadWord): void {
    if (this.#isClosed) return;
    if (Array.isArray(word)) {
      if (this.#onMessage === undefined) this.#held.push(word);
      else this.#onMessage(word);
      return;
    }
    const { type } = word as WorkerReady | WorkerExiting;
    if (type === "ready") this.#settleReady(word as WorkerReady);
    else if (type === "exiting") this.close((word as WorkerExiting).reason);
  }
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
  const { start, deliver, link } = worker;
  Comlink.expose(
    { start: guarded(start), deliver: guarded(deliver), link: guarded(link) },
    {
      postMessage: () => {},
      addEventListener: (_type, listener) => {
        endpoint.onMessage((word) =>
          (listener as (event: MessageEvent) => void)({ data: lengthen(word) } as MessageEvent),
        );
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
    this.#endpoint.postMessage(messages, transfer);
  }

  listen(onMessage: (messages: readonly SchedulerToWorkerMessage[]) => void): void {
    this.#onMessage = onMessage;
    for (const messages of this.#held.splice(0)) onMessage(messages);
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
