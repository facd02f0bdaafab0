/** poolifier's fixed pool without its own queue, which makes it several times slower on small tasks. */
import { fileURLToPath } from "node:url";
import { FixedThreadPool } from "poolifier";

const filename = fileURLToPath(new URL("./poolifier-worker.mjs", import.meta.url));

export async function start({ workers }) {
  const pool = new FixedThreadPool(workers, filename, {
    errorHandler: (error) => console.error(error),
  });
  return {
    eager: true,
    run: (task, a, b) => pool.execute([a, b], task),
    map: (task, as, bs) =>
      pool.mapExecute(
        as.map((a, index) => [a, bs[index]]),
        task,
      ),
  };
}
