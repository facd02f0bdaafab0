/** What a worker lets be seen of itself while somebody looks: what it does when, and what is written to its console. */

import type { Clock } from "../ports/clock.ts";
import type { FunctionId } from "../protocol/identity.ts";
import type { KeptLog } from "../protocol/logs.ts";
import type { TracePace } from "../protocol/tracing.ts";
import { ConsoleLog, type Written } from "./console-log.ts";
import type { Executor } from "./executor.ts";
import type { InFlight } from "./in-flight.ts";
import type { WorkerComm } from "./sending.ts";
import { WorkerTrace } from "./worker-trace.ts";

const NO_LOG: KeptLog = { lines: [], missed: 0 };

export class Watching {
  /** While somebody wants to see what it does. */
  trace: WorkerTrace | undefined;
  readonly #clock: Clock;
  readonly #comm: WorkerComm;
  readonly #executor: Executor;
  readonly #log: ConsoleLog | undefined;

  /** `console`: whose lines are kept; none if there is none. */
  constructor(clock: Clock, comm: WorkerComm, executor: Executor, inFlight: InFlight, console: Written | undefined) {
    this.#clock = clock;
    this.#comm = comm;
    this.#executor = executor;
    if (console === undefined) return;
    const writer = () => {
      const running = inFlight.current;
      return running && { key: running.key, name: executor.nameOf(running.task.fn) };
    };
    this.#log = new ConsoleLog(console, clock, writer, (log) => comm.send([{ type: "log", ...log }]));
  }

  /** Says what it does from now on, at this pace; or what is left to be told, and no more. */
  traces(pace: TracePace | undefined): void {
    this.trace?.flush();
    if (pace !== undefined && this.trace !== undefined) {
      this.trace.pace = pace; // What it has asked of peers is still under way.
      return;
    }
    const nameOf = (fn: FunctionId) => this.#executor.nameOf(fn);
    this.trace = pace && new WorkerTrace(this.#clock, nameOf, pace, (told) => this.#comm.send([told]));
    this.#executor.watchMaking = pace && ((name) => this.trace?.making(name));
  }

  /** The lines that are kept; see `ConsoleLog.read()`. */
  logs(isOn: boolean | undefined): KeptLog {
    return this.#log?.read(isOn) ?? NO_LOG;
  }
}
