/** Drives the generators that tasks return: takes one item after the other, for as long as they are wanted. */

import type { Clock } from "../ports/clock.ts";
import { UnserializableError } from "../protocol/errors.ts";
import { measure, typeOf } from "../shipping/measure.ts";
import { takeTransfers } from "../shipping/transfer.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import type { InFlight } from "./in-flight.ts";
import { FLUSH_MS, LONG_MS, SLICE_MS } from "./pacing.ts";
import type { LocalTask, Running } from "./running-task.ts";

/** Items of so many bytes are transferred once they are copied, for a copy made by sending takes twice as long. */
const TRANSFER_FROM = 64 * 1024;

type Items = Iterator<unknown> | AsyncIterator<unknown>;

export class StreamDriver {
  readonly #machine: WorkerMachine;
  readonly #clock: Clock;
  readonly #inFlight: InFlight;
  readonly #send: () => void;
  /** Those that wait for credit, and how to wake them. */
  readonly #asleep = new Map<LocalTask, () => void>();
  #sentMs = 0;
  #isSendDue = false;

  /** `send`: sends what there is to be sent. */
  constructor(machine: WorkerMachine, clock: Clock, inFlight: InFlight, send: () => void) {
    this.#machine = machine;
    this.#clock = clock;
    this.#inFlight = inFlight;
    this.#send = send;
  }

  /** Takes all items of what a task's function returned. Settles with what the generator returns. */
  async drive(running: Running, returned: unknown): Promise<unknown> {
    const { signal } = running;
    let items: Items | undefined;
    let heardMs = this.#clock.now();
    try {
      const opened = open(await returned);
      items = opened;
      for (let count = 0; ; count++) {
        heardMs = await this.#waitForTurn(running, signal, heardMs);
        const beganMs = this.#clock.now();
        items = undefined; // One that throws has ended, and needs no closing.
        const { done, value } = await this.#inFlight.inside(running, () => opened.next());
        if (done === true) return value;
        items = opened;
        this.#give(running.task, value, count, beganMs);
      }
    } catch (error) {
      await this.#close(items, running);
      throw error;
    }
  }

  /** Has a task go on that waits for credit. */
  wake(task: LocalTask): void {
    this.#asleep.get(task)?.();
  }

  /** Settles when the next item may be made, with the time at which the thread listened last. */
  async #waitForTurn(running: Running, signal: AbortSignal, heardMs: number): Promise<number> {
    signal.throwIfAborted();
    if (!this.#machine.mayGoOn(running.task)) {
      // Meanwhile others may have its slot.
      this.#inFlight.wait(running, 1);
      do await this.#sleep(running.task, signal);
      while (!signal.aborted && !this.#machine.mayGoOn(running.task));
      this.#inFlight.wait(running, -1);
    } else if (this.#clock.now() - heardMs < SLICE_MS) return heardMs;
    else {
      this.#flush();
      await new Promise<void>((resolve) => this.#clock.nextTurn(resolve));
    }
    signal.throwIfAborted();
    return this.#clock.now();
  }

  #sleep(task: LocalTask, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#asleep.delete(task);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#asleep.set(task, wake);
      signal.addEventListener("abort", wake);
      this.#flush();
    });
  }

  #give(task: LocalTask, value: unknown, count: number, beganMs: number): void {
    const { item, buffers } = pack(value, count);
    this.#machine.give(task, item, buffers);
    const nowMs = this.#clock.now();
    if (nowMs - beganMs > LONG_MS || nowMs - this.#sentMs > FLUSH_MS) return this.#flush();
    if (this.#isSendDue) return;
    this.#isSendDue = true;
    this.#clock.nextTurn(() => {
      this.#isSendDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    this.#sentMs = this.#clock.now();
    this.#send();
  }

  /** Has the generator clean up. What goes wrong with that is not what its task failed with. */
  async #close(items: Items | undefined, running: Running): Promise<void> {
    try {
      if (items !== undefined) await this.#inFlight.inside(running, () => items.return?.());
    } catch {
      // There is something else to be told.
    }
  }
}

function open(source: unknown): Items {
  const { [Symbol.asyncIterator]: items, [Symbol.iterator]: rest } = Object(source);
  const iterate = (items ?? rest) as (() => Items) | undefined;
  if (typeof source === "object" && typeof iterate === "function") return iterate.call(source);
  throw new TypeError(
    `a stream is made by a generator function, or one that returns an iterable, not ${typeOf(source)}`,
  );
}

/** The item as it is now: the generator may go on with it before it is sent. */
function pack(value: unknown, count: number): { readonly item: unknown; readonly buffers: readonly object[] } {
  const isPlain =
    (typeof value !== "object" || value === null) && typeof value !== "function" && typeof value !== "symbol";
  if (isPlain) return { item: value, buffers: [] };
  const { problem, hasFutures } = measure(value, structuredClone);
  if (problem !== undefined) refuse(`items[${count}]${problem.path}`, `it is ${problem.what}; yield plain data`);
  if (hasFutures) refuse(`items[${count}]`, "there are futures in it; yield their keys, or await their results");
  try {
    const item = structuredClone(value, { transfer: [...(takeTransfers(value) ?? [])] });
    const { nbytes, buffers } = measure(item);
    return { item, buffers: nbytes < TRANSFER_FROM ? [] : [...buffers] };
  } catch (cause) {
    return refuse(`items[${count}]`, `${cause}; yield plain data`, cause);
  }
}

function refuse(path: string, why: string, cause?: unknown): never {
  throw new UnserializableError(`${path} cannot leave the worker: ${why}`, { path }, { cause });
}
