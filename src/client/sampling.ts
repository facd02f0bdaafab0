/** Sampling: what stacks are found in worker threads, looked at again and again by V8's own profiler, where the platform has it. */

import type { WorkerPlugin } from "../shipping/plugin.ts";
import type { SampledStacks } from "./profile-exports.ts";
import type { WorkerControl } from "./worker-control.ts";

/** How often it is looked. Microseconds. */
const INTERVAL_US = 1000;

type Post = (method: string, ...more: unknown[]) => void;

let samplers = 0;

export class Sampling {
  readonly #client: WorkerControl;
  readonly #name = `manyhands-sampling-${Math.random().toString(36).slice(2)}-${samplers++}`;
  readonly #stacks: SampledStacks[] = [];
  /** Why there are no stacks, if there are none. */
  reason: string | undefined;

  constructor(client: WorkerControl) {
    this.#client = client;
  }

  async start(): Promise<void> {
    try {
      await this.#client.registerPlugin(sampler(this.#name));
    } catch (error) {
      this.reason = `stacks could not be sampled: ${error instanceof Error ? error.message : error}`;
    }
  }

  /** All stacks so far; with `isLast`, there are no more to come. */
  async collect(isLast: boolean): Promise<readonly SampledStacks[]> {
    if (this.reason !== undefined) return [];
    try {
      for (const [worker, profile] of Object.entries(await this.#client.run(collect, this.#name, isLast))) {
        if (profile !== undefined) this.#stacks.push({ worker, profile: profile as SampledStacks["profile"] });
      }
      if (isLast) await this.#client.unregisterPlugin(this.#name);
    } catch (error) {
      this.reason = `stacks could not be collected: ${error instanceof Error ? error.message : error}`;
    }
    if (this.#stacks.length === 0) {
      this.reason ??=
        "browsers let no Web Worker sample its stacks (their self-profiling API is for pages alone); in Node there are some";
    }
    return [...this.#stacks];
  }
}

/** A plugin, so that workers that come later take part. It keeps its session where tasks' results are not looked for. */
function sampler(name: string): WorkerPlugin {
  return Object.assign(
    {
      setup(this: { readonly name: string; readonly intervalUs: number }) {
        // biome-ignore lint/suspicious/noExplicitAny: whatever platform this is.
        const platform = (globalThis as any).process;
        const inspector = platform?.getBuiltinModule?.("node:inspector");
        if (inspector === undefined) return;
        const session = new inspector.Session();
        session.connect();
        const post: Post = session.post.bind(session);
        post("Profiler.enable");
        post("Profiler.setSamplingInterval", { interval: this.intervalUs });
        post("Profiler.start");
        const place = Symbol.for("manyhands.sampling");
        platform[place] ??= {};
        platform[place][this.name] = session;
      },
      teardown(this: { readonly name: string }) {
        // biome-ignore lint/suspicious/noExplicitAny: as above.
        const sessions = (globalThis as any).process?.[Symbol.for("manyhands.sampling")];
        sessions?.[this.name]?.disconnect();
        if (sessions !== undefined) delete sessions[this.name];
      },
    },
    { name, intervalUs: INTERVAL_US },
  ) as WorkerPlugin;
}

/** Runs on each worker: what its sampler has found so far. */
function collect(name: string, isLast: boolean): unknown {
  // biome-ignore lint/suspicious/noExplicitAny: whatever platform this is.
  const session = (globalThis as any).process?.[Symbol.for("manyhands.sampling")]?.[name];
  let profile: unknown;
  session?.post("Profiler.stop", (_error: unknown, found: { readonly profile: unknown } | undefined) => {
    profile = found?.profile;
  });
  if (!isLast) session?.post("Profiler.start");
  return profile;
}
