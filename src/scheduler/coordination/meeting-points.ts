/** Events, which all wait for, and barriers, at which all wait for each other. */

import type { SharedAct, SharedTarget } from "../../protocol/coordination.ts";
import type { Ask, Limit, Places, Shared } from "./shared.ts";

export class SharedEvent implements Shared {
  readonly target: SharedTarget;
  readonly #line = new Set<Ask>();
  readonly #places: Places;
  #isSet = false;

  /** `places`: what is to be told of it. */
  constructor(target: SharedTarget, places: Places) {
    this.target = target;
    this.#places = places;
  }

  restore(isSet: boolean): void {
    this.#isSet = isSet;
    this.#places()?.describe(this.target, isSet);
  }

  hear(ask: Ask, act: SharedAct): void {
    switch (act.type) {
      case "wait":
        this.#line.add(ask);
        this.wake();
        return;
      case "set":
      case "clear":
        this.restore(act.type === "set");
        ask.answer();
        this.wake();
        return;
      case "is-set":
        return ask.answer(this.#isSet);
      default:
        return ask.refuseAct(this.target, act);
    }
  }

  leave(ask: Ask): void {
    this.#line.delete(ask);
  }

  abandon(): void {}

  wake(): void {
    if (!this.#isSet) return;
    for (const ask of this.#line) ask.answer();
    this.#line.clear();
  }

  drop(): void {}

  get isIdle(): boolean {
    return !this.#isSet && this.#line.size === 0;
  }
}

/** Those who wait go on together when they are enough; then it starts anew. Each is told as how manyeth it came. */
export class SharedBarrier implements Shared {
  readonly target: SharedTarget;
  readonly #line = new Set<Ask>();
  readonly #limit: Limit;

  /** `limit`: how many they have to be. */
  constructor(target: SharedTarget, limit: Limit) {
    this.target = target;
    this.#limit = limit;
  }

  hear(ask: Ask, act: SharedAct): void {
    if (act.type !== "wait") return ask.refuseAct(this.target, act);
    this.#line.add(ask);
    this.wake();
  }

  leave(ask: Ask): void {
    this.#line.delete(ask);
  }

  abandon(): void {}

  wake(): void {
    if (this.#line.size < this.#limit.most) return;
    let place = 0;
    for (const ask of this.#line) ask.answer(place++);
    this.#line.clear();
  }

  drop(): void {}

  get isIdle(): boolean {
    return this.#line.size === 0;
  }
}
