/** The floors in Node: bare worker_threads behind the pool of `raw-pool.mjs`. */
import { Worker } from "node:worker_threads";
import { rawPool } from "./raw-pool.mjs";

const script = new URL("./raw-worker.mjs", import.meta.url);

export async function start({ workers, ...style }) {
  const threads = Array.from({ length: workers }, () => {
    const worker = new Worker(script);
    return {
      post: (message) => worker.postMessage(message),
      listen: (heard) => worker.on("message", heard),
    };
  });
  return rawPool(threads, style);
}
