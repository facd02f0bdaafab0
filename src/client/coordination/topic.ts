/** Topic: what is published reaches everybody who reads. */

import type { Published } from "../../protocol/coordination.ts";
import { demandCount } from "../../protocol/counts.ts";
import { goByNames } from "../../shipping/own-names.ts";
import { captureWithFutures } from "../argument-capture.ts";
import { giveUpOn } from "../future.ts";
import { unshare } from "./arriving.ts";
import { Handle, type HandleOptions, linkOf, nameAndOptions, type WaitingOptions } from "./handle.ts";
import { Iteration } from "./iteration.ts";

export interface TopicOptions extends HandleOptions {
  /** How many of the last publications are kept for those to come; 1000 unless said. Whoever says it must say the same. */
  readonly history?: number | undefined;
}

export interface ReadingOptions extends WaitingOptions {
  /** Begin with what is still kept, rather than with what is published from now on. */
  readonly history?: boolean | undefined;
}

/** Readers so far: each has a number among those of its client. */
let readers = 0;

/**
 * What is published reaches everybody who reads at the time, each at its own pace.
 *
 * @example
 * ```ts
 * const news = new Topic<string>("news");
 * for await (const each of news) show(each);
 * ```
 */
export class Topic<T = unknown> extends Handle {
  /** @throws Error if no client is named, and none or several are open. */
  constructor(name?: string | TopicOptions, options?: TopicOptions) {
    const { names, options: given } = nameAndOptions(name, options);
    super({ kind: "topic", names, limit: demandCount("history", given.history) }, given);
  }

  /** Publishes something, as it is now. It may not hold futures. */
  async publish(message: T): Promise<void> {
    const { value, futures } = captureWithFutures(message, "the message");
    if (futures.length > 0) {
      throw new TypeError(
        "what is published is for whoever reads, and nobody would keep the futures in it: put them into a Queue",
      );
    }
    await linkOf(this).ask({ type: "publish", value });
  }

  /** What was published last, as far as it is kept. */
  async history(): Promise<T[]> {
    const { values } = await linkOf(this).ask<Published>({ type: "history" });
    return unshare(values) as T[];
  }

  /**
   * What is published from the call on, until the loop is left or the handle closed; `signal`, aborted, throws its reason. A reader
   * that falls very far behind misses the oldest, and is warned.
   */
  values({ signal, history = false }: ReadingOptions = {}): AsyncIterableIterator<T, undefined, undefined> {
    const link = linkOf(this);
    const reader = readers++;
    let read: readonly unknown[] = [];
    let at = 0;
    const more = (signal?: AbortSignal) =>
      link.ask<Published>({ type: "read", reader, fromStart: history }, { signal });
    // Asked for at once, so that what is published right after the call is heard.
    let first: Promise<Published> | undefined = more(signal);
    first.catch(() => {});
    const pull = async (signal: AbortSignal): Promise<IteratorResult<T, undefined>> => {
      while (at === read.length) {
        const { values, missed } = await (first === undefined ? more(signal) : giveUpOn(signal, first));
        first = undefined;
        if (missed > 0) this.#warn(missed);
        read = values;
        at = 0;
      }
      return { done: false, value: unshare(read[at++]) as T };
    };
    const stop = () => void link.giveBack({ type: "stop-reading", reader }).catch(() => {});
    return new Iteration({ pull, isOver: () => linkOf(this).isClosed, stop }, signal);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return this.values();
  }

  #warn(missed: number): void {
    console.warn(`manyhands: a reader of topic ${this.name} was too slow, and missed ${missed} messages`);
  }
}

goByNames({ Topic });
