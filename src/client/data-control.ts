/** Where values are, how large, where they are to be, and what outlives clients: the part of `Client` that asks the scheduler for that. */

import { demandCount } from "../protocol/counts.ts";
import type { Key, WorkerAddress } from "../protocol/identity.ts";
import { measure } from "../shipping/measure.ts";
import { packValue } from "./argument-capture.ts";
import type { DatasetOptions, PublishOptions } from "./datasets.ts";
import { type Future, futureAccess } from "./future.ts";
import type { Answered } from "./open-requests.ts";
import { idsOf, listOf } from "./ownership.ts";
import type { Session } from "./session.ts";

export interface ReplicateOptions {
  /** How many copies: all there are workers for unless said. */
  readonly n?: number;
  /** Workers to hold them, by address or name; all that are there unless said. */
  readonly workers?: Iterable<string>;
  /** Gives up the wait, and what has not begun. */
  readonly signal?: AbortSignal;
}

export type RebalanceOptions = Omit<ReplicateOptions, "n">;

export class DataControl {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Addresses of the workers that hold the values of these futures, by key; without futures, of all values that workers hold.
   *
   * No worker holds what is not there yet, nor results of a few kilobytes: those come to the client with the news of them.
   */
  async whoHas(futures?: Future | Iterable<Future>): Promise<Record<Key, WorkerAddress[]>> {
    const [list, tasks] = this.#meant(futures);
    const answer = this.#session.ask({ type: "who-has", tasks });
    return Object.assign(Object.fromEntries(list.map(({ key }) => [key, []])), await answer);
  }

  /**
   * Addresses of the workers whose results these are, by key: as the scheduler has accepted them, whatever workers say.
   *
   * It is noted from the first question on (`whoMade([])` asks for nothing), and known for as long as the scheduler knows the task: of those with a
   * name (`with({ key })`), and of all in a durable cluster; others it may handle many at a time. Of a result that several had to agree on, it is the last who was asked.
   *
   * @example
   * ```ts
   * await client.whoMade([]);
   * const tile = client.with({ key: "tile" }).submit(render, scene);
   * await tile.result();
   * await client.whoMade(tile); // { tile: "thread://worker/0" }
   * ```
   */
  async whoMade(futures: Future | Iterable<Future>): Promise<Record<Key, WorkerAddress>> {
    const [, tasks = []] = this.#meant(futures);
    return (await this.#session.ask({ type: "who-made", tasks })) as Record<Key, WorkerAddress>;
  }

  /**
   * Keys of the values that workers hold, by the worker's address.
   *
   * @throws RangeError if there is no worker of such an address or name.
   */
  hasWhat(workers?: string | Iterable<string>): Promise<Record<WorkerAddress, Key[]>> {
    const names = typeof workers === "string" ? [workers] : workers && [...workers];
    return this.#session.ask({ type: "has-what", workers: names }) as Promise<Record<WorkerAddress, Key[]>>;
  }

  /** Bytes of the values of these futures, by key, as far as they are there; without futures, of all that is stored in the cluster. */
  async nbytes(futures?: Future | Iterable<Future>): Promise<Record<Key, number>> {
    const [list, tasks] = this.#meant(futures);
    const here = list.filter((future) => futureAccess.state(future) === "finished");
    const known = here.map((future) => [future.key, future.nbytes ?? measure(futureAccess.value(future)).nbytes]);
    return Object.assign(Object.fromEntries(known), await this.#session.ask({ type: "nbytes", tasks }));
  }

  /**
   * Has exactly `n` workers hold a copy of each value: copies are made, from worker to worker, or freed. Settles when that is so; what is not
   * there yet is waited for.
   *
   * The copies are kept for as long as the value is, but not made again when a worker dies. Results of a few kilobytes travel with the
   * tasks that need them: of those no worker is given one.
   *
   * @throws what a task ended with, {@link CancelledError} if a future was let go of, RangeError if there is no such worker, or the reason
   * of `signal`.
   */
  async replicate(futures: Future | Iterable<Future>, { n, workers, signal }: ReplicateOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    demandCount("n", n);
    const [list] = this.#meant(futures);
    // What only this client has is given to the cluster first.
    const tasks = list.map((future) => this.#session.naming.refer(future));
    await this.#session.ask({ type: "replicate", tasks, n, workers: workers && [...workers] }, signal);
  }

  /**
   * Evens out what workers hold, by moving values, of these futures or any, from full workers to emptier ones; those that were stored
   * first go first. What `replicate()` has placed stays. Settles when it is done.
   *
   * @throws what a task ended with, RangeError if there is no such worker, or the reason of `signal`.
   */
  async rebalance(futures?: Future | Iterable<Future>, { workers, signal }: RebalanceOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const [, tasks] = this.#meant(futures);
    await this.#session.ask({ type: "rebalance", tasks, workers: workers && [...workers] }, signal);
  }

  /**
   * Keeps `value` in the cluster under a name, for this and all other clients: a future, any nesting that holds futures, or plain
   * data. What it refers to outlives its futures and this client, until it is unpublished. It is captured now.
   *
   * @throws Error if there is a dataset of that name, unless `override` replaces it; {@link CancelledError} if a future in it was
   * released or cancelled.
   * @example
   * ```ts
   * await client.publishDataset("points", { raw, mean: client.submit(mean, raw) });
   * const { mean } = await other.getDataset<{ mean: Future<number> }>("points");
   * ```
   */
  async publishDataset(name: string, value: unknown, { override = false }: PublishOptions = {}): Promise<void> {
    const packed = packValue(value, "the dataset", this.#session.naming);
    await this.#session.ask({ type: "publish-dataset", name: `${name}`, value: packed, override });
  }

  /**
   * What was published under `name`, with futures of this client's own in it.
   *
   * @throws Error if there is nothing, unless there is a `default` to return.
   */
  async getDataset<T = unknown>(name: string, options: DatasetOptions<T> = {}): Promise<T> {
    const answer = await this.#session.ask({ type: "get-dataset", name });
    const { readDataset } = await import("./datasets.ts");
    return readDataset(name, answer as Answered | readonly string[], options) as T;
  }

  /** Names of all that is published. */
  listDatasets(): Promise<string[]> {
    return this.#session.ask({ type: "list-datasets" }) as Promise<string[]>;
  }

  /** Lets go of what was published under `name`. Returns whether there was anything. */
  unpublishDataset(name: string): Promise<boolean> {
    return this.#session.ask({ type: "unpublish-dataset", name }) as Promise<boolean>;
  }

  /** The futures that are meant, and the numbers of their tasks; undefined if none are said, and all values are meant. */
  #meant(futures: Future | Iterable<Future> | undefined) {
    const list = futures === undefined ? [] : listOf(futures);
    return [list, futures === undefined ? undefined : idsOf(list, this.#session)] as const;
  }
}
