/** One workload on one system in a process of its own: the specification comes as argument, the report leaves by descriptor 3. */
import { writeSync } from "node:fs";

const spec = JSON.parse(process.argv[2]);

// Before anything else is loaded, so that a cold start is as cold as a user's.
const begun = performance.now();
const { start } = await import(`./systems/${spec.file}`);
const imported = performance.now();

async function coldStart() {
  const system = await start({ workers: spec.workers, ...spec.options });
  const answer = await system.run("add", 1, 2);
  const answered = performance.now();
  if (answer !== 3) throw new Error("wrong answer: first result");
  return {
    samples: [answered - imported],
    more: { importedMs: answered - begun },
  };
}

async function warmRuns() {
  const [{ memory, ownCpuSeconds, watchOthers }, { sample }, { workloads }] = await Promise.all([
    import("./machine.mjs"),
    import("./sample.mjs"),
    import("./workloads.mjs"),
  ]);
  const workload = workloads.find(({ id }) => id === spec.workload);
  const system = await start({ workers: spec.workers, ...spec.options });
  if (workload.needs && !system[workload.needs]) return { absent: true };
  const others = watchOthers(ownCpuSeconds);
  const probe = spec.memory ? memory : undefined;
  const report = await sample(system, workload, spec, probe);
  return { ...report, others: others() };
}

const report = await (spec.cold ? coldStart() : warmRuns());
writeSync(3, JSON.stringify(report));
process.exit(0);
