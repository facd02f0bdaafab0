/** tinypool, as it comes: turning its atomics on measures the same. */
import { fileURLToPath } from "node:url";
import Tinypool from "tinypool";

const filename = fileURLToPath(new URL("./tinypool-worker.mjs", import.meta.url));

export async function start({ workers }) {
  const pool = new Tinypool({
    filename,
    minThreads: workers,
    maxThreads: workers,
  });
  return { run: (task, a, b) => pool.run([a, b], { name: task }) };
}
