/** Comlink has no pool: its users deal the calls out in turn. */
import { Worker } from "node:worker_threads";
import { wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

const script = new URL("./comlink-worker.mjs", import.meta.url);

export async function start({ workers }) {
  const proxies = Array.from({ length: workers }, () => wrap(nodeEndpoint(new Worker(script))));
  let turn = 0;
  return {
    eager: true,
    run: (task, a, b) => proxies[turn++ % workers][task](a, b),
  };
}
