/** worker_threads: Node's threads, from both sides. */

import { parentPort, type Worker } from "node:worker_threads";
import type { PlatformThread, ThreadEndpoint } from "../ports/spawner.ts";
import { isGivenUp } from "../protocol/errors.ts";

/** The owner's side. An idle thread does not keep the process alive. */
export function fromWorker(worker: Worker): PlatformThread {
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer as never),
    onMessage: (hear) => {
      worker.on("message", hear);
      worker.unref(); // Having a listener counts as a reason to stay.
    },
    onEnd: (ended) => {
      let isOver = false;
      const end = (reason: string) => {
        if (isOver) return;
        isOver = true;
        ended(reason);
      };
      worker.on("error", (error: unknown) => end(error instanceof Error ? error.message : String(error)));
      worker.on("messageerror", (error) => end(`a message could not be read: ${error.message}`));
      worker.on("exit", (code) => end(`its thread ended with exit code ${code}`));
    },
    lookInto: async () => (await import("./worker-thread-stacks.ts")).threadStack(worker),
    terminate: () => {
      void worker.terminate();
    },
  };
}

/** The thread's side. What is rejected unheard ends it, but for waits of tasks that nobody wants any more. */
export function toOwner(): ThreadEndpoint {
  const port = parentPort;
  if (port === null) throw new Error("this file is for manyhands to start in a worker_thread");
  process.on("unhandledRejection", (reason) => {
    if (!isGivenUp(reason)) throw reason;
  });
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as never),
    onMessage: (hear) => port.on("message", hear),
  };
}
