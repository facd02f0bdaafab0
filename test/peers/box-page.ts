/** The sandbox by itself, bundled for a page, with a way to run single functions in it. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What the page has as `box`. */
export interface BoxApi {
  run(source: string, argument: unknown): Promise<unknown>;
  /**
   * Runs it in a thread of its own, in the box or in the page; undefined if that says nothing for a while. It is ended then: what blocks a
   * thread, as Firefox's requests that are refused sometimes do, has not led anywhere.
   */
  attempt(where: "inside" | "outside", source: string, argument: unknown): Promise<unknown>;
  startAndEnd(source: string): Promise<string>;
  reasonOfDeath(text: string): Promise<string>;
}

/** For an attempt to get anywhere. Milliseconds. */
export const ATTEMPT_MS = 1_500;

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
const sources = { inside: () => sandbox.start(), outside: async () => fromWorker(fromText(${JSON.stringify(runner)})) };
globalThis.box = {
  run: async (source, argument) => (await inside)(source, argument),
  attempt: async (where, source, argument) => {
    const thread = await sources[where]();
    const run = started(thread);
    await run("() => 1");
    const tooLong = new Promise((resolve) => setTimeout(resolve, ${ATTEMPT_MS}));
    try {
      return await Promise.race([run(source, argument), tooLong]);
    } finally {
      thread.terminate();
    }
  },
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
