/**
 * Actors and what clients meet at: calls beside Comlink's, and rounds of Queue, Lock, Variable and Event beside Dask's, on this machine.
 *
 * `npm run bench:meeting`, after `npm run build`. Everything on one core, where it repeats: `taskset` is used where there is one.
 * Dask is Debian's `python3-distributed`: as root, `--install` installs it; without it, only our own figures are shown.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { Client, Event, Lock, Queue, Variable } from "manyhands";
import { median } from "./statistics.mjs";

const rounds = 2000;
const pipelined = 20_000;

class Adder {
  add(a, b) {
    return a + b;
  }
}

if (process.argv[2] === "--run") await run();
else pinned();

/** Once more, on one core. */
function pinned() {
  if (process.argv.includes("--install")) {
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "python3-distributed"], { stdio: "inherit" });
  }
  const script = fileURLToPath(import.meta.url);
  const { status, error } = spawnSync("taskset", ["-c", "0", process.execPath, script, "--run"], { stdio: "inherit" });
  if (error !== undefined) spawnSync(process.execPath, [script, "--run"], { stdio: "inherit" });
  process.exitCode = status ?? 0;
}

async function run() {
  const client = new Client({ nWorkers: 2 });
  await client.waitForWorkers(2);
  const actor = await client.with({ workers: "worker-0" }).actor(Adder).result();
  const ours = { ...(await calls(actor)), ...(await rendezvous(client)) };
  const between = await client.with({ workers: "worker-1" }).submit(inTask, actor, rounds).result();
  await client.close();
  const thread = new Worker(new URL("./systems/comlink-worker.mjs", import.meta.url));
  const theirs = await calls(wrap(nodeEndpoint(thread)));
  await thread.terminate();
  const dask = daskFigures();
  const line = (what, value, other, better) =>
    console.log(`${what.padEnd(34)}${value.toFixed(1).padStart(10)}${other.padStart(22)}  ${better}`);
  console.log(`${"".padEnd(34)}${"manyhands".padStart(10)}${"peer".padStart(22)}  goal`);
  const { call, rate } = ours;
  line("actor call, µs", call, `Comlink ${theirs.call.toFixed(1)}`, verdict(call <= theirs.call, "not slower"));
  line("calls at once, 1000/s", rate, `Comlink ${theirs.rate.toFixed(1)}`, verdict(rate >= 6 * theirs.rate, "6 times"));
  line("worker to worker, µs", between, `page ${call.toFixed(1)}`, verdict(between <= call * 1.05, "not slower"));
  for (const what of ["queue", "lock", "variable", "event"]) {
    const theirUs = dask?.[what];
    const isGood = ours[what] <= 60 && (theirUs === undefined || theirUs >= 12 * ours[what]);
    const goal = theirUs === undefined ? "60 µs" : "60 µs, 12 times";
    line(
      `${what} round, µs`,
      ours[what],
      theirUs ? `Dask ${theirUs.toFixed(0)}` : "no Dask here",
      verdict(isGood, goal),
    );
  }
  if (dask === undefined) console.log("For Dask's figures: apt-get install python3-distributed, or --install as root.");
}

function verdict(isGood, goal) {
  return `${goal}: ${isGood ? "yes" : "no"}`;
}

/** One in flight, and many. */
async function calls(adder) {
  for (let i = 0; i < rounds; i++) await adder.add(i, 1);
  const all = () => Promise.all(Array.from({ length: pipelined }, (_, i) => adder.add(i, 1)));
  await all();
  const times = [];
  const rates = [];
  for (let i = 0; i < 5; i++) {
    times.push(...(await timed(rounds / 5, (k) => adder.add(k, 1))));
    const start = performance.now();
    const sums = await all();
    rates.push(pipelined / (performance.now() - start));
    if (sums.some((sum, k) => sum !== k + 1)) throw new Error("wrong sums");
  }
  return { call: median(times), rate: median(rates) };
}

async function rendezvous(client) {
  const queue = new Queue("bench", { client });
  const lock = new Lock("bench-lock", { client });
  const variable = new Variable("bench-variable", { client });
  const event = new Event("bench-event", { client });
  const acts = {
    queue: async (i) => {
      await queue.put(i);
      await queue.get();
    },
    lock: async () => {
      await (await lock.acquire()).release();
    },
    variable: async (i) => {
      await variable.set(i);
      await variable.get();
    },
    event: async () => {
      await event.set();
      await event.wait();
      await event.clear();
    },
  };
  const figures = {};
  for (const [name, act] of Object.entries(acts)) {
    await timed(500, act);
    figures[name] = median(await timed(rounds, act));
  }
  return figures;
}

async function timed(count, act) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await act(i);
    times.push((performance.now() - start) * 1000);
  }
  return times;
}

/** By a task, on the other worker; in microseconds. */
async function inTask(adder, count) {
  const times = [];
  for (let i = 0; i < 2 * count; i++) {
    const start = performance.now();
    await adder.add(i, 1);
    if (i >= count) times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[count / 2];
}

/** Of Debian's Python first: another may come before it in the path, and know nothing of Debian's packages. */
function daskFigures() {
  const script = fileURLToPath(new URL("./meeting_dask.py", import.meta.url));
  for (const python of ["/usr/bin/python3", "python3"]) {
    const { stdout, status } = spawnSync(python, [script], { encoding: "utf8", timeout: 60_000 });
    if (status === 0) return JSON.parse(stdout.trim().split("\n").at(-1));
  }
  return undefined;
}
