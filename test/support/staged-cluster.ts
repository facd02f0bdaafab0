/** A cluster whose clock and threads are the test's: time passes when it says so, and so do tasks. */
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { Client } from "../../src/client/client.ts";
import { Session } from "../../src/client/session.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { Spawner, Thread, WorkerSetup } from "../../src/ports/spawner.ts";
import {
  BLOCK_HEADER,
  COMPUTE_HEADER,
  type SchedulerToWorkerMessage,
  type WorkerMessage,
} from "../../src/protocol/worker-messages.ts";
import { LocalCluster, type LocalClusterOptions } from "../../src/runtime/local-cluster.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { requestRules } from "../../src/scheduler/requests.ts";

/** Settles when everything has happened that needs no time. */
export async function settled(): Promise<void> {
  // What is loaded when it is needed takes a time that is not the test's; it is there when this is.
  await import("../../src/runtime/elasticity.ts");
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
}

export class ManualClock implements Clock {
  #nowMs = 0;
  #due: { readonly atMs: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(afterMs: number, wake: () => void): () => void {
    const item = { atMs: this.#nowMs + afterMs, wake };
    this.#due.push(item);
    return () => {
      this.#due = this.#due.filter((each) => each !== item);
    };
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  keepAlive(): () => void {
    return () => {};
  }

  /** Lets so much time pass, and all happen that is due meanwhile. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settled();
    for (;;) {
      const next = this.#due.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#nowMs = next.atMs;
      next.wake();
      await settled();
    }
    this.#nowMs = untilMs;
  }
}

/** A thread that keeps its tasks until it is told to be done with them. */
export class StagedThread implements Thread {
  readonly setup: WorkerSetup;
  readonly comm: Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>;
  readonly ready: Promise<void>;
  /** Its tasks: id and run. */
  tasks: (readonly [number, number])[] = [];
  isOver = false;
  becomeReady: () => void = () => {};
  readonly #end: Comm<readonly WorkerMessage[], readonly SchedulerToWorkerMessage[]>;

  constructor(setup: WorkerSetup) {
    this.setup = setup;
    [this.comm, this.#end] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
    this.ready = new Promise((resolve) => {
      this.becomeReady = resolve;
    });
    this.#end.listen((messages) => {
      for (const message of messages) this.#hear(message);
    });
  }

  #hear(message: SchedulerToWorkerMessage): void {
    if (message.type === "compute-blocks") {
      for (let at = 0; at < message.blocks.length; at += BLOCK_HEADER) {
        const [, , , first, run, , count] = message.blocks.slice(at, at + BLOCK_HEADER) as [
          number,
          number,
          number,
          number,
          number,
          number,
          number,
        ];
        for (let i = 0; i < count; i++) this.tasks.push([first + i, run]);
      }
    } else if (message.type === "compute-task") {
      for (let at = 0; at < message.rows.length; at += COMPUTE_HEADER + (message.rows[at + 4] as number)) {
        this.tasks.push([message.rows[at] as number, message.rows[at + 1] as number]);
      }
    } else if (message.type === "cancel-compute" && message.unlessBegun !== undefined) {
      // One task per thread has begun: the first.
      const begun = this.tasks.slice(0, 1);
      const given = this.tasks.slice(1).filter(([id]) => message.ids.includes(id));
      this.tasks = [...begun, ...this.tasks.slice(1).filter((task) => !given.includes(task))];
      if (given.length > 0) this.say({ type: "task-dropped", runs: given.flat() });
    }
  }

  say(...messages: readonly WorkerMessage[]): void {
    this.#end.send(messages);
  }

  /** Says that it has begun its first task. */
  begin(): void {
    const [id, run] = this.tasks[0] as readonly [number, number];
    this.say({ type: "task-started", id, run });
  }

  /** Is done with all its tasks, which took so long each. */
  finish(us = 1000): void {
    const tasks = this.tasks.splice(0);
    const ranges = tasks.flatMap(([id, run]) => [id, run, 1]);
    this.say({
      type: "task-finished",
      ranges,
      values: tasks.map(() => 1),
      spent: [0, tasks.length, us * tasks.length],
    });
  }

  link(): void {}

  lookInto(tell: (stack: { readonly reason: string }) => void): void {
    tell({ reason: "it is on a stage" });
  }

  terminate(reason: string): void {
    this.isOver = true;
    this.comm.close(reason);
  }
}

export class StagedSpawner implements Spawner {
  readonly cores = 4;
  /** All that ever were. */
  readonly threads: StagedThread[] = [];
  /** Whether threads are ready at once, or when they are told. */
  areReadyAtOnce = true;

  get living(): StagedThread[] {
    return this.threads.filter(({ isOver }) => !isOver);
  }

  spawn(setup: WorkerSetup): Thread {
    const thread = new StagedThread(setup);
    this.threads.push(thread);
    if (this.areReadyAtOnce) thread.becomeReady();
    return thread;
  }

  channel(): readonly [object, object] {
    return [{}, {}];
  }
}

export function stageCluster(options: LocalClusterOptions) {
  const clock = new ManualClock();
  const spawner = new StagedSpawner();
  let names = 0;
  const machine = () => new SchedulerMachine();
  const uniqueName = () => `client${names++}`;
  const elsewhere = () => Promise.reject(new Error("there is nothing elsewhere"));
  const durable = () => Promise.reject(new Error("nothing is kept here"));
  const stores = () => Promise.reject(new Error("there are no stores"));
  const platform = { spawner, clock, machine, pair: memoryComm, uniqueName, elsewhere, durable, stores };
  const cluster = new LocalCluster(platform, options);
  cluster.scheduler.machine.learn(requestRules);
  const { id, comm, keepAlive } = cluster.connect();
  const session = new Session(id, comm, keepAlive);
  const client = new Client({ session, ready: cluster.ready, close: async () => {} });
  return { clock, spawner, cluster, client };
}
