/** LocalCluster: a scheduler and threads in this page or process. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { Spawner } from "../ports/spawner.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import { Host } from "./host.ts";
import { SchedulerRuntime } from "./scheduler-runtime.ts";

export interface LocalClusterOptions {
  /** Workers; one for each core unless said. A worker is one thread. */
  readonly nWorkers?: number;
  /** Tasks a worker may have in flight: they interleave at `await`, for a thread has one heap and one stack. 1 unless said. */
  readonly threadsPerWorker?: number;
  /** What its workers are called. */
  readonly name?: string;
}

/** What a cluster needs of the platform. */
export interface Platform {
  readonly spawner: Spawner;
  readonly clock: Clock;
  /** A pair of ends in this thread. */
  readonly pair: () => readonly [Comm<readonly ClientMessage[], News>, Comm<News, readonly ClientMessage[]>];
  /** A short text that nobody else comes up with. */
  readonly uniqueName: () => string;
}

export class LocalCluster {
  /** Settles when the first worker is ready. */
  readonly ready: Promise<void>;
  readonly #platform: Platform;
  readonly #scheduler: SchedulerRuntime;
  readonly #host: Host;
  #closed = false;

  constructor(platform: Platform, { nWorkers, threadsPerWorker = 1, name = "worker" }: LocalClusterOptions = {}) {
    const count = nWorkers ?? platform.spawner.cores;
    demandCount("nWorkers", count, 0);
    demandCount("threadsPerWorker", threadsPerWorker, 1);
    this.#platform = platform;
    this.#host = new Host(platform.spawner, platform.clock, { name, nThreadsPerWorker: threadsPerWorker }, (error) =>
      this.#fail(error),
    );
    this.#scheduler = new SchedulerRuntime(this.#host, (error) => this.#fail(error));
    this.ready = this.#host.ready;
    this.#host.start(this.#scheduler, count);
  }

  /** A client's end of a conversation with the scheduler, and the name the client goes by. */
  connect(): {
    readonly id: string;
    readonly comm: Comm<readonly ClientMessage[], News>;
    readonly keepAlive: () => () => void;
  } {
    const id = this.#platform.uniqueName();
    const [clientEnd, schedulerEnd] = this.#platform.pair();
    if (this.#closed) clientEnd.close("the cluster was closed");
    else this.#scheduler.addClient(id, schedulerEnd);
    return { id, comm: clientEnd, keepAlive: () => this.#platform.clock.keepAlive() };
  }

  /** What runs where, for tests and for those who show it. */
  get scheduler(): SchedulerRuntime {
    return this.#scheduler;
  }

  /** Ends its threads. What clients wait for ends with an error. */
  async close(): Promise<void> {
    this.#end("the cluster was closed");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #fail(error: unknown): void {
    this.#end(error instanceof Error ? error.message : String(error));
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#scheduler.close(reason);
    this.#host.close(reason);
  }
}

function demandCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`);
}
