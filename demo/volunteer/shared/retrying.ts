/** Tries something until it succeeds, is given up, or fails for good; waits longer each time, and says how long still. */

const FIRST_WAIT_S = 2;
const LAST_WAIT_S = 30;

export class Retrying {
  /** Seconds until the next attempt; undefined while there is none to come. */
  secondsLeft: number | undefined;
  readonly #changed: () => void;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #act: () => void = () => {};

  /** `changed` is called whenever what it says is another. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Calls `act` after a while. */
  again(act: () => void): void {
    this.stop();
    this.#act = act;
    // Those that lost the same server at the same moment should not all come back at the same.
    const chance = 0.75 + Math.random() / 2;
    this.secondsLeft = Math.max(1, Math.round(Math.min(LAST_WAIT_S, FIRST_WAIT_S * 2 ** this.#attempts++) * chance));
    this.#count();
  }

  #count(): void {
    this.#timer = setTimeout(() => {
      this.secondsLeft = (this.secondsLeft ?? 1) - 1;
      if (this.secondsLeft <= 0) this.now();
      else this.#count();
    }, 1000);
    this.#changed();
  }

  /** Does not wait any longer. Without anything to come, nothing happens. */
  now(): void {
    if (this.secondsLeft === undefined) return;
    this.stop();
    this.#act();
  }

  /** Nothing is to come. */
  stop(): void {
    clearTimeout(this.#timer);
    this.secondsLeft = undefined;
    this.#changed();
  }

  /** It has succeeded: the next time one begins with short waits again. */
  succeeded(): void {
    this.stop();
    this.#attempts = 0;
  }
}
