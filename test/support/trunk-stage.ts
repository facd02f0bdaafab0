/** Two trunks with a link between that the test moves: message by message, cut, and joined again. */
import { MemoryWire } from "../../src/adapters/memory-wire.ts";
import type { Trunk } from "../../src/runtime/trunk.ts";
import type { Random } from "./random.ts";

/** Lets happen what needs neither time nor the link. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await undefined;
}

export class Link {
  readonly left: Trunk;
  readonly right: Trunk;
  /** On their way from the left and from the right. */
  readonly #onTheWay: [(() => void)[], (() => void)[]] = [[], []];
  #wires: readonly [MemoryWire, MemoryWire] | undefined;

  constructor(left: Trunk, right: Trunk) {
    this.left = left;
    this.right = right;
  }

  get isUp(): boolean {
    return this.left.isAttached && this.right.isAttached;
  }

  get isEmpty(): boolean {
    return this.#onTheWay.every((queue) => queue.length === 0);
  }

  /** Joins the ends with a new wire, as a handshake would: each lets go of the old one before it says how much it has. */
  join(maxMessageBytes = 2 ** 16): void {
    const counts = [this.left.detach("joined anew"), this.right.detach("joined anew")] as const;
    for (const queue of this.#onTheWay) queue.length = 0;
    const [left, right] = this.#onTheWay.map(
      (queue) => new MemoryWire({ maxMessageBytes, carry: (arrive) => queue.push(arrive) }),
    ) as [MemoryWire, MemoryWire];
    left.connect(right);
    right.connect(left);
    this.#wires = [left, right];
    this.left.attach(left, counts[1]);
    this.right.attach(right, counts[0]);
  }

  /** What is on its way is lost; both ends learn that the wire is gone. */
  async cut(): Promise<void> {
    for (const queue of this.#onTheWay) queue.length = 0;
    this.#wires?.[0].cut("cut");
    await settle();
  }

  /** Up to `count` messages arrive, from one side or the other. */
  async move(count: number, random?: Random): Promise<void> {
    for (let i = 0; i < count && !this.isEmpty; i++) {
      const queues = this.#onTheWay.filter((queue) => queue.length > 0);
      const queue = random === undefined ? queues[i % queues.length] : random.pick(queues);
      queue?.shift()?.();
      await settle();
    }
  }

  /** All arrives, and all that is said thereupon. */
  async drain(): Promise<void> {
    await settle();
    while (!this.isEmpty) await this.move(1_000);
  }
}
