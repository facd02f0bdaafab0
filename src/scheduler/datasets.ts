/** Published datasets: values under names, with futures in them, that outlive the clients that published them. */

import type { Answer } from "../protocol/client-messages.ts";
import type { PublishRequest } from "../protocol/requests.ts";
import { refuse } from "./answers.ts";
import type { DurabilityRules } from "./contract.ts";
import type { Keeping, KeptValue } from "./kept-value.ts";
import type { ClientRecord } from "./records.ts";

export class Datasets {
  readonly #keeping: Keeping;
  readonly #byName = new Map<string, KeptValue>();

  readonly #durability: () => DurabilityRules | undefined;

  /** `durability`: what is to be told of them, if something is. */
  constructor(keeping: Keeping, durability: () => DurabilityRules | undefined) {
    this.#keeping = keeping;
    this.#durability = durability;
  }

  restore(name: string, kept: KeptValue): void {
    this.#byName.set(name, kept);
    this.#durability()?.places.publish(name, kept);
  }

  /** In the order in which they were first published. */
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  publish(client: ClientRecord, { name, value, override }: PublishRequest): Answer["outcome"] {
    const former = this.#byName.get(name);
    if (former !== undefined && !override) {
      return refuse(`there is a dataset "${name}" already; unpublish it first, or replace it with { override: true }`);
    }
    const kept = this.#keeping.keep(client, value, `dataset "${name}"`);
    if ("error" in kept) return kept;
    this.restore(name, kept);
    if (former !== undefined) this.#keeping.drop(former);
    return { value: undefined };
  }

  /** Answers with the dataset. False if there is none. */
  handOut(client: ClientRecord, number: number, name: string): boolean {
    const kept = this.#byName.get(name);
    if (kept !== undefined) this.#keeping.handOut(client, number, [kept], true, ([handed]) => handed);
    return kept !== undefined;
  }

  /** Whether there was one. */
  unpublish(name: string): boolean {
    const kept = this.#byName.get(name);
    if (kept === undefined) return false;
    this.#byName.delete(name);
    this.#durability()?.places.unpublish(name);
    this.#keeping.drop(kept);
    return true;
  }
}
