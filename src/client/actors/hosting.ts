/** What a worker tells the scheduler of an actor that it hosts, and the handle that it gives out. */

import type { ActorClient } from "../../ports/task-clients.ts";
import type { ActorAct, ActorNumber, Hosting } from "../../protocol/actors.ts";
import type { TaskId } from "../../protocol/identity.ts";
import type { HandedValue } from "../../protocol/packed-value.ts";
import { packValue } from "../argument-capture.ts";
import { arrive } from "../coordination/arriving.ts";
import type { Handle } from "../coordination/handle.ts";
import type { Answered } from "../open-requests.ts";
import type { Session } from "../session.ts";
import { actorHandle } from "./actor-handle.ts";

export class ActorHosting implements ActorClient {
  readonly name: string;
  readonly handle: Handle;
  readonly #session: Session;
  readonly #task: TaskId | undefined;

  /** `task`: the one that made it. */
  constructor(name: string, session: Session, task: TaskId | undefined) {
    this.name = name;
    this.handle = actorHandle(name, session);
    this.#session = session;
    this.#task = task;
  }

  async host(hasCheckpoints: boolean): ReturnType<ActorClient["host"]> {
    const answer = await this.#ask({ type: "host-actor", hasCheckpoints }, this.#task);
    const answered = answer as Partial<Answered>;
    if (answered.futures === undefined) return answer as Hosting & { readonly state: undefined };
    const { actor, options, state } = answered.value as Hosting;
    return { actor, options, state: { value: await arrive(state as HandedValue, answered as Answered) } };
  }

  async ready(actor: ActorNumber): Promise<void> {
    await this.#ask({ type: "actor-ready", actor });
  }

  async save(actor: ActorNumber, state: unknown): Promise<void> {
    const packed = packValue(state, "what checkpoint() returned", this.#session.naming);
    // One that ends without us, or with its scheduler, needs no checkpoint any more.
    await this.#ask({ type: "checkpoint-actor", actor, state: packed }).catch(() => {});
  }

  letGo(): void {
    this.handle[Symbol.dispose]();
  }

  #ask(act: ActorAct, task?: TaskId): Promise<unknown> {
    const target = { kind: "actor", name: this.name, isAnonymous: true } as const;
    return this.#session.ask({ type: "coordinate", target, act, task });
  }
}
