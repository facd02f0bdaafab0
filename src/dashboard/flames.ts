/** Sampled stacks as a flame graph: what was on top of what, and for how long, whenever it was. */

import type { FlameChartNode } from "flame-chart-js";
import type { SampledStacks } from "../client/profile-exports.ts";
import { colourOf } from "./palette.ts";

interface Branch {
  readonly name: string;
  readonly url: string;
  ms: number;
  readonly children: Map<string, Branch>;
}

/** Where what calls tasks comes from: the bundled worker and the platform. It stands aside, so that tasks stand at the bottom. */
const SURROUNDINGS = /node-worker\.cjs|\[worker eval\]|^node:/;

/** Frames that say that nothing runs. */
const RESTING = ["(idle)", "(program)", "(root)"];

/** All stacks put together, equal ones as one, those that took most first. */
export function flameNodes(stacks: readonly SampledStacks[]): FlameChartNode[] {
  const root: Branch = { name: "", url: "", ms: 0, children: new Map() };
  for (const { profile } of stacks) {
    const spent = spentIn(profile);
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    /** `isTask`: whether a frame of the program's own is below it. */
    const grow = (id: number, parent: Branch, isTask: boolean): number => {
      const node = nodes.get(id);
      if (node === undefined) return 0;
      const { functionName, url, lineNumber } = node.callFrame;
      const isRoot = functionName === "(root)";
      if (RESTING.includes(functionName) && !isRoot) return 0;
      const isOurs = !isTask && (isRoot || SURROUNDINGS.test(url));
      const ownMs = spent.get(id) ?? 0;
      if (isOurs && !isRoot) branchOf(parent, "(manyhands and the platform)", "").ms += ownMs;
      const name = functionName || "(anonymous)";
      const branch = isOurs ? parent : branchOf(parent, name, url === "" ? "" : `${url}:${lineNumber + 1}`);
      let ms = isOurs ? 0 : ownMs;
      for (const child of node.children ?? []) ms += grow(child, branch, !isOurs);
      if (!isOurs) branch.ms += ms;
      return ms + (isOurs ? ownMs : 0);
    };
    const [first] = profile.nodes;
    if (first !== undefined) grow(first.id, root, false);
  }
  return laidOut(root, 0);
}

function branchOf(parent: Branch, name: string, url: string): Branch {
  const id = `${name}\n${url}`;
  let branch = parent.children.get(id);
  if (branch === undefined) {
    branch = { name, url, ms: 0, children: new Map() };
    parent.children.set(id, branch);
  }
  return branch;
}

function spentIn({ samples = [], timeDeltas = [] }: SampledStacks["profile"]): Map<number, number> {
  const spent = new Map<number, number>();
  for (let i = 0; i < samples.length; i++) {
    const id = samples[i] as number;
    spent.set(id, (spent.get(id) ?? 0) + (timeDeltas[i + 1] ?? timeDeltas[i] ?? 0) / 1000);
  }
  return spent;
}

function laidOut({ children }: Branch, fromMs: number): FlameChartNode[] {
  let start = fromMs;
  return [...children.values()]
    .filter(({ ms }) => ms > 0)
    .sort((a, b) => b.ms - a.ms)
    .map((branch) => {
      const node = {
        name: branch.name,
        type: branch.url,
        start,
        duration: branch.ms,
        color: colourOf(branch.name),
        children: laidOut(branch, start),
      };
      start += branch.ms;
      return node;
    });
}
