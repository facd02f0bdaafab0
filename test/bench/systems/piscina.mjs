/** piscina: as it comes, or with the settings its users turn for many small tasks. */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

const filename = fileURLToPath(new URL("./piscina-worker.mjs", import.meta.url));

export async function start({ workers, ...settings }) {
  const pool = new Piscina({
    filename,
    minThreads: workers,
    maxThreads: workers,
    ...settings,
  });
  return {
    eager: settings.concurrentTasksPerWorker > 1,
    run: (task, a, b) => pool.run([a, b], { name: task }),
  };
}
