/** Goes through workloads, rounds and systems, and makes one result of each (workload, system). */
import { disturbed, undisturbed } from "./machine.mjs";
import { median } from "./statistics.mjs";
import { WORKERS } from "./systems.mjs";

const WHOLE = { patienceMs: 20_000, repeats: 2, timeShare: 1 };
const QUICK = { patienceMs: 2000, repeats: 0, timeShare: 1 / 6 };

export function takesPart(system, workload) {
  if (system.only && !system.only.includes(workload.id)) return false;
  if (system.skip?.includes(workload.id)) return false;
  if (workload.kinds && !workload.kinds.includes(system.kind)) return false;
  return true;
}

/**
 * Measures every workload on every system with `measure(spec)`.
 *
 * All systems take their turn at one workload before the next begins, so that they meet the same machine; every
 * other round goes backwards, so that a drift favours nobody.
 *
 * @param plan `{ workloads, systems, quick, rounds, measure, say }`; with `rounds` given no round is dropped.
 */
export async function measureAll(plan) {
  const { workloads, systems, quick, measure, say } = plan;
  const { patienceMs, repeats, timeShare } = quick ? QUICK : WHOLE;
  const patience = { ms: patienceMs };
  const results = [];
  for (const workload of workloads) {
    const amount = { ...workload, reps: workload.reps ?? 1 };
    if (quick) Object.assign(amount, { reps: 1 }, workload.quick);
    const rounds = plan.rounds ?? amount.rounds;
    const deadline = Date.now() + workload.seconds * 1000 * timeShare;
    const part = systems.filter((system) => takesPart(system, workload));
    const reports = new Map(part.map((system) => [system, []]));
    for (let round = 0; round < rounds; round++) {
      for (const system of round % 2 ? part.toReversed() : part) {
        const late = plan.rounds === undefined && Date.now() > deadline;
        const before = reports.get(system);
        if (before.some(({ error, absent }) => error || absent)) continue;
        if (late && round > 0) continue;
        say(`${workload.id}  ${system.name}  round ${round + 1} of ${rounds}`);
        const spec = {
          workload: workload.id,
          file: system.file,
          options: system.options,
          workers: WORKERS,
          n: amount.n,
          reps: amount.reps,
          limitMs: amount.limitMs,
          cold: workload.cold,
          memory: amount.memory,
          pinned: workload.pinned,
        };
        const calm = { repeats: late ? 0 : repeats, patience };
        before.push(await undisturbed(() => measure(spec), calm));
      }
    }
    for (const [system, got] of reports) {
      if (got[0].absent) continue;
      results.push(resultOf(system, workload, amount, got));
    }
  }
  return results;
}

function resultOf(system, workload, amount, reports) {
  const result = {
    system: system.name,
    kind: system.kind,
    workload: workload.id,
    unit: workload.unit,
    n: amount.n,
    reduced: amount.n < workload.n,
  };
  const failed = reports.find(({ error }) => error);
  if (failed) return { ...result, error: failed.error };
  const samples = reports.flatMap((report) => report.samples);
  const more = {};
  for (const key of Object.keys(reports[0].more)) {
    more[key] = median(reports.map((report) => report.more[key]));
  }
  return {
    ...result,
    value: median(samples),
    least: Math.min(...samples),
    most: Math.max(...samples),
    samples: samples.length,
    more,
    disturbed: reports.filter(disturbed).length > reports.length / 2,
  };
}
