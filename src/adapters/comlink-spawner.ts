/** Starts threads by the first way that works, and puts a worker's comm on each. */

import type { PlatformThread, Spawner, Thread, ThreadSource, WayElsewhere, WorkerSetup } from "../ports/spawner.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { WorkerReady } from "../protocol/worker-messages.ts";
import { ThreadComm } from "./comlink-comm.ts";

/** One way to start a thread, and whether it is to do even though what it starts may not compile functions. */
interface Candidate {
  readonly source: ThreadSource;
  readonly isLastResort: boolean;
}

/**
 * Lets so many threads start at a time. A thread that starts keeps a core busy for some 30 ms: more than there are cores for would only
 * hold each other up, and the first to be ready, with it the first result, would come as late as the last.
 */
class Starts {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  /** Calls `start` when it is its turn. */
  enter(start: () => void): void {
    this.#free -= 1;
    if (this.#free >= 0) start();
    else this.#waiting.push(start);
  }

  /** One is ready, or will not be. */
  leave(): void {
    this.#free += 1;
    this.#waiting.shift()?.();
  }
}

export class ComlinkSpawner implements Spawner {
  readonly cores: number;
  readonly #starts: Starts;
  /** In the order in which they are to be tried; those that were found wanting are left out. */
  #candidates: readonly Candidate[];

  /** `sources`: in the order in which they are to be tried. */
  constructor(cores: number, sources: readonly ThreadSource[]) {
    this.cores = cores;
    this.#starts = new Starts(Math.max(1, cores - 1)); // One core is for whoever starts them.
    this.#candidates = sources.map((source) => ({ source, isLastResort: false }));
  }

  spawn(setup: WorkerSetup): Thread {
    const keep = (candidate: Candidate) => {
      this.#candidates = [candidate];
    };
    return new SpawnedThread(setup, this.#starts, () => this.#candidates, keep);
  }

  channel(): readonly [object, object] {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  }
}

class SpawnedThread implements Thread {
  readonly comm: ThreadComm;
  readonly ready: Promise<void>;
  /** Still to be tried. */
  #candidates: Candidate[] = [];
  readonly #onReady: (candidate: Candidate) => void;
  readonly #hearers: ((message: unknown) => void)[] = [];
  #current: PlatformThread | undefined;
  #isOver = false;

  constructor(
    setup: WorkerSetup,
    starts: Starts,
    candidates: () => readonly Candidate[],
    onReady: (candidate: Candidate) => void,
  ) {
    this.#onReady = onReady;
    this.comm = new ThreadComm({
      postMessage: (message, transfer) => this.#current?.postMessage(message, transfer),
      onMessage: (hear) => this.#hearers.push(hear),
    });
    this.ready = this.comm.ready.then(() => this.comm.start(setup));
    this.comm.closed.then(() => this.terminate());
    starts.enter(() => {
      const leave = () => starts.leave();
      this.ready.then(leave, leave);
      this.#candidates = [...candidates()];
      this.#tryNext("there is no way to start one");
    });
  }

  link(peer: WorkerAddress, port: object, way?: WayElsewhere): void {
    this.comm.link(peer, port, way);
  }

  lookInto(tell: (stack?: StackTaken) => void): void {
    (this.#current?.lookInto?.() ?? Promise.resolve(undefined)).then(tell);
  }

  terminate(reason = "it was ended"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#current?.terminate();
    this.comm.close(reason);
  }

  async #tryNext(failure: string): Promise<void> {
    if (this.#isOver) return;
    const candidate = this.#candidates.shift();
    if (candidate === undefined) return this.comm.close(failure);
    try {
      const thread = await candidate.source();
      if (this.#isOver) return thread.terminate();
      this.#attach(thread, candidate);
    } catch (error) {
      await this.#tryNext(error instanceof Error ? error.message : String(error));
    }
  }

  #attach(thread: PlatformThread, candidate: Candidate): void {
    this.#current = thread;
    let isReady = false;
    const giveUp = (reason: string) => {
      if (this.#current !== thread || this.#isOver) return;
      this.#current = undefined;
      thread.terminate();
      this.#tryNext(reason);
    };
    thread.onMessage((message) => {
      if (this.#current !== thread) return;
      if (!isReady && isReadyWord(message)) {
        // A page's policy may let a thread start but not compile what it is sent. Another way may be freer; if none is, this will do.
        if (!message.canCompile && !candidate.isLastResort && this.#candidates.length > 0) {
          this.#candidates.push({ ...candidate, isLastResort: true });
          return giveUp("it may not compile functions");
        }
        isReady = true;
        this.#onReady(candidate);
      }
      for (const hear of this.#hearers) hear(message);
    });
    thread.onEnd((reason) => {
      if (isReady) this.comm.close(reason);
      else giveUp(reason);
    });
  }
}

function isReadyWord(message: unknown): message is WorkerReady {
  return (message as WorkerReady | undefined)?.type === "ready";
}
