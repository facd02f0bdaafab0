/** What all objects that clients meet at have in common, and what is asked of them. */

import type { SharedAct, SharedTarget } from "../../protocol/coordination.ts";
import type { Key, TaskId } from "../../protocol/identity.ts";
import type { HandedValue, PackedValue } from "../../protocol/packed-value.ts";
import { type Refusal, refuse } from "../answers.ts";
import type { PlaceRules } from "../contract.ts";
import type { KeptValue } from "../kept-value.ts";
import type { ClientRecord } from "../records.ts";

/**
 * One object, whichever clients have handles on it. Whoever waits stands in a line, and is served in the order of coming.
 *
 * Taking somebody out of a line and seeing who is next are two steps: a client that is gone leaves all its lines first, lest one
 * place of it be given what another leaves behind.
 */
export interface Shared {
  readonly target: SharedTarget;
  /** Answers `ask` or has it wait, and whoever else can go on because of it goes on. */
  hear(ask: Ask, act: SharedAct): void;
  /** Takes it out of the line. */
  leave(ask: Ask): void;
  /** A client is gone: takes back what it has, once it has left all lines. */
  abandon(client: ClientRecord): void;
  /** Lets those go on who can. */
  wake(): void;
  /** Nobody will be able to ask for what it holds any more. */
  drop(): void;
  /** Whether it holds nothing and nobody waits: then it is as good as a new one. */
  readonly isIdle: boolean;
}

/** Where it is written down what objects hold, if it is. */
export type Places = () => PlaceRules | undefined;

/** What asks are answered through. */
export interface AskShell {
  settle(ask: Ask, outcome: { readonly value: unknown } | Refusal): void;
  /** Answers with kept values; with `isShared`, others get them too. */
  handOut(ask: Ask, values: readonly KeptValue[], isShared: boolean, shape: Shape): void;
  keep(ask: Ask, value: PackedValue, name: string): KeptValue | Refusal;
}

/** Makes an answer of values as they travel. */
export type Shape = (values: readonly HandedValue[]) => unknown;

/** A question that has not been answered yet. */
export class Ask {
  readonly client: ClientRecord;
  /** The client's number for it. */
  readonly number: number;
  /** Those in whose lines it may stand. */
  readonly at: readonly Shared[];
  /** Higher than that of all that came before it, from whichever client. */
  readonly order: number;
  /** Who asks, if it is a task. */
  readonly task: TaskId | undefined;
  readonly #shell: AskShell;

  constructor(
    { client, number, order, task }: Pick<Ask, "client" | "number" | "order" | "task">,
    at: readonly Shared[],
    shell: AskShell,
  ) {
    this.client = client;
    this.number = number;
    this.order = order;
    this.task = task;
    this.at = at;
    this.#shell = shell;
  }

  answer(value?: unknown): void {
    this.#shell.settle(this, { value });
  }

  refuse(message: string, name: "Error" | "TypeError" | "RangeError" = "Error"): void {
    this.#shell.settle(this, refuse(message, name));
  }

  reject(refusal: Refusal): void {
    this.#shell.settle(this, refusal);
  }

  /** No object of this kind does that: it was asked by something that is not ours. */
  refuseAct(target: SharedTarget, act: SharedAct): void {
    this.refuse(`${describe(target)} knows no ${act.type}`, "TypeError");
  }

  /** What it brings along, to be kept; undefined if that cannot be, and it is answered. */
  keep(value: PackedValue, target: SharedTarget): KeptValue | undefined {
    const kept = this.#shell.keep(this, value, describe(target));
    if (!("error" in kept)) return kept;
    this.#shell.settle(this, kept);
    return undefined;
  }

  handOut(values: readonly KeptValue[], isShared: boolean, shape: Shape): void {
    this.#shell.handOut(this, values, isShared, shape);
  }
}

/** How many there may be of something. Not everybody has to say it, but those who do must agree. */
export class Limit {
  said: number | undefined;
  readonly #unlessSaid: number;

  constructor(said: number | undefined, unlessSaid: number) {
    this.said = said;
    this.#unlessSaid = unlessSaid;
  }

  get most(): number {
    return this.said ?? this.#unlessSaid;
  }
}

/** `lock jobs`. */
export function describe({ kind, name }: SharedTarget): string {
  return `${kind} ${name}`;
}

/** Whether a task of this key stands for such an object: see `protocol/coordination.ts`. */
export function isAnchor(key: Key): boolean {
  return /^(queue|lock|semaphore|event|variable|topic|barrier|actor):\/\//.test(key);
}
