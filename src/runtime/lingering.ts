/**
 * Lingering: of a program that waits for each task before it submits the next, a thread hears sooner outside of its event loop, where it waits for its
 * owner alone. So a thread that has nothing to do, and of which nobody else can want anything, waits there for what is likely to come at once.
 */

/** What comes so soon makes it likely that more will. Milliseconds. */
const NEAR_MS = 1;
/** So often on end. */
const OFTEN = 8;
/** In between, its event loop has a turn at least so often, for whatever else may go on in the thread. Milliseconds. */
const STRETCH_MS = 2;

export class Lingering {
  #idleSinceMs = Number.NEGATIVE_INFINITY;
  #turnedMs = Number.NEGATIVE_INFINITY;
  #near = 0;

  /** It had nothing to do until `beganMs`, and has nothing to do now. Whether it is to wait for what comes next, and for that alone. */
  isDue(beganMs: number, nowMs: number): boolean {
    this.#near = beganMs - this.#idleSinceMs < NEAR_MS ? this.#near + 1 : 0;
    this.#idleSinceMs = nowMs;
    if (this.#near < OFTEN) return false;
    if (nowMs - this.#turnedMs < STRETCH_MS) return true;
    this.#turnedMs = nowMs;
    return false;
  }
}
