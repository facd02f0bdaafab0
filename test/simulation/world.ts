/** A world of its own: what time it is there, what happens next, and what has happened. */
import { Random } from "../support/random.ts";

interface Happening {
  readonly atMs: number;
  readonly number: number;
  readonly happen: () => void;
}

export class World {
  readonly random: Random;
  /** For what only some worlds know, so that the others stay as they were. */
  readonly whims: Random;
  /** What has happened, one line each; only kept if somebody wants to read it. */
  readonly story: string[] | undefined;
  #nowMs = 0;
  #count = 0;
  /** A heap; what is due first comes first, and of what is due at once, what was planned first. */
  readonly #agenda: Happening[] = [];

  constructor(seed: number, tellsStory: boolean) {
    this.random = new Random(seed);
    this.whims = new Random(seed + 0x5eed);
    this.story = tellsStory ? [] : undefined;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  tell(line: () => string, atMs = this.#nowMs): void {
    this.story?.push(`${atMs.toFixed(3).padStart(10)}  ${line()}`);
  }

  at(atMs: number, happen: () => void): void {
    const agenda = this.#agenda;
    const item = { atMs: Math.max(atMs, this.#nowMs), number: this.#count++, happen };
    let at = agenda.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const above = agenda[(at - 1) >> 1] as Happening;
      if (!isBefore(item, above)) break;
      agenda[at] = above;
    }
    agenda[at] = item;
  }

  /** Lets the next thing happen. False if nothing is left. */
  step(): boolean {
    const next = this.#takeFirst();
    if (next === undefined) return false;
    this.#nowMs = next.atMs;
    next.happen();
    return true;
  }

  #takeFirst(): Happening | undefined {
    const agenda = this.#agenda;
    const first = agenda[0];
    const last = agenda.pop();
    if (first === undefined || last === undefined || agenda.length === 0) return first;
    let at = 0;
    for (let child = 1; child < agenda.length; child = 2 * at + 1) {
      const right = agenda[child + 1];
      if (right !== undefined && isBefore(right, agenda[child] as Happening)) child += 1;
      const below = agenda[child] as Happening;
      if (!isBefore(below, last)) break;
      agenda[at] = below;
      at = child;
    }
    agenda[at] = last;
    return first;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs === b.atMs ? a.number < b.number : a.atMs < b.atMs;
}

/** One direction of a conversation: what is sent arrives later, in the order in which it was sent. */
export class Wire {
  readonly #world: World;
  readonly #slownessMs: number;
  #lastMs = 0;

  constructor(world: World, slownessMs: number) {
    this.#world = world;
    this.#slownessMs = slownessMs;
  }

  carry(sentMs: number, arrive: () => void): void {
    const { random } = this.#world;
    // Now and then a message is held up for long.
    const delayMs = random.next() ** 2 * this.#slownessMs * (random.chance(0.02) ? 20 : 1);
    this.#lastMs = Math.max(this.#lastMs, sentMs + delayMs);
    this.#world.at(this.#lastMs, arrive);
  }
}
