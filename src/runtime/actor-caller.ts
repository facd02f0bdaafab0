/** Somebody who calls actors of this worker: what comes of the calls is gathered and sent, a batch a turn. */

import { type ActorResults, FAILED, PACKED_RESULT } from "../protocol/actors.ts";
import { encodeError, UnserializableError } from "../protocol/errors.ts";

/** A way back to the caller. */
export type SendResults = (message: ActorResults, transfer: readonly object[]) => void;

export class ActorCaller {
  readonly #send: SendResults;
  /** Methods by the order in which they were first called. */
  readonly methods: string[] = [];
  /** Answers with futures in them, which are kept until the caller has claimed these. */
  readonly packed = new Map<number, unknown>();
  /** Who waits to hear that it knows of actors that go on elsewhere. */
  readonly #farewells = new Map<number, () => void>();
  #ranges: number[] = [];
  #values: unknown[] = [];
  #odd: unknown[] | undefined;
  #transfer: object[] = [];

  constructor(send: SendResults) {
    this.#send = send;
  }

  get isEmpty(): boolean {
    return this.#values.length === 0 && this.#odd === undefined;
  }

  answer(number: number, value: unknown): void {
    const ranges = this.#ranges;
    const last = ranges.length - 2;
    if (last >= 0 && (ranges[last] as number) + (ranges[last + 1] as number) === number) {
      ranges[last + 1] = (ranges[last + 1] as number) + 1;
    } else ranges.push(number, 1);
    this.#values.push(value);
  }

  move(buffers: readonly object[]): void {
    this.#transfer.push(...buffers);
  }

  answerOdd(number: number, how: number, value: unknown): void {
    this.#odd ??= [];
    this.#odd.push(number, how, value);
  }

  /** `packed`: the same as it travels. */
  answerPacked(number: number, value: unknown, packed: unknown): void {
    this.packed.set(number, value);
    this.answerOdd(number, PACKED_RESULT, packed);
  }

  /** Tells it that an actor goes on elsewhere; settles when it has heard all that came before. */
  farewell(actor: number): Promise<void> {
    this.flush();
    return new Promise((resolve) => {
      this.#farewells.set(actor, resolve);
      this.#send({ type: "actor-results", ranges: [], values: [], leaves: actor }, []);
    });
  }

  /** It has heard, or never will. */
  heardFarewell(actor?: number): void {
    for (const [each, resolve] of this.#farewells) if (actor === undefined || each === actor) resolve();
    if (actor === undefined) this.#farewells.clear();
    else this.#farewells.delete(actor);
  }

  flush(): void {
    if (this.isEmpty) return;
    const results: ActorResults = {
      type: "actor-results",
      ranges: this.#ranges,
      values: this.#values,
      ...(this.#odd && { odd: this.#odd }),
    };
    const transfer = this.#transfer;
    this.#ranges = [];
    this.#values = [];
    this.#odd = undefined;
    this.#transfer = [];
    try {
      this.#send(results, transfer);
    } catch {
      this.#sendOneByOne(results);
    }
  }

  /** Something among them cannot be cloned that looked as if it could. */
  #sendOneByOne({ ranges, values, odd = [] }: ActorResults): void {
    const send = (number: number, message: ActorResults) => {
      try {
        this.#send(message, []);
      } catch (cause) {
        const error = new UnserializableError(`the result cannot leave the worker: ${String(cause)}`, {
          path: "result",
        });
        this.#send({ type: "actor-results", ranges: [], values: [], odd: [number, FAILED, encodeError(error)] }, []);
      }
    };
    let at = 0;
    for (let i = 0; i < ranges.length; i += 2) {
      const first = ranges[i] as number;
      for (let number = first; number < first + (ranges[i + 1] as number); number++) {
        send(number, { type: "actor-results", ranges: [number, 1], values: [values[at++]] });
      }
    }
    for (let i = 0; i < odd.length; i += 3) {
      send(odd[i] as number, { type: "actor-results", ranges: [], values: [], odd: odd.slice(i, i + 3) });
    }
  }
}
