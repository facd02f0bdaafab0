/** TaskClients: what a worker gives its tasks to submit tasks with. All of them share one conversation with the scheduler. */

import type { ActorNumber, ActorOptions } from "../protocol/actors.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import type { ClientId, ClientTaskId, Key, TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { ActorLink } from "./direct-links.ts";

/** Where the tasks of a worker say what clients say. */
export interface TaskClientsLine {
  send(messages: readonly ClientMessage[]): void;
  /** Keeps a value that a task scattered in the worker. */
  keep(id: ClientTaskId, value: unknown): void;
  /** Whether the scheduler has sent the worker the function of this hash and name, and so need not be told what it is. */
  isKnown(hash: string, name: string): boolean;
  /** A direct way to the actors of a worker, if there is one. */
  linkTo(worker: WorkerAddress): ActorLink | undefined;
  /** Calls `run` in a moment. */
  soon(run: () => void): void;
}

/** For whom a client speaks: a task, or somebody among the tasks. */
export interface Speaker {
  /** The task; undefined if nobody can tell. */
  readonly id: TaskId | undefined;
  readonly key?: Key;
  /** An `AbortSignal`, aborted when it is cancelled. */
  readonly signal?: unknown;
  /** It begins to wait for something; returns how to say that this is over. */
  pause(): () => void;
}

export interface TaskClient {
  /** As users know it. */
  readonly client: object;
  /** Its task is not wanted any more: what was asked for through it is let go, and nothing more is asked. */
  abandon(reason: string): void;
  /** Its task is over: what it holds is given back. */
  end(): void;
  /** Puts futures of its own into a value that holds some; any other stays as it is. */
  unpack(value: unknown): unknown;
  /** A future on the task known by this key. */
  claim(key: string): unknown;
  /** For a task that has made an actor, of which this is the name. */
  hostActor(name: string): ActorClient;
}

/** What a worker says of an actor that it hosts. */
export interface ActorClient {
  readonly name: string;
  /** What others are given of it. */
  readonly handle: object;
  /** It is there. `state`: it is to be restored from that before it is {@link ready}. */
  host(hasCheckpoints: boolean): Promise<{
    readonly actor: ActorNumber;
    readonly options: ActorOptions;
    readonly state: { readonly value: unknown } | undefined;
  }>;
  ready(actor: ActorNumber): Promise<void>;
  /** Settles when the scheduler has it; rejects if `state` cannot travel. */
  save(actor: ActorNumber, state: unknown): Promise<void>;
  /** The handle has been given out, and is not needed here. */
  letGo(): void;
}

/** What a task returns that holds futures. */
export interface PackedResult {
  readonly value: unknown;
  readonly nbytes: number;
  /** The client's numbers of the futures. */
  readonly tasks: readonly ClientTaskId[];
}

export interface TaskClients {
  open(speaker: Speaker): TaskClient;
  /** Makes a handle of a description that came: of `client`, or of whichever task uses it. */
  revive(description: object, client: object | undefined): unknown;
  hear(news: News): void;
  /** Sends what has gathered. */
  flush(): void;
  /** Settles when the scheduler has heard all that was said before. */
  confirm(): Promise<void>;
  /** Throws if a future among them is another client's. */
  pack(result: unknown): PackedResult;
  /** Nobody hears them any more: what they wait for ends with this reason. */
  close(reason: string): void;
  /** The platform refuses to clone something in `message`: what it asked for has failed. */
  refuse(message: ClientMessage, cause: unknown): void;
}

export type StartTaskClients = (id: ClientId, line: TaskClientsLine) => TaskClients;
