/** What a worker tells of itself while somebody wants to see it: which tasks ran when, and what came from peers. */

import type { Clock } from "../ports/clock.ts";
import type { FunctionId, WorkerAddress } from "../protocol/identity.ts";
import type { Trace, TracePace } from "../protocol/tracing.ts";
import { measure } from "../shipping/measure.ts";
import type { Running } from "./running-task.ts";
import { Tracer } from "./tracer.ts";

export class WorkerTrace {
  readonly #clock: Clock;
  readonly #tracer: Tracer;
  readonly #nameOf: (fn: FunctionId) => string;
  /** What peers have been asked for, and when. */
  readonly #asked = new Map<number, { readonly peer: WorkerAddress; readonly atMs: number }>();

  #madeAtMs = Number.NEGATIVE_INFINITY;
  /** Whose run was noted last, if nothing else has been since. */
  #lastRan: FunctionId | undefined;

  constructor(clock: Clock, nameOf: (fn: FunctionId) => string, pace: TracePace, send: (trace: Trace) => void) {
    this.#clock = clock;
    this.#nameOf = nameOf;
    this.#tracer = new Tracer(clock, Date.now(), pace, send);
  }

  set pace(pace: TracePace) {
    this.#tracer.pace = pace;
  }

  /** A task has ended. */
  ran(running: Running, askedMs: number, endMs: number, failed: boolean): void {
    const { task, waitedMs } = running;
    if (task.fn === this.#lastRan && waitedMs === 0 && !failed && this.#tracer.goOn(askedMs, endMs)) return;
    // The first of its function is kept waiting by the making of it, which is told by itself.
    const beganMs = Math.min(endMs, Math.max(askedMs, this.#madeAtMs));
    const name = this.#nameOf(task.fn);
    const isOdd = failed || waitedMs > 0;
    this.#tracer.note(beganMs, endMs - waitedMs, { kind: "compute", name, task: running, failed, isOdd });
    if (waitedMs > 0) this.#tracer.note(endMs - waitedMs, endMs, { kind: "wait", name, task: running, isOdd });
    this.#lastRan = isOdd ? undefined : task.fn;
  }

  /** So many of one function have run one after the other. */
  ranMany(fn: FunctionId, tasks: number, beganMs: number, endMs: number): void {
    if (tasks === 0) return;
    this.#tracer.note(beganMs, endMs, { kind: "compute", name: this.#nameOf(fn), tasks });
    this.#lastRan = fn;
  }

  /** Something is being made of what has come: a function that can be called, of its source. What is returned is called when that is done. */
  making(name: string): () => void {
    const beganMs = this.#clock.now();
    return () => {
      this.#madeAtMs = this.#clock.now();
      this.#tracer.note(beganMs, this.#madeAtMs, { kind: "deserialize", name, tasks: 0 });
      this.#lastRan = undefined;
    };
  }

  asked(request: number, peer: WorkerAddress): void {
    this.#asked.set(request, { peer, atMs: this.#clock.now() });
  }

  received(request: number, values: readonly unknown[]): void {
    const asked = this.#asked.get(request);
    if (asked === undefined) return; // It was asked for before anybody looked.
    this.#asked.delete(request);
    const bytes = values.reduce((sum: number, value) => sum + measure(value).nbytes, 0);
    this.#tracer.note(asked.atMs, this.#clock.now(), { kind: "transfer", name: asked.peer, bytes });
    this.#lastRan = undefined;
  }

  /** Sends what has gathered. */
  flush(): void {
    this.#tracer.flush();
  }
}
