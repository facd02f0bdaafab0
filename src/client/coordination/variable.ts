/** Variable: a value that everybody in the cluster can set and get. */

import type { HandedValue } from "../../protocol/packed-value.ts";
import { goByNames } from "../../shipping/own-names.ts";
import { packValue } from "../argument-capture.ts";
import type { Answered } from "../open-requests.ts";
import { arrive } from "./arriving.ts";
import { Handle, type HandleOptions, linkOf, nameAndOptions, type WaitingOptions } from "./handle.ts";

/**
 * A value that everybody in the cluster can set and get. It may be a future, or hold futures, and keeps what they stand for.
 *
 * @example
 * ```ts
 * const threshold = new Variable<number>("threshold");
 * await threshold.set(0.5);
 * await threshold.get(); // 0.5, anywhere
 * ```
 */
export class Variable<T = unknown> extends Handle {
  /** @throws Error if no client is named, and none or several are open. */
  constructor(name?: string | HandleOptions, options?: HandleOptions) {
    const { names, options: given } = nameAndOptions(name, options);
    super({ kind: "variable", names }, given);
  }

  /** Captures `value` now, in place of what it was before. */
  async set(value: T): Promise<void> {
    const link = linkOf(this);
    await link.ask({ type: "set", value: packValue(value, "the value", link.naming) });
  }

  /** The value, as a copy of its own; waits until there is one. */
  get(options?: WaitingOptions): Promise<T> {
    const link = linkOf(this);
    return link.run(async () => {
      const answer = await link.ask<Answered>({ type: "get" }, options);
      return (await arrive(answer.value as HandedValue, answer)) as T;
    });
  }

  /** Takes the value away: whoever gets it waits until it is set again. */
  async delete(): Promise<void> {
    await linkOf(this).ask({ type: "clear" });
  }
}

goByNames({ Variable });
