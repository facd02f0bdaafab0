/** The page's half: measures one workload on one system when `browser.mjs` asks for it. */
import { sample } from "../sample.mjs";
import { browserWorkloads } from "../workloads.mjs";

async function measure(spec) {
  const { start } = await import(new URL(spec.file, import.meta.url).href);
  const workload = browserWorkloads.find(({ id }) => id === spec.workload);
  const system = await start({ workers: spec.workers, ...spec.options });
  if (workload.needs && !system[workload.needs]) return { absent: true };
  return sample(system, workload, spec);
}

globalThis.measure = (spec) => measure(spec).catch((error) => ({ error: String(error) }));
