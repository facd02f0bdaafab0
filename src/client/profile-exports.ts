/** What was recorded, in the forms that other tools open: Chrome's trace events, and V8's .cpuprofile. */

import { hostOf } from "../protocol/hosts.ts";
import type { TaskSpan } from "./recording.ts";

/** A node of the tree of functions that were found running, as V8 has it. */
export interface CpuProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly hitCount?: number;
  readonly children?: readonly number[];
}

/** What V8's profiler gives. Times are microseconds of a clock of its own. */
export interface CpuProfile {
  readonly nodes: readonly CpuProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** What was running, each time it was looked, by its node. */
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** The stacks of one worker, for some time. */
export interface SampledStacks {
  readonly worker: string;
  readonly profile: CpuProfile;
}

/** An event of Chrome's trace format. Times are microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
}

/** For Perfetto and chrome://tracing: a process for each host, in it a thread for each worker. What overlaps in one, because it awaits, goes to lanes beside it. */
export function chromeTrace(spans: readonly TaskSpan[]): ChromeTrace {
  const events: TraceEvent[] = [];
  const processes = new Map<string, number>();
  const lanes = new Map<string, { readonly tid: number; until: number }[]>();
  let threads = 0;
  const nameIt = (what: "process_name" | "thread_name", pid: number, tid: number, name: string) =>
    events.push({ name: what, ph: "M", pid, tid, args: { name } });
  for (const span of [...spans].sort((a, b) => a.beganMs - b.beganMs)) {
    const { worker, name, kind, key, beganMs, ms, tasks, nbytes, status } = span;
    const title = kind === "transfer" ? `from ${name}` : name || "(anonymous)";
    const host = hostOf(worker);
    const pid = processes.get(host) ?? processes.size + 1;
    if (!processes.has(host)) nameIt("process_name", pid, 0, host || "workers");
    processes.set(host, pid);
    let ofWorker = lanes.get(worker);
    if (ofWorker === undefined) {
      ofWorker = [];
      lanes.set(worker, ofWorker);
    }
    let lane = ofWorker.find(({ until }) => until <= beganMs);
    if (lane === undefined) {
      lane = { tid: ++threads, until: 0 };
      ofWorker.push(lane);
      const label = ofWorker.length === 1 ? worker : `${worker} (${ofWorker.length})`;
      nameIt("thread_name", pid, lane.tid, label);
    }
    lane.until = beganMs + ms;
    const args = { key, tasks, nbytes, status };
    events.push({ name: title, ph: "X", pid, tid: lane.tid, ts: beganMs * 1000, dur: ms * 1000, cat: kind, args });
  }
  return { traceEvents: events, displayTimeUnit: "ms" };
}

/** One profile of several, in which each worker's stacks stand on its address. Undefined if there are none. */
export function joinedProfile(stacks: readonly SampledStacks[]): CpuProfile | undefined {
  const [only] = stacks;
  if (only === undefined) return undefined;
  const nodes: CpuProfileNode[] = [];
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  const roots: number[] = [];
  let last = 1;
  for (const { worker, profile } of stacks) {
    const renumbered = new Map<number, number>();
    for (const { id } of profile.nodes) renumbered.set(id, ++last);
    const numberOf = (id: number) => renumbered.get(id) as number;
    for (const node of profile.nodes) {
      const isRoot = node === profile.nodes[0];
      if (isRoot) roots.push(numberOf(node.id));
      const callFrame = isRoot ? { ...node.callFrame, functionName: worker } : node.callFrame;
      nodes.push({ ...node, id: numberOf(node.id), callFrame, children: (node.children ?? []).map(numberOf) });
    }
    for (const sample of profile.samples ?? []) samples.push(numberOf(sample));
    for (const delta of profile.timeDeltas ?? []) timeDeltas.push(delta);
  }
  const callFrame = { functionName: "(root)", scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 };
  const { startTime } = only.profile;
  const endTime = startTime + timeDeltas.reduce((sum, delta) => sum + delta, 0);
  return {
    nodes: [{ id: 1, callFrame, hitCount: 0, children: roots }, ...nodes],
    startTime,
    endTime,
    samples,
    timeDeltas,
  };
}
