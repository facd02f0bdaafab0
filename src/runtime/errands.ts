/** A worker's errands: what it does outside the queue of tasks, and the plugins it has. */

import type { ActorErrand } from "../protocol/actors.ts";
import type { Errand, ErrandOutcome } from "../protocol/errands.ts";
import { encodeError, UnserializableError } from "../protocol/errors.ts";
import type { FunctionId } from "../protocol/identity.ts";
import type { TracePace } from "../protocol/tracing.ts";
import type { SendErrand } from "../protocol/worker-messages.ts";
import { load } from "../shipping/compile.ts";
import type { AnyFunction, FunctionSpec } from "../shipping/function-source.ts";
import { measure } from "../shipping/measure.ts";
import type { RunState, WorkerPlugin } from "../shipping/plugin.ts";
import { restore } from "../shipping/restore.ts";
import type { Surroundings } from "../shipping/task-context.ts";
import type { Running } from "./running-task.ts";
import { isThenable } from "./thenable.ts";

/** What it needs of the worker it belongs to. */
export interface ErrandShell {
  readonly surroundings: Surroundings;
  /** A function that travelled, compiled. */
  functionOf(spec: FunctionSpec): AnyFunction | Promise<AnyFunction>;
  /** Lets go of functions that tasks have run. */
  forget(fns: readonly FunctionId[]): void;
  /** Sends an answer. Throws if the platform refuses to clone it. */
  answer(number: number, outcome: ErrandOutcome): void;
  /** What the worker lets be seen of itself. */
  readonly watching: { traces(pace: TracePace | undefined): void; logs(isOn: boolean | undefined): unknown };
  /** Does something with an actor. */
  actor(errand: ActorErrand): unknown;
  /** Tasks that were held back can begin. */
  letGo(): void;
}

export class Errands {
  readonly #shell: ErrandShell;
  /** In the order of their setup. */
  readonly #plugins = new Map<string, WorkerPlugin>();
  /** Those of them that want to hear of transitions. */
  #watching: readonly WorkerPlugin[] = [];
  /** Errands under way that tasks have to wait for. */
  #holding = 0;
  /** Those that the scheduler waits for. */
  readonly #open = new Set<number>();
  /** What concerns plugins is done one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(shell: ErrandShell) {
    this.#shell = shell;
  }

  /** Whether the scheduler waits for none. */
  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Whether no task may begin now. */
  get holdTasks(): boolean {
    return this.#holding > 0;
  }

  /** Whether anybody wants to hear of transitions. */
  get areWatched(): boolean {
    return this.#watching.length > 0;
  }

  /** Does what it is sent: what is to be run at once, what concerns plugins and modules when its turn has come. */
  perform({ number, errand }: SendErrand): void {
    this.#open.add(number);
    if (errand.type === "trace") {
      this.#attempt(number, () => this.#shell.watching.traces(errand.pace));
      return;
    }
    if (errand.type === "forget-functions") {
      this.#attempt(number, () => this.#shell.forget(errand.ids));
      return;
    }
    if (errand.type === "log") {
      this.#attempt(number, () => this.#shell.watching.logs(errand.isOn));
      return;
    }
    if (errand.type === "run") {
      this.#attempt(number, () => this.#run(errand));
      return;
    }
    if (errand.type === "drop-actor" || errand.type === "move-actor") {
      this.#attempt(number, () => this.#shell.actor(errand));
      return;
    }
    this.#holding += 1;
    this.#last = this.#last.then(async () => {
      await this.#attempt(number, () => this.#change(errand));
      this.#holding -= 1;
      if (this.#holding === 0) this.#shell.letGo();
    });
  }

  /** Another scheduler takes over, which has asked for nothing yet. Plugins stay. */
  beginAnew(): void {
    this.#open.clear();
  }

  /** Tells the plugins that want to know. */
  tell(key: string, from: RunState, to: RunState): void {
    for (const plugin of this.#watching) {
      try {
        plugin.transition?.(key, from, to);
      } catch (error) {
        console.warn(`manyhands: transition() of plugin ${plugin.name} failed:`, error);
      }
    }
  }

  /** The same of a task that has ended, if anybody wants to know. */
  tellEnd(running: Running, outcome: "memory" | "erred"): void {
    if (this.areWatched) this.tell(running.key, "executing", running.task.cancelled ? "released" : outcome);
  }

  /** Answers at once where that can be: a long task may be next. */
  #attempt(number: number, act: () => unknown): unknown {
    const fail = (error: unknown) => this.#answer(number, { error: encodeError(error) });
    try {
      const returned = act();
      if (isThenable(returned)) return returned.then((value) => this.#answer(number, { value })).then(undefined, fail);
      return this.#answer(number, { value: returned });
    } catch (error) {
      return fail(error);
    }
  }

  #answer(number: number, outcome: ErrandOutcome): void {
    if (!this.#open.has(number)) return;
    this.#shell.answer(number, outcome);
    this.#open.delete(number);
  }

  #run({ fn, args }: Errand & { readonly type: "run" }): unknown {
    const compiled = this.#shell.functionOf(fn as FunctionSpec);
    const values = this.#unpack(args) as unknown[] | Promise<unknown[]>;
    if (!(compiled instanceof Promise || values instanceof Promise)) return this.#call(compiled, values);
    return Promise.all([compiled, values]).then(([ready, all]) => this.#call(ready, all));
  }

  /** Calls a function that belongs to no task, though there may be one that waits for something. */
  #call(fn: AnyFunction, args: readonly unknown[]): unknown {
    const { surroundings } = this.#shell;
    const { task } = surroundings;
    surroundings.task = undefined;
    try {
      const returned = (fn as (...args: readonly unknown[]) => unknown)(...args);
      return isThenable(returned)
        ? returned.then((value) => demandPlain(fn.name, value))
        : demandPlain(fn.name, returned);
    } finally {
      surroundings.task = task;
    }
  }

  #change(
    errand: Exclude<Errand, ActorErrand | { readonly type: "run" | "trace" | "log" | "forget-functions" }>,
  ): unknown {
    switch (errand.type) {
      case "register-plugin":
        return this.#register(errand.name, errand.plugin);
      case "unregister-plugin":
        return this.#unregister(errand.name);
      case "register-module":
        return load(errand.url).then(() => undefined);
      case "leave":
        return this.#leave();
      default:
        return errand satisfies never;
    }
  }

  async #register(name: string, packed: unknown): Promise<void> {
    await this.#unregister(name);
    const plugin = (await this.#unpack(packed)) as WorkerPlugin;
    await plugin.setup?.(this.#shell.surroundings.worker);
    this.#plugins.set(name, plugin);
    this.#watch();
  }

  async #unregister(name: string): Promise<void> {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined) return;
    this.#plugins.delete(name);
    this.#watch();
    await plugin.teardown?.(this.#shell.surroundings.worker);
  }

  async #leave(): Promise<void> {
    for (const name of [...this.#plugins.keys()].reverse()) await this.#unregister(name);
  }

  #watch(): void {
    this.#watching = [...this.#plugins.values()].filter(({ transition }) => transition !== undefined);
  }

  #unpack(packed: unknown): unknown {
    return restore(
      packed,
      () => undefined,
      (spec) => this.#shell.functionOf(spec),
    );
  }
}

/** What is answered has to leave the worker. */
function demandPlain(name: string, value: unknown): unknown {
  const { problem } = measure(value, structuredClone);
  if (problem === undefined) return value;
  const path = `result${problem.path}`;
  throw new UnserializableError(
    `${path} of ${name || "a function"} is ${problem.what}, which cannot leave the worker; return plain data`,
    { path },
  );
}
