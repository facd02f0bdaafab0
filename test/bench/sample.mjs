/** Measures one workload on one started system, in a process or in a page. */
import { median } from "./statistics.mjs";

/** @param memory tells how far the memory of this process rises; left out where nobody knows. */
export async function sample(system, workload, spec, memory) {
  const { n, reps = 1, limitMs = 5000, workers } = spec;
  // What submits at once has all of its workers answer to these; what begins with the worker that is there first says when all are.
  await system.ready?.();
  const first = Array.from({ length: 8 }, (_, at) => system.run("add", at, 1));
  await Promise.all(first);
  if (workload.warm) {
    const few = Math.min(workload.warm, n);
    const prepared = await workload.prepare?.(few, system);
    await workload.run(system, few, prepared, workers);
  }
  const prepared = await workload.prepare?.(n, system);

  const samples = [];
  const more = {};
  memory?.start();
  const start = performance.now();
  let spentMs = 0;
  do {
    const got = await workload.run(system, n, prepared, workers);
    const { value, ...rest } = typeof got === "number" ? { value: got } : got;
    samples.push(value);
    for (const [key, figure] of Object.entries(rest)) {
      more[key] = [...(more[key] ?? []), figure];
    }
    // Later repetitions find their memory already there, so only the first one tells what a task takes.
    if (memory && samples.length === 1) {
      more.bytesPerTask = [memory.growth() / n];
    }
    spentMs = performance.now() - start;
  } while (samples.length < reps && spentMs * (1 + 1 / samples.length) < limitMs);
  for (const key of Object.keys(more)) more[key] = median(more[key]);
  return { samples, more };
}
