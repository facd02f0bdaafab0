/** LocalCluster: a scheduler and threads in this page or process. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { LinkEnds } from "../ports/direct-links.ts";
import type { Spawner } from "../ports/spawner.ts";
import type { StoreKeeper } from "../ports/value-store.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import { demandCount } from "../protocol/counts.ts";
import { CommClosedError } from "../protocol/errors.ts";
import { demandResources } from "../protocol/resources.ts";
import type { Resources } from "../protocol/task-spec.ts";
import type { SchedulerMachine } from "../scheduler/machine.ts";
import type { AdaptOptions, Elasticity } from "./elasticity.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { Host } from "./host.ts";
import type { DurableOptions, Keeper, OpenKeeper } from "./keeper.ts";
import type { Listening, ListenOptions, Reachable } from "./listening.ts";
import type { MemoryOptions } from "./memory-limits.ts";
import { SchedulerRuntime } from "./scheduler-runtime.ts";

export interface LocalClusterOptions extends MemoryOptions {
  /** Workers; one for each core unless said. A worker is one thread. */
  readonly nWorkers?: number;
  /** Tasks a worker may have in flight: they interleave at `await`, for a thread has one heap and one stack. 1 unless said. */
  readonly threadsPerWorker?: number;
  /** What its workers are called. */
  readonly name?: string;
  /**
   * What workers have to offer to tasks that ask for it with `with({ resources })`: each of them, or by its place. A thread that
   * takes the place of one that died has the same.
   */
  readonly resources?: Resources | readonly Resources[] | ((place: number) => Resources);
  /**
   * How long a task waits for a worker that may run it while there are only others, in milliseconds; then it fails with
   * {@link NoValidWorkerError}. 30 000 unless said; `Infinity` waits for ever.
   */
  readonly noWorkersTimeoutMs?: number;
  /**
   * A name under which what the cluster knows outlives it: tasks that are not done, results that somebody has a future of, datasets, queues,
   * variables and events. Another cluster of this name goes on with them, after the page was reloaded or the process killed; one at a time may
   * have it. In pages that is in IndexedDB, in Node in files: in `directory`, or where the system has programs keep their state.
   */
  readonly durable?: string | DurableOptions;
}

/** What a cluster needs of the platform. */
export interface Platform {
  readonly spawner: Spawner;
  readonly clock: Clock;
  /** What decides; it may be loaded while threads are being started. */
  readonly machine: () => SchedulerMachine | Promise<SchedulerMachine>;
  /** A pair of ends in this thread. */
  readonly pair: () => readonly [Comm<readonly ClientMessage[], News>, Comm<News, readonly ClientMessage[]>];
  /** A short text that nobody else comes up with. */
  readonly uniqueName: () => string;
  /** Loads what clears away after workers that have written values out. */
  readonly stores: () => Promise<StoreKeeper>;
  /** Loads what is needed to deal with other pages and machines. */
  readonly elsewhere: () => Promise<Elsewhere>;
  /** Loads what keeps a durable cluster. */
  readonly durable: OpenKeeper;
}

/** A cluster's adapting of itself to the work there is. */
export interface Adaptive extends Disposable {
  /** Its size stays as it is. */
  stop(): void;
}

export class LocalCluster {
  /** Settles when the first worker is ready; rejects if there will be none. */
  readonly ready: Promise<void>;
  readonly #platform: Platform;
  readonly #scheduler: SchedulerRuntime;
  readonly #host: Host;
  readonly #keeper: Promise<Keeper> | undefined;
  #elastic: Promise<Elasticity> | undefined;
  #reachable: Promise<Reachable> | undefined;
  #stopAdapting: () => void = () => {};
  #closed = false;

  constructor(platform: Platform, given: LocalClusterOptions = {}) {
    if (typeof given !== "object") throw new TypeError("options must be an object");
    const {
      nWorkers,
      threadsPerWorker = 1,
      name = "worker",
      resources = {},
      noWorkersTimeoutMs = 30_000,
      durable,
      memoryLimit,
      spill,
    } = given;
    const count = nWorkers ?? platform.spawner.cores;
    demandCount("nWorkers", count, 0);
    demandCount("threadsPerWorker", threadsPerWorker);
    if (!(noWorkersTimeoutMs >= 0))
      throw new RangeError(`noWorkersTimeoutMs must be a time, not ${noWorkersTimeoutMs}`);
    const resourcesOf = (place: number) => resourcesIn(place, resources);
    for (let place = 0; place < count; place++) demandResources(resourcesOf(place));
    const isLimited = memoryLimit !== undefined || spill !== undefined;
    if (isLimited) demandCount("memoryLimit", memoryLimit ?? Number.NaN);
    this.#platform = platform;
    const { spawner, clock } = platform;
    const fail = (error: unknown) => this.#fail(error);
    const memory = isLimited
      ? import("./memory-limits.ts").then(({ hostMemory }) => hostMemory({ memoryLimit, spill }, platform))
      : undefined;
    this.#host = new Host(spawner, clock, { name, nThreadsPerWorker: threadsPerWorker, resourcesOf, memory }, fail);
    const options = { clock, noWorkersTimeoutMs };
    const blank = platform.machine();
    this.#keeper = durable === undefined ? undefined : platform.durable(durable, blank, options);
    const machine = this.#keeper?.then((keeper) => keeper.machine) ?? blank;
    this.#scheduler = new SchedulerRuntime(machine, this.#host, clock, options, fail);
    this.ready = Promise.all([this.#host.ready, this.#scheduler.ready]).then(() => {});
    this.ready.catch(() => {});
    this.#host.start(this.#scheduler, count);
  }

  /** A client's end of a conversation with the scheduler, and the name the client goes by. `links`: where it looks for direct links to workers. */
  connect(links?: LinkEnds): {
    readonly id: string;
    readonly comm: Comm<readonly ClientMessage[], News>;
    readonly keepAlive: () => () => void;
  } {
    const id = this.#platform.uniqueName();
    const [clientEnd, schedulerEnd] = this.#platform.pair();
    if (links !== undefined) this.#host.clients.set(id, links);
    clientEnd.closed.then(() => this.#host.clients.delete(id));
    if (this.#closed) clientEnd.close("the cluster was closed");
    else this.#scheduler.addClient(id, schedulerEnd);
    return { id, comm: clientEnd, keepAlive: () => this.#platform.clock.keepAlive() };
  }

  /**
   * Changes what a worker, by its name or address, has to offer to tasks; of kinds that are not mentioned it has as much as before.
   * What runs keeps what it has.
   *
   * @throws RangeError if there is no such worker.
   * @throws TypeError if these are no amounts.
   * @example
   * ```ts
   * cluster.setResources("worker-0", { gpu: 1 });
   * ```
   */
  setResources(worker: string, resources: Resources): void {
    demandResources(resources);
    this.#host.setResources(worker, resources);
  }

  /** What runs where, for tests and for those who show it. */
  get scheduler(): SchedulerRuntime {
    return this.#scheduler;
  }

  /**
   * Starts workers, or has some leave in good order, until there are so many: they finish what they have begun, and others take
   * over what only they hold. Whoever has least to do leaves first.
   *
   * Settles when that is done; called again before, the last number counts, and all calls settle when it is reached.
   *
   * @throws RangeError if `nWorkers` is no whole number.
   */
  async scale(nWorkers: number): Promise<void> {
    demandCount("nWorkers", nWorkers ?? Number.NaN, 0);
    this.#demandOpen();
    this.#stopAdapting();
    await (await this.#elasticity()).scale(nWorkers);
  }

  /**
   * Has the cluster look from time to time how much there is to be done, and start workers or have some leave accordingly, until
   * `stop()` is called on what is returned, `scale()`, or this again.
   *
   * @throws RangeError if a number makes no sense.
   * @example
   * ```ts
   * const adaptive = cluster.adapt({ minimum: 1, maximum: 8 });
   * ```
   */
  adapt(options: AdaptOptions = {}): Adaptive {
    const { minimum = 0 } = options;
    const maximum = Math.max(minimum, this.#platform.spawner.cores);
    const all = { minimum, maximum, intervalMs: 1000, targetDurationMs: 5000, waitCount: 3, ...options };
    for (const [name, value] of Object.entries(all)) {
      demandCount(name, value ?? Number.NaN, name === "minimum" ? 0 : name === "maximum" ? Math.max(1, minimum) : 1);
    }
    this.#demandOpen();
    this.#stopAdapting();
    let isStopped = false;
    const stop = () => {
      isStopped = true;
    };
    this.#stopAdapting = stop;
    this.#elasticity()
      .then((elasticity) => elasticity.adapt(all, () => isStopped))
      .catch((error) => this.#fail(error)); // Because the cluster was closed, unless it could not be loaded.
    return { stop, [Symbol.dispose]: stop };
  }

  /**
   * Makes the cluster reachable at an address, for clients (`new Client(address, { token })`) and for hosts that lend it threads
   * (`join(address, { token })`). Only this machine reaches `ws://127.0.0.1:8786`; port 0 takes any that is free.
   *
   * @throws UnauthorizedError if others could reach it and it was to ask for no tokens; Error if it cannot be listened there.
   * @example
   * ```ts
   * const { address, invitation } = await cluster.listen("ws://127.0.0.1:8786");
   * ```
   */
  async listen(address: string, options: ListenOptions = {}): Promise<Listening> {
    this.#demandOpen();
    this.#reachable ??= this.#platform.elsewhere().then(({ open }) =>
      open({
        scheduler: this.#scheduler,
        host: this.#host,
        clock: this.#platform.clock,
        connect: () => this.connect().comm,
      }),
    );
    return (await this.#reachable).listen(address, options);
  }

  /**
   * Settles when all that has happened so far will outlive this page or process, if the cluster is `durable`; rejects if it cannot be kept.
   * That is so within moments by itself: this is for whoever has to know.
   */
  async saved(): Promise<void> {
    await (await this.#keeper)?.saved();
  }

  /** Ends its threads. What clients wait for ends with an error. What is `durable` stays as it is, for another cluster of that name. */
  async close(): Promise<void> {
    // A client that was closed just now has let go of its futures, which is to be kept too.
    if (this.#keeper !== undefined) await undefined;
    await this.#end("the cluster was closed");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Loaded when it is first asked for: few clusters change their size. */
  #elasticity(): Promise<Elasticity> {
    this.#elastic ??= import("./elasticity.ts").then(
      ({ Elasticity }) =>
        new Elasticity({
          host: this.#host,
          clock: this.#platform.clock,
          comm: this.connect().comm,
          demandOpen: () => this.#demandOpen(),
        }),
      (error) => {
        this.#elastic = undefined; // Another time there may be a network again.
        throw error;
      },
    );
    return this.#elastic;
  }

  #demandOpen(): void {
    if (this.#closed) throw new CommClosedError("the cluster is closed");
  }

  #fail(error: unknown): void {
    this.#end(error instanceof Error ? error.message : String(error));
  }

  #end(reason: string): Promise<void> | undefined {
    if (this.#closed) return;
    this.#closed = true;
    this.#scheduler.close(reason);
    this.#host.close(reason);
    return this.#keeper?.then((keeper) => keeper.close()).catch(() => {});
  }
}

function resourcesIn(place: number, resources: NonNullable<LocalClusterOptions["resources"]>): Resources {
  if (typeof resources === "function") return resources(place);
  return Array.isArray(resources) ? (resources[place] ?? {}) : (resources as Resources);
}
