// @ts-check
/**
 * `npm run bench:memory`: what it costs to have less memory than values. Beside it, in the same run, what the file system gives to a
 * program that writes and reads one file from end to end by hand.
 *
 * What is measured in bytes of values is counted at the scheduler; what a process takes up besides depends on when garbage is collected.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Client, LocalCluster } from "manyhands";
import { median } from "./statistics.mjs";

const MB = 2 ** 20;

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    child: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const isQuick = options.quick;

/** @type {Record<string, () => Promise<void>>} */
const shapes = { spill, twice, roots };

if (options.child !== undefined) await reduceInChild(JSON.parse(options.child));
else if (options.help) console.log(`node test/bench/memory.mjs [--only ${Object.keys(shapes).join("|")}] [--quick]`);
else {
  for (const [name, run] of Object.entries(shapes)) {
    if (options.only === undefined || options.only.split(",").includes(name)) await run();
  }
}
process.exit();

/** @param {string} what @param {string} figure @param {boolean} isMet */
function tell(what, figure, isMet) {
  console.log(`${isMet ? "✔" : "✖"} ${what.padEnd(66)} ${figure}`);
}

/** @param {number} bytes @param {number} ms */
function speed(bytes, ms) {
  return bytes / MB / (ms / 1000);
}

/** One worker writes out and reads back what a program by hand writes to a file and reads back. */
async function spill() {
  const [count, size] = isQuick ? [16, 16 * MB] : [32, 16 * MB];
  const rounds = isQuick ? 3 : 5;
  /** @type {number[]} */ const writes = [];
  /** @type {number[]} */ const reads = [];
  /** @type {number[]} */ const byHandWrites = [];
  /** @type {number[]} */ const byHandReads = [];
  for (let round = 0; round < rounds; round++) {
    const hand = await byHand(count, size);
    byHandWrites.push(hand.write);
    byHandReads.push(hand.read);
    const ours = await spilled(count, size);
    writes.push(ours.write);
    reads.push(ours.read);
  }
  const [write, read, handWrite, handRead] = [median(writes), median(reads), median(byHandWrites), median(byHandReads)];
  const share = (/** @type {number} */ ours, /** @type {number} */ hand) => `${((100 * ours) / hand).toFixed(0)} %`;
  tell(
    `writing out ${count} values of ${size / MB} MB`,
    `${write.toFixed(0)} MB/s, ${share(write, handWrite)} of ${handWrite.toFixed(0)} by hand (goal: 60 %)`,
    write >= 0.6 * handWrite,
  );
  tell(
    `reading them back`,
    `${read.toFixed(0)} MB/s, ${share(read, handRead)} of ${handRead.toFixed(0)} by hand (goal: 60 %)`,
    read >= 0.6 * handRead,
  );
}

/** A file for each value, as a program would that has nothing else to do. @param {number} count @param {number} size */
async function byHand(count, size) {
  const folder = mkdtempSync(join(tmpdir(), "manyhands-bench-"));
  try {
    const bytes = new Uint8Array(size).fill(7);
    const beganMs = performance.now();
    for (let i = 0; i < count; i++) {
      const file = await open(join(folder, String(i)), "w");
      await file.write(bytes, 0, size, 0);
      await file.close();
    }
    const writtenMs = performance.now();
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const file = await open(join(folder, String(i)), "r");
      const back = new Uint8Array(size);
      await file.read(back, 0, size, 0);
      await file.close();
      sum += back[size - 1] ?? 0;
    }
    if (sum !== 7 * count) throw new Error("it was not read as it was written");
    return {
      write: speed(count * size, writtenMs - beganMs),
      read: speed(count * size, performance.now() - writtenMs),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {number} count @param {number} size */
async function spilled(count, size) {
  // All is written but what there is room for anyway.
  const cluster = new LocalCluster({ nWorkers: 1, memoryLimit: 2 * size });
  const client = new Client(cluster);
  await client.waitForWorkers(1);
  const length = size / 8;
  const make = (/** @type {number} */ seed, /** @type {number} */ length) => new Float64Array(length).fill(seed);
  const nothing = await client.submit((/** @type {number} */ x) => x, 1).result();
  if (nothing !== 1) throw new Error("no answer");
  const seeds = Array.from({ length: count }, (_, i) => i);
  // What it takes to make them is not what is to be measured.
  const warm = client.map(make, [1, 2], [length, length]);
  await client.gather(client.map((/** @type {Float64Array} */ a) => a.length, warm));
  for (const future of warm) future.release();
  const making = await timed(async () => {
    const cheap = client.submit(
      (/** @type {number} */ n, /** @type {number} */ length) => {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += new Float64Array(length).fill(i)[5] ?? 0;
        return sum;
      },
      count,
      length,
    );
    await cheap.result();
    cheap.release();
  });
  /** @type {import("manyhands").Future<Float64Array>[]} */
  let values = [];
  const writing = await timed(async () => {
    values = client.map(make, seeds, new Array(count).fill(length));
    await client.gather(client.map((/** @type {Float64Array} */ a) => a.length, values));
    await until(async () => (await bytesIn(client)).held <= 2 * size);
  });
  const written = (await bytesIn(client)).spilled;
  let sum = 0;
  const reading = await timed(async () => {
    const ends = client.map((/** @type {Float64Array} */ a) => a[a.length - 1] ?? 0, values);
    for (const end of await client.gather(ends)) sum += end;
  });
  if (sum !== (count * (count - 1)) / 2) throw new Error("a value was not read as it was written");
  await client.close();
  await cluster.close();
  return { write: speed(written, Math.max(1, writing - making)), read: speed(written, reading) };
}

/** @param {() => Promise<void>} run */
async function timed(run) {
  const beganMs = performance.now();
  await run();
  return performance.now() - beganMs;
}

/** @param {() => Promise<boolean>} isSo */
async function until(isSo) {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** @param {Client} client */
async function bytesIn(client) {
  let [held, spilled] = [0, 0];
  for (const worker of Object.values((await client.schedulerInfo()).workers)) {
    held += worker.heldBytes ?? 0;
    spilled += worker.spilledBytes ?? 0;
  }
  return { held, spilled };
}

/** Twice as much as workers may hold is made, mixed and mixed again, and all of it is right. */
async function twice() {
  const [nWorkers, memoryLimit] = [2, 64 * MB];
  const size = 4 * MB;
  const count = (2 * nWorkers * memoryLimit) / size;
  const cluster = new LocalCluster({ nWorkers, memoryLimit });
  const client = new Client(cluster);
  const length = size / 8;
  const seeds = Array.from({ length: count }, (_, i) => i);
  const beganMs = performance.now();
  const first = client.map(
    (/** @type {number} */ seed, /** @type {number} */ length) => new Float64Array(length).fill(seed),
    seeds,
    new Array(count).fill(length),
  );
  let values = first;
  const passes = isQuick ? 2 : 4;
  for (let pass = 1; pass <= passes; pass++) {
    const others = values.map((_, i) => values[(i * 7 + pass) % count]);
    const next = client.map(
      (/** @type {Float64Array} */ a, /** @type {Float64Array} */ b) => a.map((each, i) => each + (b[i] ?? 0)),
      values,
      /** @type {typeof values} */ (others),
    );
    await client.gather(client.map((/** @type {Float64Array} */ a) => a.length, next));
    for (const future of values) future.release();
    values = next;
  }
  let expected = seeds;
  for (let pass = 1; pass <= passes; pass++) {
    const before = expected;
    expected = before.map((each, i) => each + (before[(i * 7 + pass) % count] ?? 0));
  }
  let right = 0;
  for (const [i, future] of values.entries()) {
    const array = await future.result();
    if (array.length === length && array.every((each) => each === expected[i])) right += 1;
  }
  tell(
    `${count} values of ${size / MB} MB, twice what workers may hold, mixed ${passes} times`,
    `${right} of ${count} right, ${((performance.now() - beganMs) / 1000).toFixed(1)} s`,
    right === count,
  );
  await client.close();
  await cluster.close();
}

/** @typedef {{ count: number, size: number, isHeld: boolean }} Reduction */

/** Many values are made and added up in a tree; how much is there at once, with roots held back and without. */
async function roots() {
  for (const [count, size] of isQuick
    ? [
        [400, 2 * MB],
        [200, 10 * MB],
      ]
    : [
        [4000, 2 * MB],
        [2000, 10 * MB],
      ]) {
    const held = await inChild({ count: count ?? 0, size: size ?? 0, isHeld: true });
    const all = await inChild({ count: count ?? 0, size: size ?? 0, isHeld: false });
    const unit = 2 * (size ?? 1);
    const show = (/** @type {typeof held} */ { most, rss, ms }) =>
      `${(most / MB).toFixed(0)} MB (${(most / unit).toFixed(1)} × workers × value; process ${(rss / MB).toFixed(0)} MB), ${(ms / 1000).toFixed(1)} s`;
    tell(
      `${count} values of ${(size ?? 0) / MB} MB added up in a tree: most at once`,
      `${show(held)}; not held back: ${show(all)}`,
      held.most <= 8 * unit && held.most < all.most,
    );
  }
}

/** @param {Reduction} reduction @returns {Promise<{ most: number, rss: number, ms: number }>} */
function inChild(reduction) {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--child", JSON.stringify(reduction)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.once("exit", (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`it ended with ${code}`))));
  });
}

/** @param {Reduction} reduction */
async function reduceInChild({ count, size, isHeld }) {
  const cluster = new LocalCluster({ nWorkers: 2 });
  const client = new Client(cluster);
  await client.waitForWorkers(2);
  await client.gather(client.map((/** @type {number} */ x) => x, [1, 2, 3]));
  const { state } = cluster.scheduler.machine;
  if (!isHeld) state.saturation = Number.POSITIVE_INFINITY;
  const before = process.memoryUsage.rss();
  let [most, rss] = [0, 0];
  const look = () => {
    let bytes = 0;
    for (const task of state.tasks.values()) bytes += Math.max(0, task.nbytes) * state.replicas.rightsOf(task).size;
    most = Math.max(most, bytes);
    rss = Math.max(rss, process.memoryUsage.rss() - before);
  };
  const timer = setInterval(look, 2);
  const beganMs = performance.now();
  const length = size / 8;
  const seeds = Array.from({ length: count }, (_, i) => i);
  const leaves = client.map(
    (/** @type {number} */ seed, /** @type {number} */ length) => new Float64Array(length).fill(seed),
    seeds,
    new Array(count).fill(length),
  );
  /** @type {import("manyhands").Future<number>[]} */
  let level = client.map(
    (/** @type {Float64Array} */ a, /** @type {Float64Array} */ b) => (a[1] ?? 0) + (b[2] ?? 0),
    leaves.filter((_, i) => i % 2 === 0),
    leaves.filter((_, i) => i % 2 === 1),
  );
  for (const future of leaves) future.release();
  while (level.length > 1) {
    const next = client.map(
      (/** @type {number} */ a, /** @type {number} */ b) => a + b,
      level.filter((_, i) => i % 2 === 0 && i + 1 < level.length),
      level.filter((_, i) => i % 2 === 1),
    );
    if (level.length % 2 === 1) next.push(/** @type {typeof level[0]} */ (level.pop()));
    for (const future of level) if (!next.includes(future)) future.release();
    level = next;
  }
  const sum = await level[0]?.result();
  clearInterval(timer);
  if (sum !== (count * (count - 1)) / 2) throw new Error(`the sum is ${sum}`);
  console.log(JSON.stringify({ most, rss, ms: performance.now() - beganMs }));
}
