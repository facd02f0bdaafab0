// @ts-check
/**
 * `npm run bench:remote`: clusters over WebSockets, on this machine, beside a bare WebSocket written by hand in the same run. Medians.
 *
 * Every host is a process of its own, and so is the other end of what is written by hand.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Client, LocalCluster } from "manyhands";
import { WebSocket } from "ws";
import { median } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const cli = fileURLToPath(new URL("../../dist/node-cli.js", import.meta.url));
const bare = fileURLToPath(new URL("remote-bare.mjs", import.meta.url));
const crowd = fileURLToPath(new URL("remote-crowd.mjs", import.meta.url));
const rounds = options.quick ? 3 : 7;
/** Before anything is counted: what runs for the first time is compiled, and what a way can carry is not known yet. */
const WARM_ROUNDS = 3;
const WARM_TIMES = 6000;

/** @type {Record<string, () => Promise<void>>} */
const shapes = { bulk, echo, noops, crowd: joining, churn };

if (options.help) console.log(`node test/bench/remote.mjs [--only ${Object.keys(shapes).join("|")}] [--quick]`);
else {
  for (const [name, run] of Object.entries(shapes)) {
    if (options.only === undefined || options.only.split(",").includes(name)) await run();
  }
  process.exit();
}

/** @param {string} what @param {string} figure @param {boolean} isMet */
function tell(what, figure, isMet) {
  console.log(`${isMet ? "✔" : "✖"} ${what.padEnd(58)} ${figure}`);
}

/** @param {string[]} args */
async function startProcess(args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  await new Promise((resolve, reject) => {
    const hear = (/** @type {Buffer} */ chunk) => /joined|listening/.test(String(chunk)) && resolve(undefined);
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}`)));
  });
  return child;
}

/** A scheduler here, and hosts of one worker each. @param {number} count */
async function cluster(count, leaseMs = 10_000) {
  const scheduler = new LocalCluster({ nWorkers: 0 });
  const { invitation } = await scheduler.listen("ws://127.0.0.1:0", { leaseMs });
  const start = (/** @type {number} */ i) =>
    startProcess([cli, "worker", invitation, "--workers", "1", "--name", `host${i}`]);
  const hosts = await Promise.all(Array.from({ length: count }, (_, i) => start(i)));
  const client = new Client(scheduler);
  await client.waitForWorkers(count);
  return {
    client,
    hosts,
    start,
    close: async () => {
      await client.close();
      for (const host of hosts) host.kill("SIGKILL");
      await scheduler.close();
    },
  };
}

/** What answers by hand: see `remote-bare.mjs`. @returns {Promise<{ socket: WebSocket, close: () => void }>} */
async function byHand() {
  const child = spawn(process.execPath, [bare], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve) => child.stdout.once("data", (chunk) => resolve(Number(String(chunk)))));
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once("open", resolve));
  return { socket, close: () => child.kill("SIGKILL") };
}

/** From worker to worker, across hosts. */
async function bulk() {
  const count = 4_000_000;
  const bytes = count * 8;
  const hand = await byHand();
  const t = await cluster(2);
  const [there, here] = [t.client.with({ workers: ["host0-0"] }), t.client.with({ workers: ["host1-0"] })];
  const make = (/** @type {number} */ i, /** @type {number} */ n) => new Float64Array(n).fill(i);
  const use = (/** @type {Float64Array} */ x) => x[x.length - 1];
  const small = there.submit(make, 0, 10_000);
  await here.submit(use, small).result();
  const byWorkers = async (/** @type {number} */ i) => {
    const value = there.submit(make, i, count);
    await value.exception();
    const began = performance.now();
    await here.submit(use, value).result();
    const ms = performance.now() - began;
    value.release(); // What was moved by hand is let go of, too.
    return ms;
  };
  const bySocket = (/** @type {number} */ chunkBytes) =>
    new Promise((/** @type {(ms: number) => void} */ resolve) => {
      const target = new Uint8Array(bytes);
      let at = 0;
      const began = performance.now();
      hand.socket.on("message", function hear(/** @type {Buffer} */ chunk) {
        target.set(chunk, at);
        at += chunk.length;
        if (at < bytes) return;
        hand.socket.off("message", hear);
        resolve(performance.now() - began);
      });
      hand.socket.send(`bulk ${bytes} ${chunkBytes}`);
    });
  /** By how large the messages are: whichever is quicker counts. */
  const sizes = [64, 256].map((kilobytes) => kilobytes * 1024);
  /** @type {number[]} */
  const ours = [];
  /** @type {number[][]} */
  const theirs = [];
  // Both take their turn in each round, and each round is compared with itself: what else the machine is at changes from one to the next.
  for (let i = -WARM_ROUNDS; i < rounds * 3; i++) {
    const ms = i % 2 === 0 ? [await byWorkers(i)] : [];
    const hands = [];
    for (const size of sizes) hands.push(await bySocket(size));
    if (ms.length === 0) ms.push(await byWorkers(i));
    if (i < 0) continue;
    ours.push(bytes / Number(ms[0]) / 1000);
    theirs.push(hands.map((each) => bytes / each / 1000));
  }
  const best = sizes.map((_, k) => median(theirs.map((each) => each[k]))).reduce((a, b) => Math.max(a, b));
  const size = sizes.findIndex((_, k) => median(theirs.map((each) => each[k])) === best);
  const share = median(ours.map((each, i) => each / Number(theirs[i]?.[size])));
  tell(
    "32 MB from worker to worker across hosts, MB/s",
    `${median(ours).toFixed(0)}, by hand ${best.toFixed(0)}: ${(share * 100).toFixed(0)} % (>= 90)`,
    share >= 0.9,
  );
  hand.close();
  await t.close();
}

/** A task that does nothing, and its result, one at a time. */
async function echo() {
  const hand = await byHand();
  const t = await cluster(1);
  const same = (/** @type {number} */ x) => x;
  /** @type {number[]} */
  const ours = [];
  /** @type {number[]} */
  const theirs = [];
  /** @type {number[]} */
  const byThread = [];
  const ask = async (/** @type {string} */ what, /** @type {number} */ i) => {
    const began = performance.now();
    await new Promise((resolve) => {
      hand.socket.once("message", resolve);
      hand.socket.send(`${what} ${JSON.stringify({ id: i, x: i })}`);
    });
    return performance.now() - began;
  };
  const times = options.quick ? 1500 : 4000;
  // What has run some thousand times is compiled for good, of both: how long things take before that is another matter.
  for (let i = -WARM_TIMES; i < times; i++) {
    const began = performance.now();
    await t.client.submit(same, i).result();
    const ended = performance.now();
    const ms = await ask("echo", i);
    if (i < 0) continue;
    ours.push(ended - began);
    theirs.push(ms);
  }
  for (let i = 0; i < times; i++) byThread.push(await ask("thread", i));
  const [us, them, thread] = [median(ours), median(theirs), median(byThread)];
  tell(
    "submit to result at a host, us",
    `${(us * 1000).toFixed(0)}, an echo by hand ${(them * 1000).toFixed(0)}: ${(us / them).toFixed(2)}x (<= 1.5)`,
    us <= 1.5 * them,
  );
  // Hosts run tasks in threads, so that they can be heard while they compute: what that costs by hand, and us beside it.
  console.log(
    `  ${"the same by hand, in a thread of the other end, us".padEnd(58)} ${(thread * 1000).toFixed(0)}: ${(us / thread).toFixed(2)}x`,
  );
  hand.close();
  await t.close();
}

/** Many tasks that do nothing, over two hosts. */
async function noops() {
  const t = await cluster(2);
  const same = (/** @type {number} */ x) => x;
  const items = Array.from({ length: 20_000 }, (_, i) => i);
  const rates = [];
  for (let i = 0; i < rounds + 2; i++) {
    const began = performance.now();
    await t.client.gather(t.client.map(same, items));
    rates.push(items.length / ((performance.now() - began) / 1000));
  }
  const rate = median(rates.slice(2));
  tell("20k tasks that do nothing over two hosts, a second", `${Math.round(rate / 1000)}k (>= 100k)`, rate >= 100_000);
  await t.close();
}

/** Hosts of one worker each that join at the same time, some to a process. */
async function joining() {
  const scheduler = new LocalCluster({ nWorkers: 0 });
  const { invitation } = await scheduler.listen("ws://127.0.0.1:0");
  const client = new Client(scheduler);
  const children = await Promise.all([0, 1].map(() => startProcess([crowd, invitation, "50"])));
  const began = performance.now();
  for (const child of children) child.kill("SIGUSR2");
  await client.waitForWorkers(100);
  const seconds = (performance.now() - began) / 1000;
  tell("100 hosts of one worker each join, s", `${seconds.toFixed(2)} (< 5)`, seconds < 5);
  for (const child of children) child.kill("SIGKILL");
  await client.close();
  await scheduler.close();
}

/** A job on four hosts of which one is killed every two seconds, and another started. */
async function churn() {
  const t = await cluster(4, 1000);
  const work = async (/** @type {number} */ x) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return x;
  };
  const items = Array.from({ length: options.quick ? 1000 : 2000 }, (_, i) => i);
  const times = new Map();
  const began = performance.now();
  const futures = t.client.map(work, items);
  for (const future of futures) future.addDoneCallback(() => times.set(future.key, (times.get(future.key) ?? 0) + 1));
  let kills = 0;
  const killing = setInterval(async () => {
    const victim = kills++ % 4;
    t.hosts[victim]?.kill("SIGKILL");
    const next = await t.start(victim);
    t.hosts[victim] = next;
  }, 2000);
  const results = await t.client.gather(futures);
  clearInterval(killing);
  const isRight =
    results.every((x, i) => x === i) && times.size === items.length && [...times.values()].every((n) => n === 1);
  tell(
    `${items.length} tasks, a host killed every 2 s (${kills} were)`,
    `${isRight ? "right, each delivered once" : "wrong"}, ${((performance.now() - began) / 1000).toFixed(1)} s`,
    isRight,
  );
  await t.close();
}
