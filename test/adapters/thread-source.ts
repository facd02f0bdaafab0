/** The text of a thread, made of a file of ours: threads do not know TypeScript. */
import { Worker, type WorkerOptions } from "node:worker_threads";
import { buildSync } from "esbuild";

/** What a thread can run, of the file at `url`. */
export function threadText(url: URL): string {
  const { outputFiles } = buildSync({
    entryPoints: [url.pathname],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    external: ["./profile-page-inline.js"], // made by the build, for pages that no thread writes
  });
  return outputFiles[0]?.text ?? "";
}

/** How to start a thread that runs the file at `url`. */
export function threadOf(url: URL): (options?: WorkerOptions) => Worker {
  const text = threadText(url);
  return (options) => new Worker(text, { ...options, eval: true });
}
