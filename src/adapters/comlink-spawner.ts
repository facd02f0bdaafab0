/** Starts threads by the first way that works, and puts a worker's comm on each. */

import type { PlatformThread, Spawner, Thread, ThreadSource, WorkerSetup } from "../ports/spawner.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { WorkerReady } from "../protocol/worker-messages.ts";
import { ThreadComm } from "./comlink-comm.ts";

export class ComlinkSpawner implements Spawner {
  readonly cores: number;
  readonly #sources: readonly ThreadSource[];
  /** The first that has not been found wanting. */
  #best = 0;

  /** `sources`: in the order in which they are to be tried. */
  constructor(cores: number, sources: readonly ThreadSource[]) {
    this.cores = cores;
    this.#sources = sources;
  }

  spawn(setup: WorkerSetup): Thread {
    return new SpawnedThread(setup, this);
  }

  channel(): readonly [object, object] {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  }

  get best(): number {
    return this.#best;
  }

  /** The source with this number, unless there are no more. */
  source(number: number): ThreadSource | undefined {
    return this.#sources[number];
  }

  /** What came before this one need not be tried again. */
  settleOn(number: number): void {
    this.#best = Math.max(this.#best, number);
  }
}

class SpawnedThread implements Thread {
  readonly comm: ThreadComm;
  readonly ready: Promise<void>;
  readonly #spawner: ComlinkSpawner;
  readonly #hearers: ((message: unknown) => void)[] = [];
  #current: PlatformThread | undefined;
  #isOver = false;

  constructor(setup: WorkerSetup, spawner: ComlinkSpawner) {
    this.#spawner = spawner;
    this.comm = new ThreadComm({
      postMessage: (message, transfer) => this.#current?.postMessage(message, transfer),
      onMessage: (hear) => this.#hearers.push(hear),
    });
    this.ready = this.comm.ready.then(() => this.comm.start(setup));
    this.ready.catch(() => {});
    this.comm.closed.then(() => this.terminate());
    this.#try(spawner.best, "there is no way to start one");
  }

  link(peer: WorkerAddress, port: object): void {
    this.comm.link(peer, port);
  }

  terminate(reason = "it was ended"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#current?.terminate();
    this.comm.close(reason);
  }

  async #try(number: number, failure: string): Promise<void> {
    const source = this.#spawner.source(number);
    if (source === undefined) return this.comm.close(failure);
    try {
      const thread = await source();
      if (this.#isOver) return thread.terminate();
      this.#attach(thread, number);
    } catch (error) {
      await this.#try(number + 1, error instanceof Error ? error.message : String(error));
    }
  }

  #attach(thread: PlatformThread, number: number): void {
    this.#current = thread;
    let isReady = false;
    const tryNext = (reason: string) => {
      if (this.#current !== thread || this.#isOver) return;
      this.#current = undefined;
      thread.terminate();
      this.#try(number + 1, reason);
    };
    thread.onMessage((message) => {
      if (this.#current !== thread) return;
      if (!isReady && isReadyWord(message)) {
        // A page's policy may let a thread start but not let it compile what it is sent. Another way may be freer.
        if (!message.canCompile && this.#spawner.source(number + 1) !== undefined)
          return tryNext("it may not compile functions");
        isReady = true;
        this.#spawner.settleOn(number);
      }
      for (const hear of this.#hearers) hear(message);
    });
    thread.onEnd((reason) => {
      if (isReady) this.comm.close(reason);
      else tryNext(reason);
    });
  }
}

function isReadyWord(message: unknown): message is WorkerReady {
  return (message as WorkerReady | undefined)?.type === "ready";
}
