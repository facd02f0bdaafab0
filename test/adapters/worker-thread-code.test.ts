/** The code of threads: all run the same, whose file it came from may change, and V8 has read it once. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import { ThreadCode } from "../../src/adapters/worker-thread-code.ts";
import { threadText } from "./thread-source.ts";

let directory: string;
let beginning: URL;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "thread-code-"));
  beginning = pathToFileURL(await fileOf(threadText(new URL("../../src/node-thread.ts", import.meta.url))));
});
after(() => rm(directory, { recursive: true }));

async function fileOf(text: string): Promise<string> {
  const path = join(directory, `${Math.random()}.cjs`);
  await writeFile(path, text);
  return path;
}

/** What it says first, once it is over. */
async function said(worker: Worker): Promise<unknown> {
  const [[word]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
  return word;
}

describe("the code of threads", () => {
  it("requires, imports and makes functions that import", { timeout: 20_000 }, async () => {
    const other = await fileOf("exports.six = 6;");
    const path = await fileOf(`
      const { parentPort } = require("node:worker_threads");
      const { six } = require(${JSON.stringify(other)});
      const made = new Function("path", "return import(path)");
      Promise.all([importHere, made].map((load) => load(${JSON.stringify(other)}))).then((modules) =>
        parentPort.postMessage([six, ...modules.map((each) => each.default.six)]),
      );
    `);
    const code = new ThreadCode(beginning, path);
    assert.deepEqual(await said(code.start()), [6, 6, 6]);
    assert.deepEqual(await said(code.start()), [6, 6, 6]);
  });

  it("is the same for all of them, whatever becomes of its file", { timeout: 20_000 }, async () => {
    const path = await fileOf(`require("node:worker_threads").parentPort.postMessage("old");`);
    const code = new ThreadCode(beginning, path);
    assert.equal(await said(code.start()), "old");
    await writeFile(path, `require("node:worker_threads").parentPort.postMessage("new");`);
    assert.equal(await said(code.start()), "old");
    await rm(path);
    assert.equal(await said(code.start()), "old");
  });

  it("is read once: V8 accepts what their owner has made of it", { timeout: 20_000 }, async () => {
    const path = await fileOf(`
      const { parentPort, workerData: { filename, text, shared } } = require("node:worker_threads");
      const [state, length] = new Int32Array(shared, 0, 2);
      const cachedData = new Uint8Array(shared, 8, length);
      const { cachedDataRejected } = new (require("node:vm").Script)(text, { filename, cachedData });
      parentPort.postMessage({ state, cachedDataRejected });
    `);
    const code = new ThreadCode(beginning, path);
    await said(code.start());
    assert.deepEqual(await said(code.start()), { state: 2, cachedDataRejected: false });
  });

  it("says what is wrong with it", { timeout: 20_000 }, async () => {
    const worker = new ThreadCode(beginning, await fileOf("const = 1;")).start();
    const [error] = await once(worker, "error");
    assert.match(error.message, /Unexpected token/);
    assert.throws(() => new ThreadCode(beginning, join(directory, "nowhere.cjs")).start(), /ENOENT.*nowhere\.cjs/);
  });
});
