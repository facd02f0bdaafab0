/**
 * Comlink, between a page or process and the threads it owns: the owner's end. Calls go one way only: nothing is exposed to a thread.
 * It is loaded while the first threads are being started.
 *
 * A call is taken for answered once it is sent. The answers would say nothing, and each would wake the owner: what goes wrong in
 * the thread, the thread says itself, and what it has to tell are messages of the protocol.
 */

import type { Remote } from "comlink";
import type { Comm } from "../ports/comm.ts";
import type { ThreadEndpoint, WayElsewhere, WorkerSetup } from "../ports/spawner.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import { lengthenReports, shortenOrders } from "../protocol/short-batches.ts";
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
  link(peer: WorkerAddress, port: object, way: WayElsewhere | undefined): void;
}

type Calls = typeof import("comlink");

/** A call as Comlink sends it. */
export interface ComlinkCall {
  readonly id: string;
  readonly type: string;
  readonly path: readonly string[];
  readonly argumentList: readonly { readonly type: string; readonly value: unknown }[];
}

/**
 * What travels for a call: of `deliver` only its argument, and Comlink's wrapping is put around it again at the other end (`comlink-thread.ts`). To
 * be cloned, the wrapping takes longer than a small batch: its arrays have holes, as far as the clone can tell.
 */
function shorten(call: ComlinkCall): unknown {
  return call.path[0] === "deliver" ? call.argumentList[0]?.value : call;
}

/** Anything a thread says that is not Comlink's. */
export type ThreadWord = readonly WorkerMessage[] | WorkerReady | WorkerExiting;

/** The owner's end of a conversation with a worker in a thread. */
export class ThreadComm implements Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]> {
  readonly closed: Promise<string>;
  /** Settles when the thread can be called. */
  readonly ready: Promise<WorkerReady>;
  /** Undefined once it is closed. */
  #endpoint: ThreadEndpoint | undefined;
  #comlink: Calls | undefined;
  #remote: Remote<WorkerThread> | undefined;
  // Each property read makes a proxy and registers it for collection, so it is read once.
  #deliver: ((messages: readonly SchedulerToWorkerMessage[]) => Promise<void>) | undefined;
  #settleClosed: (reason: string) => void = () => {};
  #settleReady: (word: WorkerReady) => void = () => {};
  #failReady: (error: Error) => void = () => {};
  #onMessage: ((messages: readonly WorkerMessage[]) => void) | undefined;
  #held: (readonly WorkerMessage[])[] = [];
  /** What the platform refused to send, within the call that asked for it: Comlink only tells later. */
  #refusal: { readonly error: unknown } | undefined;

  constructor(endpoint: ThreadEndpoint) {
    this.#endpoint = endpoint;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    const word = new Promise<WorkerReady>((resolve, reject) => {
      this.#settleReady = resolve;
      this.#failReady = reject;
    });
    const wrapped = import("comlink").then((comlink) => this.#wrap(comlink));
    wrapped.catch((error) => this.close(`Comlink could not be loaded: ${error.message}`));
    this.ready = Promise.all([word, wrapped]).then(([word]) => word);
    this.ready.catch(() => {});
    endpoint.onMessage((message) => this.#hear(message as ThreadWord));
  }

  #wrap(comlink: Calls): void {
    if (this.#endpoint === undefined) return;
    let answer: (event: MessageEvent) => void = () => {};
    this.#comlink = comlink;
    this.#remote = comlink.wrap<WorkerThread>({
      postMessage: (message: ComlinkCall, transfer) => {
        try {
          // Comlink has a last word once there are no proxies any more.
          this.#endpoint?.postMessage(shorten(message), transfer ?? []);
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
  }

  start(setup: WorkerSetup): void {
    this.#remote?.start(setup);
  }

  link(peer: WorkerAddress, port: object, way: WayElsewhere | undefined): void {
    this.#remote?.link(peer, (this.#comlink as Calls).transfer(port, [port as Transferable]), way);
    this.#demandSent();
  }

  send(messages: readonly SchedulerToWorkerMessage[], transfer: readonly object[] = []): void {
    if (this.#endpoint === undefined || this.#deliver === undefined) return;
    const row = shortenOrders(messages);
    // A single block needs no wrapping at either end, which would take longer than all else that is done for a single task.
    if (row !== messages) return this.#endpoint.postMessage(row, transfer);
    if (transfer.length > 0) this.#comlink?.transfer(messages as object, transfer as Transferable[]); // Noted of them.
    this.#deliver(messages);
    this.#demandSent();
  }

  /** @throws what the platform said when it refused to send. */
  #demandSent(): void {
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
    if (this.#endpoint === undefined) return;
    this.#held = [];
    this.#endpoint = undefined;
    // Comlink holds on to the endpoint, and by way of that to all that is left of the thread, for as long as there are proxies of it.
    this.#remote = undefined;
    this.#deliver = undefined;
    this.#failReady(new Error(reason));
    this.#settleClosed(reason);
  }

  #hear(word: ThreadWord): void {
    if (this.#endpoint === undefined) return;
    if (Array.isArray(word)) {
      const messages = lengthenReports(word) as readonly WorkerMessage[];
      if (this.#onMessage === undefined) this.#held.push(messages);
      else this.#onMessage(messages);
      return;
    }
    const { type } = word as WorkerReady | WorkerExiting;
    if (type === "ready") this.#settleReady(word as WorkerReady);
    else if (type === "exiting") this.close((word as WorkerExiting).reason);
  }
}
