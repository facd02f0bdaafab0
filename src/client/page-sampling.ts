/** What a page's own thread is at, looked at again and again by the browser: its self-profiling API, where there is one and the page may use it. */

import type { CpuProfile, CpuProfileNode } from "./profile-exports.ts";

/** Browsers look no more often. Milliseconds. */
const INTERVAL_MS = 10;
/** After so many samples there are no more: those of a quarter of an hour. */
const MOST_SAMPLES = 100_000;

/** What the browser gives: frames by number, and each stack as its innermost frame on another stack. */
export interface PageTrace {
  readonly resources: readonly string[];
  readonly frames: readonly {
    readonly name: string;
    readonly resourceId?: number;
    readonly line?: number;
    readonly column?: number;
  }[];
  readonly stacks: readonly { readonly frameId: number; readonly parentId?: number }[];
  readonly samples: readonly { readonly timestamp: number; readonly stackId?: number }[];
}

interface PageProfiler {
  stop(): Promise<PageTrace>;
}

type NewProfiler = new (options: { readonly sampleInterval: number; readonly maxBufferSize: number }) => PageProfiler;

export class PageSampling {
  #profiler: PageProfiler | undefined;
  /** Why it cannot be looked, if it cannot. */
  reason: string | undefined;

  constructor() {
    this.#begin();
  }

  /** What was found since the last time; with `isLast`, there is no more to come. */
  async collect(isLast: boolean): Promise<CpuProfile | undefined> {
    const profiler = this.#profiler;
    this.#profiler = undefined;
    const trace = await profiler?.stop();
    if (!isLast && profiler !== undefined) this.#begin();
    return trace === undefined || trace.samples.length === 0 ? undefined : cpuProfileOf(trace);
  }

  #begin(): void {
    const { Profiler } = globalThis as { readonly Profiler?: NewProfiler };
    if (Profiler === undefined) {
      this.reason = "this browser has no self-profiling API for the page itself";
      return;
    }
    try {
      this.#profiler = new Profiler({ sampleInterval: INTERVAL_MS, maxBufferSize: MOST_SAMPLES });
    } catch {
      this.reason = "that of the page itself needs the header Document-Policy: js-profiling";
    }
  }
}

/** The same as V8 has it in a .cpuprofile. */
export function cpuProfileOf({ resources, frames, stacks, samples }: PageTrace): CpuProfile {
  const [rootId, idleId, firstId] = [1, 2, 3];
  const children = stacks.map((): number[] => []);
  const outermost: number[] = [idleId];
  for (const [stack, { parentId }] of stacks.entries()) {
    (parentId === undefined ? outermost : (children[parentId] ?? outermost)).push(firstId + stack);
  }
  const own = (functionName: string) => ({ functionName, scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 });
  const nodes: CpuProfileNode[] = [
    { id: rootId, callFrame: own("(root)"), children: outermost },
    { id: idleId, callFrame: own("(idle)"), children: [] },
  ];
  for (const [stack, { frameId }] of stacks.entries()) {
    const { name = "", resourceId, line = 0, column = 0 } = frames[frameId] ?? {};
    const url = resourceId === undefined ? "" : (resources[resourceId] ?? "");
    // Places are counted from 1 here, and from 0 there.
    const callFrame = { functionName: name, scriptId: "0", url, lineNumber: line - 1, columnNumber: column - 1 };
    nodes.push({ id: firstId + stack, callFrame, children: children[stack] ?? [] });
  }
  const times = samples.map(({ timestamp }) => Math.round(timestamp * 1000));
  const startTime = times[0] ?? 0;
  return {
    nodes,
    startTime,
    endTime: times.at(-1) ?? startTime,
    samples: samples.map(({ stackId }) => (stackId === undefined ? idleId : firstId + stackId)),
    timeDeltas: times.map((time, i) => time - (times[i - 1] ?? startTime)),
  };
}
