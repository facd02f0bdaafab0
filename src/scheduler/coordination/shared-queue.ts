/** Queue: items in the order in which they were put, given out in the order in which they were asked for. */

import { LinkedMap } from "../../collections/linked-map.ts";
import type { SharedAct, SharedTarget } from "../../protocol/coordination.ts";
import type { KeptValue } from "../kept-value.ts";
import { type Ask, describe, type Limit, type Places, type Shared } from "./shared.ts";

export class SharedQueue implements Shared {
  readonly target: SharedTarget;
  /** Each with its place among all, which nobody else had. */
  readonly #items = new LinkedMap<KeptValue, number>();
  /** Those who wait for items, and for how many. */
  readonly #getters = new LinkedMap<Ask, number>();
  /** Those who wait for room, and with what. */
  readonly #putters = new LinkedMap<Ask, KeptValue>();
  readonly #limit: Limit;
  readonly #drop: (item: KeptValue) => void;
  readonly #places: Places;
  #hasEnded = false;
  #before = -1;
  #after = 0;

  /** `limit`: items at a time. `drop`: they are not to be kept any more. `places`: what is to be told of it. */
  constructor(target: SharedTarget, limit: Limit, drop: (item: KeptValue) => void, places: Places) {
    this.target = target;
    this.#limit = limit;
    this.#drop = drop;
    this.#places = places;
  }

  restore(items: readonly KeptValue[], hasEnded: boolean): void {
    this.#hasEnded = hasEnded;
    this.#tell();
    for (const item of items) this.#append(item);
  }

  hear(ask: Ask, act: SharedAct): void {
    switch (act.type) {
      case "put": {
        if (this.#hasEnded) return ask.refuse(`${describe(this.target)} has ended: nothing can be put into it`);
        const item = ask.keep(act.value, this.target);
        if (item !== undefined) this.#putters.push(ask, item);
        break;
      }
      case "get":
        if (act.count === 0) this.#giveTo(ask, this.#items.size);
        else this.#getters.push(ask, act.count ?? 1);
        break;
      case "put-back":
        for (const value of [...act.values].reverse()) {
          const item = ask.keep(value, this.target);
          if (item === undefined) return;
          this.#tellFirst();
          this.#places()?.put(this.target, item, this.#before);
          this.#items.pushFront(item, this.#before--);
        }
        ask.answer();
        break;
      case "size":
        return ask.answer(this.#items.size);
      case "end":
        this.#hasEnded = true;
        this.#tell();
        ask.answer();
        break;
      default:
        return ask.refuseAct(this.target, act);
    }
    this.wake();
  }

  leave(ask: Ask): void {
    this.#getters.delete(ask);
    const item = this.#putters.get(ask);
    if (item !== undefined) this.#drop(item);
    this.#putters.delete(ask);
  }

  abandon(): void {}

  wake(): void {
    while (this.#takeIn() || this.#giveOut());
  }

  drop(): void {
    for (const [item] of this.#items) {
      this.#places()?.remove(item);
      this.#drop(item);
    }
    for (const [, item] of this.#putters) this.#drop(item);
  }

  get isIdle(): boolean {
    return this.#items.size === 0 && this.#getters.size === 0 && this.#putters.size === 0;
  }

  /** Whoever is next in line to put something does so, if there is room. */
  #takeIn(): boolean {
    const [ask, item] = this.#putters.first() ?? [];
    if (ask === undefined || item === undefined) return false;
    // Who waits for more at once than there may be is not to wait for ever.
    const [, wanted = 0] = this.#getters.first() ?? [];
    if (this.#items.size >= Math.max(this.#limit.most, wanted)) return false;
    this.#putters.delete(ask);
    this.#tellFirst();
    this.#append(item);
    ask.answer();
    return true;
  }

  /** Whoever is next in line to get something does so, if there is enough. */
  #giveOut(): boolean {
    const [ask, wanted = 0] = this.#getters.first() ?? [];
    if (ask === undefined) return false;
    const isLast = this.#hasEnded && this.#putters.size === 0;
    if (this.#items.size < wanted && !isLast) return false;
    this.#getters.delete(ask);
    this.#giveTo(ask, Math.min(wanted, this.#items.size));
    return true;
  }

  #giveTo(ask: Ask, count: number): void {
    const items = Array.from({ length: count }, () => this.#items.shift()?.[0] as KeptValue);
    const hasEnded = count === 0 && this.#hasEnded;
    ask.handOut(items, false, (values) => ({ values, hasEnded }));
    for (const item of items) {
      this.#places()?.remove(item);
      this.#drop(item);
    }
  }

  #append(item: KeptValue): void {
    this.#places()?.put(this.target, item, this.#after);
    this.#items.push(item, this.#after++);
  }

  #tellFirst(): void {
    if (this.#before === -1 && this.#after === 0) this.#tell();
  }

  #tell(): void {
    this.#places()?.describe({ ...this.target, limit: this.#limit.said }, this.#hasEnded);
  }
}
