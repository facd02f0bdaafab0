/** The sandbox by itself, bundled for a page, with a way to run single functions in it. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What the page has as `box`. */
export interface BoxApi {
  run(source: string, argument: unknown): Promise<unknown>;
  /** The same in a thread of the page. */
  runOutside(source: string, argument: unknown): Promise<unknown>;
  startAndEnd(source: string): Promise<string>;
  reasonOfDeath(text: string): Promise<string>;
}

/** A thread that runs functions from their source, one after the other. */
const runner = `globalThis.__name = (named) => named; // What the loader of the tests puts around functions.
onmessage = async ({ data: { number, source, argument } }) => {
  if (number === undefined) return;
  postMessage({ number, result: await (new Function("return " + source)())(argument) });
};`;

const program = `
import { Sandbox } from "./src/adapters/sandbox-box.ts";
import { fromText, fromWorker } from "./src/adapters/web-worker-endpoint.ts";
const sandbox = new Sandbox(${JSON.stringify(runner)});
const started = (thread) => {
  let count = 0;
  const waiting = new Map();
  thread.onEnd((reason) => { for (const { reject } of waiting.values()) reject(new Error(reason)); });
  thread.onMessage((word) => { waiting.get(word?.number)?.resolve(word.result); waiting.delete(word?.number); });
  return (source, argument) => new Promise((resolve, reject) => {
    const number = ++count;
    waiting.set(number, { resolve, reject });
    thread.postMessage({ number, source, argument }, []);
  });
};
const inside = sandbox.start().then(started);
let outside;
globalThis.box = {
  run: async (source, argument) => (await inside)(source, argument),
  runOutside: (source, argument) => (outside ??= started(fromWorker(fromText(${JSON.stringify(runner)}))))(source, argument),
  startAndEnd: async (source) => {
    const thread = await sandbox.start();
    const run = started(thread);
    await run("() => 1");
    run(source).catch(() => {});
    thread.terminate();
    await (await inside)("() => 1");
    return "ended";
  },
  reasonOfDeath: async (text) => {
    const thread = await new Sandbox(text).start();
    return new Promise((resolve) => thread.onEnd(resolve));
  },
};`;

export async function bundledBox(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL("../../", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}
