/** workerpool in a page. Its build for browsers is no module: it leaves a global behind. */
import "/node_modules/workerpool/dist/workerpool.min.js";

const script = new URL("./workerpool-worker.mjs", import.meta.url).href;

export async function start({ workers }) {
  const pool = globalThis.workerpool.pool(script, {
    workerType: "web",
    workerOpts: { type: "module" },
    minWorkers: workers,
    maxWorkers: workers,
  });
  return { run: (task, a, b) => pool.exec(task, [a, b]) };
}
