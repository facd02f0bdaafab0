/** Event and Barrier: places to wait for something to happen, and for each other. */

import { demandCount } from "../../protocol/counts.ts";
import { goByNames } from "../../shipping/own-names.ts";
import { Handle, type HandleOptions, linkOf, nameAndOptions, type WaitingOptions } from "./handle.ts";

/**
 * Something that has happened or not, and that others wait for.
 *
 * The platform has an `Event` of its own; who needs both imports this one as `import { Event as SharedEvent } from "manyhands"`.
 *
 * @example
 * ```ts
 * const ready = new Event("ready");
 * client.submit(async (ready: Event) => { await prepare(); await ready.set(); }, ready);
 * await ready.wait();
 * ```
 */
export class Event extends Handle {
  /** @throws Error if no client is named, and none or several are open. */
  constructor(name?: string | HandleOptions, options?: HandleOptions) {
    const { names, options: given } = nameAndOptions(name, options);
    super({ kind: "event", names }, given);
  }

  /** Waits until it is set; returns at once while it is. */
  wait(options?: WaitingOptions): Promise<void> {
    return linkOf(this).ask({ type: "wait" }, options);
  }

  /** Lets all who wait go on, and all who come, until it is cleared. */
  set(): Promise<void> {
    return linkOf(this).ask({ type: "set" });
  }

  /** From now on it is to be waited for again. */
  clear(): Promise<void> {
    return linkOf(this).ask({ type: "clear" });
  }

  isSet(): Promise<boolean> {
    return linkOf(this).ask<boolean>({ type: "is-set" });
  }
}

/**
 * A point that nobody passes before so many have come to it. Then it starts anew.
 *
 * One who gives up, or is gone, does not count any more: the others wait for another to come.
 *
 * @example
 * ```ts
 * const barrier = new Barrier("step", 3);
 * await barrier.wait(); // in each of three tasks
 * ```
 */
export class Barrier extends Handle {
  /** @throws RangeError if `parties` is no number that can be waited for. */
  constructor(name: string | undefined, parties: number, options?: HandleOptions) {
    const { names, options: given } = nameAndOptions(name, options);
    const limit = demandCount("parties", parties ?? Number.NaN);
    super({ kind: "barrier", names, limit }, given);
  }

  /** Waits for the others. Returns as how manyeth of them it came, from 0 on: so one of them can do what one has to. */
  wait(options?: WaitingOptions): Promise<number> {
    return linkOf(this).ask<number>({ type: "wait" }, options);
  }
}

goByNames({ Barrier, Event });
