/** Workers that run out of memory, and threads that somebody else ends: both only to be had in Node. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./programs.ts";

const hog = `
  const hog = (times) => {
    if (getTask().attempt > times) return "in the end";
    const kept = [];
    for (;;) kept.push(new Array(10_000).fill({}));
  };`;

describe("out of memory", () => {
  it("ends the worker, not the process, and the task runs again", async () => {
    const { code, output } = await run(
      `
      import { Client, getTask } from "manyhands";
      ${hog}
      const client = new Client({ nWorkers: 1 });
      const before = client.submit(() => new Float64Array(50_000).fill(1));
      await before.exception();
      console.log(await client.submit(hog, 1).result());
      console.log((await before.result())[9]);`,
      ["--max-old-space-size=64"],
    );
    assert.deepEqual({ code, output }, { code: 0, output: "in the end\n1" });
  });

  it("is named in the error of a task that does it each time", async () => {
    const { code, output } = await run(
      `
      import { Client, getTask } from "manyhands";
      ${hog}
      const client = new Client({ nWorkers: 2 });
      const innocent = client.map((x) => x, [1, 2, 3]);
      const error = await client.submit(hog, 99).exception();
      console.log(error.name, error.attempts.length, /memory/.test(error.message));
      console.log(await client.gather(innocent));
      await client.close();`,
      ["--max-old-space-size=64"],
    );
    assert.deepEqual({ code, output }, { code: 0, output: "KilledWorkerError 3 true\n[ 1, 2, 3 ]" });
  });
});

describe("a worker with a memoryLimit", () => {
  it("whose thread has too much in use beside values is replaced, and what it held is made again", async () => {
    const { code, output } = await run(
      `
      import { Client, LocalCluster } from "manyhands";
      const cluster = new LocalCluster({ nWorkers: 1, memoryLimit: 64 * 2 ** 20 });
      const client = new Client(cluster);
      const kept = client.submit(() => new Float64Array(100_000).fill(4));
      const addresses = async () => Object.keys((await client.schedulerInfo()).workers).join();
      await client.submit((a) => a[0], kept).result();
      const first = await addresses();
      await client.submit(() => void (globalThis.leak = Array.from({ length: 3e6 }, (_, i) => ({ i })))).result();
      for (let now = first; now === first || now === ""; now = await addresses()) {
        await client.submit(() => 1).result();
      }
      console.log((await client.submit((a) => a[5], kept).result()));
      const events = await client.events("workers");
      console.log(events.some(({ message }) => /bytes in use, .* of them values, and its memoryLimit/.test(message.reason)));
      await client.close();
      await cluster.close();`,
    );
    assert.deepEqual({ code, output }, { code: 0, output: "4\ntrue" });
  });
});

describe("a worker whose disk takes no more", () => {
  it("warns, refuses what is beyond its limit, loses nothing, and goes on when futures are released", async () => {
    const { code, output } = await run(
      `
      import { spawnSync } from "node:child_process";
      import { Client, LocalCluster } from "manyhands";
      if (process.argv[2] === undefined) {
        // No file may be longer than 1 MB, which is half a value.
        const limited = 'ulimit -f 2048; exec "$0" "$1" limited';
        const { status } = spawnSync("sh", ["-c", limited, process.execPath, process.argv[1]], { stdio: "inherit" });
        process.exit(status ?? 1);
      }
      process.on("SIGXFSZ", () => {});
      console.warn = () => {};
      const cluster = new LocalCluster({ nWorkers: 1, memoryLimit: 8 * 2 ** 20 });
      const client = new Client(cluster);
      const made = [];
      const make = async (i) => {
        made.push(client.submit((x) => new Float64Array(262_144).fill(x), i));
        await made[i].exception().catch(() => {});
      };
      for (let i = 0; i < 3; i++) await make(i);
      let warnings = [];
      while (warnings.length === 0) warnings = await client.events("warnings");
      for (let i = 3; i < 12; i++) await make(i);
      const outcomes = await Promise.allSettled(made.map((future) => future.result()));
      const fine = outcomes.flatMap(({ value }, i) => (value === undefined ? [] : [value.every((x) => x === i)]));
      const errors = outcomes.flatMap(({ reason }) => reason ?? []);
      console.log(fine.every((isSo) => isSo), fine.length >= 3, fine.length + errors.length, errors.every(({ name }) => name === "MemoryLimitError"));
      console.log(/no room for the result.*nothing can be written out: EFBIG/.test(errors[0].message));
      console.log(warnings.every(({ message }) => /nothing can be written out: EFBIG/.test(message.text)));
      for (const future of made) future.release();
      console.log((await client.submit((x) => new Float64Array(262_144).fill(x), 9).result())[5]);
      await client.close();
      await cluster.close();`,
    );
    assert.deepEqual({ code, output }, { code: 0, output: "true true 12 true\ntrue\ntrue\n9" });
  });
});

describe("a stream that nobody holds", () => {
  it("is cancelled, and leaves nothing behind", async () => {
    const { code, output } = await run(
      `
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      const endless = () => client.stream(function* () { for (let i = 0; ; i++) yield i; });
      const begun = endless();
      await begun.next();
      let { future } = endless();
      const cancelled = new Promise((resolve) => future.addDoneCallback(() => resolve(future.status)));
      const trying = setInterval(gc, 10);
      console.log(await cancelled, begun.future.status);
      clearInterval(trying);
      await begun.return();
      await client.close();`,
      ["--expose-gc"],
    );
    assert.deepEqual({ code, output }, { code: 0, output: "cancelled running" });
  });
});

describe("what a client has seen last", () => {
  it("is not kept: streams that were broken off, and what the function submitted last could reach", async () => {
    const { code, output } = await run(
      `
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      const streamed = async () => {
        const stream = client.stream(function* () { for (let i = 0; ; i++) yield i; });
        for await (const item of stream) if (item > 2) return new WeakRef(stream);
      };
      const submitted = async () => {
        const held = { text: "held" };
        const reach = () => held;
        await client.submit((x) => x + 1, reach().text.length).result();
        return new WeakRef(held);
      };
      const seen = [await streamed(), await streamed(), await submitted()];
      await new Promise((resolve) => {
        const trying = setInterval(() => {
          gc();
          if (seen.some((each) => each.deref() !== undefined)) return;
          clearInterval(trying);
          resolve();
        }, 10);
      });
      console.log("collected");
      await client.close();`,
      ["--expose-gc"],
    );
    assert.deepEqual({ code, output }, { code: 0, output: "collected" });
  });
});

describe("terminate()", () => {
  it("of a worker's thread by somebody else is a death like any other", async () => {
    const { code, output } = await run(`
      import { createRequire, syncBuiltinESMExports } from "node:module";
      const threads = createRequire(import.meta.url)("node:worker_threads");
      const started = [];
      threads.Worker = class extends threads.Worker {
        constructor(...args) {
          super(...args);
          started.push(this);
        }
      };
      syncBuiltinESMExports();
      const { Client, getTask, wait } = await import("manyhands");
      const client = new Client({ nWorkers: 1 });
      const value = client.submit(() => new Float64Array(50_000).fill(4));
      await wait([value]);
      const held = client.submit(() => {
        getTask().progress(0);
        return getTask().attempt === 1 ? new Promise(() => {}) : getTask().attempt;
      });
      await new Promise((resolve) => held.onProgress(resolve));
      await started[0].terminate();
      console.log(await held.result(), (await value.result())[0], started.length);
      await client.close();`);
    assert.deepEqual({ code, output }, { code: 0, output: "2 4 2" });
  });
});
