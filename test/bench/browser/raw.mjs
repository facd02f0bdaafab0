/** The floor in a page: bare Web Workers behind the same pool as in Node. */
import { rawPool } from "../systems/raw-pool.mjs";

const script = new URL("./raw-worker.mjs", import.meta.url);

export async function start({ workers, ...style }) {
  const threads = Array.from({ length: workers }, () => {
    const worker = new Worker(script, { type: "module" });
    return {
      post: (message) => worker.postMessage(message),
      listen: (heard) => {
        worker.onmessage = ({ data }) => heard(data);
      },
    };
  });
  return rawPool(threads, style);
}
