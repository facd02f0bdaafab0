/**
 * Sampling: what stacks are found in worker threads, looked at again and again by V8's own profiler, where the platform has it. Pages have none for
 * their workers, but some for themselves.
 */

import type { WorkerPlugin } from "../shipping/plugin.ts";
import { PageSampling } from "./page-sampling.ts";
import type { SampledStacks } from "./profile-exports.ts";
import type { WorkerControl } from "./worker-control.ts";

/** How often it is looked. Microseconds. */
const INTERVAL_US = 1000;

/** Whose stacks those are that no worker has. */
const PAGE = "this page";

type Post = (method: string, ...more: unknown[]) => void;

let samplers = 0;

export class Sampling {
  readonly #client: WorkerControl;
  readonly #name = `manyhands-sampling-${Math.random().toString(36).slice(2)}-${samplers++}`;
  readonly #stacks: SampledStacks[] = [];
  readonly #page = globalThis.document === undefined ? undefined : new PageSampling();
  /** Nothing is to be had of workers any more. */
  #isBroken = false;
  /** Why there are no stacks of workers, if there are none. */
  reason: string | undefined;

  constructor(client: WorkerControl) {
    this.#client = client;
  }

  async start(): Promise<void> {
    try {
      await this.#client.registerPlugin(sampler(this.#name));
    } catch (error) {
      this.#break("sampled", error);
    }
  }

  /** All stacks so far; with `isLast`, there are no more to come. */
  async collect(isLast: boolean): Promise<readonly SampledStacks[]> {
    const ofPage = await this.#page?.collect(isLast);
    if (!this.#isBroken) await this.#collectFromWorkers(isLast);
    if (ofPage !== undefined) this.#stacks.push({ worker: PAGE, profile: ofPage });
    return [...this.#stacks];
  }

  async #collectFromWorkers(isLast: boolean): Promise<void> {
    try {
      for (const [worker, profile] of Object.entries(await this.#client.run(collect, this.#name, isLast))) {
        if (profile !== undefined) this.#stacks.push({ worker, profile: profile as SampledStacks["profile"] });
      }
      if (isLast) await this.#client.unregisterPlugin(this.#name);
    } catch (error) {
      return this.#break("collected", error);
    }
    const why = "browsers let no Web Worker sample its stacks (their self-profiling API is for pages alone)";
    const ofPage = this.#page === undefined ? "" : `; ${this.#page.reason ?? "there are those of the page itself"}`;
    const isNone = this.#stacks.every(({ worker }) => worker === PAGE);
    this.reason = isNone ? `${why}${ofPage}; in Node there are some` : undefined;
  }

  #break(what: string, error: unknown): void {
    this.#isBroken = true;
    this.reason = `stacks could not be ${what}: ${error instanceof Error ? error.message : error}`;
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
