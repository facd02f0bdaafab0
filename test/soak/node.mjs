// Does everything at random for a while in Node and looks at what is left: `npm run soak`; --seconds N for less than ten minutes.
//
// Memory is measured with all garbage collected, here and in each worker, after a while of everything and at the end: it is to be as at first,
// but for what a page of code more or less takes.

import { parseArgs } from "node:util";
import { getHeapStatistics } from "node:v8";
import * as library from "manyhands";
import { begin } from "./scenario.mjs";

/** What may be more at the end, here and in a worker: code that was compiled meanwhile, and tables that do not shrink. Bytes. */
const SLACK_BYTES = 3e6;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "600" }, seed: { type: "string", default: "1" } },
});
const seconds = Number(values.seconds);
const scenario = begin(library, { nWorkers: 2, seed: Number(values.seed) });
const { client } = scenario;

const collect = async () => {
  // What is collected lets go of something else, which is told to others, who let go of more.
  for (let i = 0; i < 8; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
};

async function measure() {
  await scenario.letGo();
  await collect();
  const used = await client.run(async () => {
    for (let i = 0; i < 4; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return process.getBuiltinModule("node:v8").getHeapStatistics().used_heap_size;
  });
  await collect();
  const handles = process.getActiveResourcesInfo();
  return {
    heap: getHeapStatistics().used_heap_size,
    workers: Math.max(...Object.values(used)),
    ports: handles.filter((name) => name === "MessagePort").length,
    handles: handles.length,
    left: scenario.left(),
  };
}

const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
const show = (when, { heap, workers, ports, left }) => {
  const rest = Object.entries(left).map(([name, many]) => `${name} ${many}`);
  console.log(
    `${when.padEnd(8)} ${scenario.tasks} tasks; heap ${inMegabytes(heap)}, workers ${inMegabytes(workers)}, ${ports} ports; ${rest.join(", ")}`,
  );
};

const problems = [];
// Twice the same, so that what is only made once is there before.
await scenario.fill();
await scenario.spend(seconds * 0.25);
const before = await measure();
show("before", before);
const spells = Math.max(1, Math.round(seconds / 25));
let after = before;
for (let i = 0; i < spells; i++) {
  await scenario.spend((seconds * 0.75) / spells);
  after = await measure();
  show("after", after);
}
for (const [name, many] of Object.entries(after.left))
  if (many > 0) problems.push(`${many} ${name} are left at the scheduler`);
if (after.left.tasks > 0) problems.push(`among them ${scenario.keys().slice(0, 10).join(", ")}`);
for (const place of ["heap", "workers"]) {
  const more = after[place] - before[place];
  if (more > SLACK_BYTES) problems.push(`${place}: ${inMegabytes(more)} more than before`);
}
if (after.handles > before.handles + 2) problems.push(`${after.handles} handles are open, and ${before.handles} were`);
await scenario.close();
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "nothing is left behind" : "something is left behind");
process.exitCode = problems.length === 0 ? 0 : 1;
