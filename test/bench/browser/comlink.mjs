/** Comlink in a page: calls dealt out in turn. */
import { wrap } from "comlink";

const script = new URL("./comlink-worker.mjs", import.meta.url);

export async function start({ workers }) {
  const proxies = Array.from({ length: workers }, () => wrap(new Worker(script, { type: "module" })));
  let turn = 0;
  return {
    eager: true,
    run: (task, a, b) => proxies[turn++ % workers][task](a, b),
  };
}
