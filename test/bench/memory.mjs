// @ts-check
/**
 * `npm run bench:memory`: what it costs to have less memory than values. Beside it, in the same run, what the file system gives to a
 * program that writes and reads one file from end to end by hand; the same in browsers. At the end, what it costs that a cluster is durable.
 * Each goal is a line, which begins with `ok` or with `MISSED`.
 *
 * What is measured in bytes of values is counted at the scheduler; what a process takes up besides depends on when garbage is collected.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as library from "manyhands";
import { browserNames, launch } from "./browser/launch.mjs";
import { startServer } from "./browser/server.mjs";
import { throughFile } from "./by-hand.mjs";
import { spilled } from "./spilling.mjs";
import { median } from "./statistics.mjs";

const { Client, LocalCluster } = library;

const MB = 2 ** 20;

/** How long the files of the one before may take to be cleared away: the next is not to be disturbed by that. */
const CLEARING_MS = 250;

/** What a machine can be expected to have to spare: beyond that, a reduction is stopped. */
const MOST_BYTES = 4096 * MB;

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
const shapes = { spill, browsers, twice, roots, durable };
let isMet = true;

if (options.child !== undefined) await reduceInChild(JSON.parse(options.child));
else if (options.help) console.log(`node test/bench/memory.mjs [--only ${Object.keys(shapes).join("|")}] [--quick]`);
else {
  for (const [name, run] of Object.entries(shapes)) {
    if (options.only === undefined || options.only.split(",").includes(name)) await run();
  }
}
process.exit(isMet ? 0 : 1);

/** @param {string} what @param {string} figure @param {boolean} isSo */
function tell(what, figure, isSo) {
  console.log(`${isSo ? "ok    " : "MISSED"} ${what.padEnd(66)} ${figure}`);
  isMet &&= isSo;
}

/** One worker writes out and reads back what a program by hand writes to a file and reads back. */
async function spill() {
  const [count, size] = [32, 16 * MB];
  await compare(
    "Node",
    count,
    size,
    () => byHand(count, size),
    () => spilled(library, count, size),
  );
}

/** The same in pages, and in the file system that browsers have for them. */
async function browsers() {
  const [count, size] = [24, 16 * MB];
  const server = await startServer({ isolated: false });
  try {
    for (const name of browserNames) {
      const browser = await launch(name);
      if (browser === undefined) {
        tell(`${name}: written out and read back`, "not measured: it is not installed", false);
        continue;
      }
      try {
        const page = await browser.newPage();
        await page.goto(`${server.address}/test/bench/browser/memory.html`);
        await page.waitForFunction("globalThis.isReady");
        const hand = () => /** @type {Promise<Measured>} */ (page.evaluate(`byHand(${count}, ${size})`));
        const ours = () => /** @type {Promise<Measured>} */ (page.evaluate(`spilled(${count}, ${size})`));
        await compare(name, count, size, hand, ours);
      } finally {
        await browser.close();
      }
    }
  } finally {
    server.close();
  }
}

/** @typedef {Awaited<ReturnType<typeof throughFile>>} Measured */

/**
 * Turn by turn, so that both have the same disk. Files end up in memory that the system keeps for them, and on the disk when it pleases:
 * what one round takes is chance, hence medians.
 *
 * @param {string} where @param {number} count @param {number} size
 * @param {() => Promise<Measured>} hand @param {() => Promise<Measured>} ours
 */
async function compare(where, count, size, hand, ours) {
  /** @type {Measured[]} */ const byHands = [];
  /** @type {Measured[]} */ const spills = [];
  for (let round = 0; round < (isQuick ? 5 : 9); round++) {
    byHands.push(await hand());
    await setTimeout(CLEARING_MS);
    spills.push(await ours());
    await setTimeout(CLEARING_MS);
  }
  const [mine, its] = [speedOf(spills), speedOf(byHands)];
  const all = (/** @type {readonly Measured[]} */ rounds) =>
    median(rounds.map(({ writingMs }) => writingMs)).toFixed(0);
  for (const [what, words] of /** @type {const} */ ([
    ["write", `writing out ${count} values of ${size / MB} MB`],
    ["read", "reading them back"],
  ])) {
    const share = `${((100 * mine[what]) / its[what]).toFixed(0)} %`;
    tell(
      `${where}: ${words}`,
      `${mine[what].toFixed(0)} MB/s, ${share} of ${its[what].toFixed(0)} MB/s by hand (goal: >= 60 %)${
        what === "write" ? `; made and written in ${all(spills)} ms, by hand in ${all(byHands)} ms` : ""
      }`,
      mine[what] >= 0.6 * its[what],
    );
  }
}

/** Megabytes a second. @param {readonly Measured[]} rounds */
function speedOf(rounds) {
  const middle = (/** @type {(each: Measured) => number} */ of) => median(rounds.map(of));
  const writingMs = Math.max(1, middle((each) => each.writingMs) - middle((each) => each.makingMs));
  return {
    write: (1000 * middle((each) => each.writtenBytes)) / MB / writingMs,
    read: (1000 * middle((each) => each.readBytes)) / MB / middle((each) => each.readingMs),
  };
}

/** What a journal costs, and how soon a durable cluster is back: `durable.mjs`, which says it in its own words. */
async function durable() {
  const program = fileURLToPath(new URL("durable.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, ...(isQuick ? ["--quick"] : [])], { stdio: "inherit" });
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
  isMet &&= code === 0;
}

/** @param {number} count @param {number} size */
async function byHand(count, size) {
  const folder = mkdtempSync(join(tmpdir(), "manyhands-bench-"));
  const file = await open(join(folder, "file"), "w+");
  try {
    return await throughFile(
      { write: (bytes, at) => file.write(bytes, 0, size, at), read: (into, at) => file.read(into, 0, size, at) },
      count,
      size,
    );
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
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
        [10_000, 10 * MB],
      ]) {
    const held = await inChild({ count: count ?? 0, size: size ?? 0, isHeld: true });
    const all = await inChild({ count: count ?? 0, size: size ?? 0, isHeld: false });
    const unit = 2 * (size ?? 1);
    const show = (/** @type {typeof held} */ { most, rss, ms }) =>
      `${(most / MB).toFixed(0)} MB (${(most / unit).toFixed(1)} × workers × value; process ${(rss / MB).toFixed(0)} MB), ${(ms / 1000).toFixed(1)} s`;
    tell(
      `${count} values of ${(size ?? 0) / MB} MB added up in a tree: most at once`,
      `${show(held)}; not held back: ${all.isStopped ? "stopped at " : ""}${show(all)}`,
      !held.isStopped && held.most <= 8 * unit && held.most < all.most,
    );
  }
}

/** @param {Reduction} reduction @returns {Promise<{ most: number, rss: number, ms: number, isStopped: boolean }>} */
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
    if (most > MOST_BYTES) done(true);
  };
  const done = (/** @type {boolean} */ isStopped) => {
    console.log(JSON.stringify({ most, rss, ms: performance.now() - beganMs, isStopped }));
    process.exit();
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
  done(false);
}
