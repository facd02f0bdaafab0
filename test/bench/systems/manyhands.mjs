/** Ours, as a user writes it; in Node and in pages. */
import { Client } from "manyhands";
import * as bodies from "../tasks.mjs";

// A plain object: looking a name up in a module namespace is several times slower.
const tasks = { ...bodies };

export async function start({ workers }) {
  const client = new Client({ nWorkers: workers });
  return {
    run: (task, a, b) => client.submit(tasks[task], a, b).result(),
    map: (task, as, bs) => client.gather(client.map(tasks[task], as, bs)),
    defer: (task, a, b) => client.submit(tasks[task], a, b),
    settle: (future) => future.result(),
    scatter: (value) => client.scatter(value),
    ready: () => client.waitForWorkers(workers),
  };
}
