/** Variable: one value, and those who wait until there is one. */

import type { SharedAct, SharedTarget } from "../../protocol/coordination.ts";
import type { KeptValue } from "../kept-value.ts";
import type { Ask, Places, Shared } from "./shared.ts";

export class SharedVariable implements Shared {
  readonly target: SharedTarget;
  readonly #line = new Set<Ask>();
  readonly #drop: (value: KeptValue) => void;
  readonly #places: Places;
  #value: KeptValue | undefined;

  /** `drop`: it is not to be kept any more. `places`: what is to be told of it. */
  constructor(target: SharedTarget, drop: (value: KeptValue) => void, places: Places) {
    this.target = target;
    this.#drop = drop;
    this.#places = places;
  }

  restore(value: KeptValue | undefined): void {
    this.#value = value;
    if (value !== undefined) this.#places()?.put(this.target, value, 0);
  }

  hear(ask: Ask, act: SharedAct): void {
    switch (act.type) {
      case "get":
        this.#line.add(ask);
        break;
      case "set": {
        const value = ask.keep(act.value ?? { value: undefined, tasks: [] }, this.target);
        if (value === undefined) return;
        this.drop();
        this.restore(value);
        ask.answer();
        break;
      }
      case "clear":
        this.drop();
        ask.answer();
        break;
      default:
        return ask.refuseAct(this.target, act);
    }
    this.wake();
  }

  leave(ask: Ask): void {
    this.#line.delete(ask);
  }

  abandon(): void {}

  wake(): void {
    if (this.#value === undefined) return;
    for (const ask of this.#line) ask.handOut([this.#value], true, ([value]) => value);
    this.#line.clear();
  }

  drop(): void {
    if (this.#value === undefined) return;
    this.#places()?.remove(this.#value);
    this.#drop(this.#value);
    this.#value = undefined;
  }

  get isIdle(): boolean {
    return this.#value === undefined && this.#line.size === 0;
  }
}
