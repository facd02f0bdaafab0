/** Web Workers: the threads of pages, from both sides. */

import type { PlatformThread, ThreadEndpoint } from "../ports/spawner.ts";
import { isGivenUp } from "../protocol/errors.ts";
import type { WorkerExiting } from "../protocol/worker-messages.ts";

/** The owner's side. What a thread does not catch ends it, as in Node: a task that waits for what threw would wait for ever. */
export function fromWorker(worker: Worker): PlatformThread {
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer as Transferable[]),
    onMessage: (hear) => worker.addEventListener("message", ({ data }) => hear(data)),
    onEnd: (ended) => {
      let isOver = false;
      const end = (reason: string) => {
        if (isOver) return;
        isOver = true;
        ended(reason);
      };
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        end(event.message || "its file could not be loaded");
      });
      worker.addEventListener("messageerror", () => end("a message could not be read"));
    },
    terminate: () => worker.terminate(),
  };
}

/** Starts a worker from its text. */
export function fromText(text: string): Worker {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.addEventListener("message", () => URL.revokeObjectURL(url), { once: true });
  return worker;
}

/**
 * The thread's side. Platforms tell nobody when a worker ends itself, and little of what it rejects unheard, so its owner is told; but
 * waits of tasks that nobody wants any more may end unheard.
 */
export function toOwner(): ThreadEndpoint {
  const scope = globalThis as unknown as {
    postMessage(message: unknown, transfer?: readonly object[]): void;
    addEventListener(
      type: string,
      listener: (event: { readonly data?: unknown; readonly reason?: unknown; preventDefault(): void }) => void,
    ): void;
    close(): void;
  };
  const close = scope.close.bind(scope);
  const exit = (reason: string) => {
    scope.postMessage({ type: "exiting", reason } satisfies WorkerExiting);
    close();
  };
  scope.close = () => exit("it called close()");
  scope.addEventListener("unhandledrejection", (event) => {
    if (isGivenUp(event.reason)) event.preventDefault();
    else exit(`unhandled rejection: ${String(event.reason)}`);
  });
  return {
    postMessage: (message, transfer) => scope.postMessage(message, transfer),
    onMessage: (hear) => scope.addEventListener("message", ({ data }) => hear(data)),
  };
}
