/** Threads with a worker on each, started from Node's worker_threads; and what happens where they cannot be started. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { ComlinkSpawner } from "../../src/adapters/comlink-spawner.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { fromWorker } from "../../src/adapters/worker-thread-endpoint.ts";
import { promisesOfSpawner } from "../compliance/spawner.ts";
import { threadOf } from "./thread-source.ts";

// Threads are no reason for a process to stay.
after(new SystemClock().keepAlive());

const nodeWorker = threadOf(new URL("../../src/node-worker.ts", import.meta.url));
const works = () => fromWorker(nodeWorker());
const setup = { address: "thread://test/0", name: "test", nThreads: 1 };

promisesOfSpawner({
  spawner: new ComlinkSpawner(2, [works]),
  death: "() => process.exit(3)",
});

describe("ways to start a thread", () => {
  const fails = () => {
    throw new Error("this way is closed");
  };
  const endsAtOnce = () => fromWorker(new Worker("process.exit(5)", { eval: true }));

  it("are tried one after the other, and what did not work is not tried again", { timeout: 10_000 }, async () => {
    let tried = 0;
    const counted = () => {
      tried += 1;
      return fails();
    };
    const spawner = new ComlinkSpawner(1, [counted, endsAtOnce, works]);
    const first = spawner.spawn(setup);
    await first.ready;
    const second = spawner.spawn(setup);
    await second.ready;
    assert.equal(tried, 1);
    first.terminate("over");
    second.terminate("over");
  });

  it("end with the last reason if none works", { timeout: 10_000 }, async () => {
    const thread = new ComlinkSpawner(1, [endsAtOnce, fails]).spawn(setup);
    assert.equal(await thread.comm.closed, "this way is closed");
    await assert.rejects(thread.ready, /this way is closed/);
  });

  it("that may not compile functions are left for one that may, if there is one", { timeout: 10_000 }, async () => {
    const text =
      'require("node:worker_threads").parentPort.postMessage({ type: "ready", canCompile: false }); setInterval(() => {}, 9e6);';
    let tries = 0;
    const mute = () => {
      tries += 1;
      return fromWorker(new Worker(text, { eval: true }));
    };
    const spawner = new ComlinkSpawner(1, [mute, works]);
    const threads = [spawner.spawn(setup)];
    await threads[0]?.ready;
    threads.push(spawner.spawn(setup));
    await threads[1]?.ready;
    assert.equal(tries, 1, "it is not tried for the second thread");
    for (const thread of threads) thread.terminate("over");
  });

  it("that may not compile functions will do if nothing else works", { timeout: 10_000 }, async () => {
    const text =
      'require("node:worker_threads").parentPort.postMessage({ type: "ready", canCompile: false }); setInterval(() => {}, 9e6);';
    const mute = () => fromWorker(new Worker(text, { eval: true }));
    const fails = () => Promise.reject(new Error("forbidden"));
    const thread = new ComlinkSpawner(1, [mute, fails]).spawn(setup);
    await thread.ready;
    thread.terminate("over");
    assert.equal(await thread.comm.closed, "over");
  });
});
