/** worker_threads: Node's threads, from both sides. */

import { parentPort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import type { PlatformThread, ThreadEndpoint } from "../ports/spawner.ts";
import { isGivenUp } from "../protocol/errors.ts";

/**
 * How long a thread waits outside of its event loop. Shorter waits have the kernel set its timer anew, which takes longer than is gained by them.
 * Milliseconds.
 */
const PATIENCE_MS = 5;

/** The owner's side. An idle thread does not keep the process alive. */
export function fromWorker(worker: Worker): PlatformThread {
  // Counts what it is told; it is the first that it is told of.
  const told = new Int32Array(new SharedArrayBuffer(4));
  worker.postMessage(told);
  return {
    postMessage: (message, transfer) => {
      worker.postMessage(message, transfer as never);
      Atomics.add(told, 0, 1);
      Atomics.notify(told, 0);
    },
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
  let told: Int32Array | undefined;
  let hear = (_message: unknown) => {};
  let isDue = false;
  const wait = () => {
    isDue = false;
    for (;;) {
      const before = Atomics.load(told as Int32Array, 0);
      const received = receiveMessageOnPort(port);
      if (received !== undefined) return hear(received.message);
      if (Atomics.wait(told as Int32Array, 0, before, PATIENCE_MS) === "timed-out") return;
    }
  };
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as never),
    onMessage: (listener) => {
      hear = listener;
      port.on("message", (message) => {
        if (told === undefined) told = message;
        else hear(message);
      });
    },
    linger: () => {
      if (isDue) return;
      isDue = true;
      // After what was promised before; what comes of that has to wait until there is a message, or none for a while.
      Promise.resolve().then(wait);
    },
  };
}
