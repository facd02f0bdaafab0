/** workerpool with a dedicated worker file, on threads. */
import { fileURLToPath } from "node:url";
import workerpool from "workerpool";

const script = fileURLToPath(new URL("./workerpool-worker.mjs", import.meta.url));

export async function start({ workers }) {
  const pool = workerpool.pool(script, {
    workerType: "thread",
    minWorkers: workers,
    maxWorkers: workers,
  });
  return { run: (task, a, b) => pool.exec(task, [a, b]) };
}
