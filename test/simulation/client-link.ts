/** The conversation of a simulated client with the scheduler, which takes its time. */
import type { Comm } from "../../src/ports/comm.ts";
import { Wire, type World } from "./world.ts";

/** Two ends; what one sends the other hears later, as a copy. */
export function slowComm<A, B>(world: World, slownessMs: number): readonly [Comm<A, B>, Comm<B, A>] {
  const left = new SlowComm<A, B>(world, slownessMs);
  const right = new SlowComm<B, A>(world, slownessMs);
  left.other = right;
  right.other = left;
  return [left, right];
}

class SlowComm<Out, In> implements Comm<Out, In> {
  readonly closed: Promise<string>;
  other: SlowComm<In, Out> | undefined;
  readonly #world: World;
  readonly #wire: Wire;
  #close: (reason: string) => void = () => {};
  #hear: (message: In) => void = () => {};
  #isClosed = false;

  constructor(world: World, slownessMs: number) {
    this.#world = world;
    this.#wire = new Wire(world, slownessMs);
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  send(message: Out): void {
    if (this.#isClosed) return;
    const copy = structuredClone(message);
    this.#wire.carry(this.#world.nowMs, () => this.other?.arrive(copy));
  }

  arrive(message: In): void {
    if (!this.#isClosed) this.#hear(message);
  }

  listen(hear: (message: In) => void): void {
    this.#hear = hear;
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.end(reason);
    this.#wire.carry(this.#world.nowMs, () => this.other?.end(reason));
  }

  end(reason: string): void {
    this.#isClosed = true;
    this.#close(reason);
  }
}
