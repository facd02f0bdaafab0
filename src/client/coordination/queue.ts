/** Queue: what some put others get, in order. */

import type { Items } from "../../protocol/coordination.ts";
import { demandCount } from "../../protocol/counts.ts";
import { goByNames } from "../../shipping/own-names.ts";
import { packValue } from "../argument-capture.ts";
import type { Future } from "../future.ts";
import type { Answered } from "../open-requests.ts";
import { arrive } from "./arriving.ts";
import { Handle, type HandleOptions, linkOf, nameAndOptions, type WaitingOptions } from "./handle.ts";
import { Iteration } from "./iteration.ts";

export interface QueueOptions extends HandleOptions {
  /** Items there may be before whoever puts another waits; any number unless said, or if it is 0. Whoever says it must say the same. */
  readonly maxSize?: number | undefined;
}

/**
 * What some put others get: each item once, in order, first come, first served on both sides. Items may be futures, or hold futures; the
 * queue keeps what they stand for, and whoever gets them has them.
 *
 * @example
 * ```ts
 * const jobs = new Queue<string>("jobs", { maxSize: 100 });
 * await jobs.put("index.html");
 * for await (const job of jobs) await work(job); // until jobs.end()
 * ```
 */
export class Queue<T = unknown> extends Handle {
  /** @throws Error if no client is named, and none or several are open. */
  constructor(name?: string | QueueOptions, options?: QueueOptions) {
    const { names, options: given } = nameAndOptions(name, options);
    const limit = given.maxSize === 0 ? Number.POSITIVE_INFINITY : given.maxSize;
    if (limit !== Number.POSITIVE_INFINITY) demandCount("maxSize", limit);
    super({ kind: "queue", names, limit }, given);
  }

  /**
   * Puts something at the end, as it is now; waits while the queue is full.
   *
   * @throws the reason of `signal`; Error if the queue has ended, or the handle is closed. An item may have been put all the same if it was
   * given up in the very moment in which there was room.
   */
  put(item: T, options?: WaitingOptions): Promise<void> {
    const link = linkOf(this);
    return link.run(async () => {
      await link.ask({ type: "put", value: packValue(item, "the item", link.naming) }, options);
    });
  }

  /**
   * Takes the first item; waits until there is one.
   *
   * @throws Error if the queue has ended and nothing is left in it.
   */
  get(options?: WaitingOptions): Promise<T> {
    return linkOf(this).run(async () => {
      const { items, hasEnded } = await this.#take(1, options);
      if (hasEnded) throw new Error(`queue ${this.name} has ended, and nothing is left in it`);
      return items[0] as T;
    });
  }

  /**
   * Takes `count` items, once there are so many; all there are at the moment, be it none, unless said. Of a queue that has ended, it is
   * what is left.
   */
  getBatch(count?: number, options?: WaitingOptions): Promise<T[]> {
    return linkOf(this).run(async () => (await this.#take(demandCount("count", count) ?? 0, options)).items);
  }

  /** How many items are in it. */
  size(): Promise<number> {
    return linkOf(this).ask<number>({ type: "size" });
  }

  /** Nothing more can be put: those who iterate come to an end when all is taken. For all who have a handle on it. */
  async end(): Promise<void> {
    await linkOf(this).ask({ type: "end" });
  }

  /** Takes one item after the other, until the queue has ended or the handle is closed. `signal`, aborted, throws its reason. */
  values({ signal }: WaitingOptions = {}): AsyncIterableIterator<T, undefined, undefined> {
    const pull = async (signal: AbortSignal): Promise<IteratorResult<T, undefined>> => {
      const { items, hasEnded } = await this.#take(1, { signal });
      return hasEnded ? { done: true, value: undefined } : { done: false, value: items[0] as T };
    };
    return new Iteration({ pull, isOver: () => linkOf(this).isClosed, stop: () => {} }, signal);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return this.values();
  }

  async #take(count: number, options: WaitingOptions | undefined) {
    const link = linkOf(this);
    const late = (answer: Answered) => void putBack(link, answer).catch(() => {});
    const answer = await link.ask<Answered>({ type: "get", count }, options, late);
    const { values, hasEnded } = answer.value as Items;
    return { items: (await Promise.all(values.map((value) => arrive(value, answer)))) as T[], hasEnded };
  }
}

/** Items that nobody waits for any more are the first in the queue again. */
async function putBack(link: ReturnType<typeof linkOf>, { value, futures }: Answered): Promise<void> {
  const { values } = value as Items;
  const { naming } = link;
  const packed = values.map(({ value, tasks }) => ({
    value,
    tasks: tasks.map((task) => naming.refer(futures.get(task) as Future)),
  }));
  if (packed.length > 0) {
    const done = link.giveBack({ type: "put-back", values: packed });
    for (const future of futures.values()) future.release();
    await done;
  }
}

goByNames({ Queue });
