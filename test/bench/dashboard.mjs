/**
 * `npm run bench:dashboard`: what it costs a cluster that somebody looks at it, and how smooth the dashboard is.
 *
 * Each workload runs in turns, with a served dashboard that a process of its own reads as a browser does (spans and events as they come, a survey twice
 * a second), and without; and on a cluster that was looked at before, and on one that never was. Then Chromium shows a hundred thousand finished
 * tasks of a hundred workers, and its frames are counted. Each goal is a line, which begins with `ok` or with `MISSED`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Client } from "../../dist/node.js";
import { launch } from "./browser/launch.mjs";
import { startServer } from "./browser/server.mjs";
import { median, midmean, midmeanChance, quantile } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "600" },
    seconds: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    reader: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(`What it costs a cluster that somebody looks at it, and how smooth the dashboard is.

node test/bench/dashboard.mjs [--rounds 600] [--seconds 5] [--quick] [--only WHAT]
  --rounds   pairs of runs of each workload, with the dashboard open and closed, at most: there are as many as it takes to tell the cost from chance
  --seconds  how long frames are counted
  --quick    at most twenty rounds, two seconds
  --only     "cost" to the cluster, "frames" of the page, or a part of the name of one workload`);
  process.exit(0);
}
if (options.reader !== undefined) {
  await readLikeABrowser(options.reader);
  await once(process, "disconnect");
  process.exit();
}

const rounds = options.quick ? 20 : Number(options.rounds);
const seconds = options.quick ? 2 : Number(options.seconds);

/** Reads what a dashboard's page would, and looks at none of it: from when it is told to look, until it is told to stop. */
async function readLikeABrowser(url) {
  let end = new AbortController();
  const read = async (path, signal) => {
    const response = await fetch(new URL(path, url), { signal });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    for await (const _ of response.body);
  };
  const survey = async (signal) => {
    while (!signal.aborted) {
      await read("survey", signal);
      await setTimeout(500, undefined, { signal });
    }
  };
  process.on("message", (isLooking) => {
    end.abort();
    if (isLooking) {
      end = new AbortController();
      const { signal } = end;
      for (const reading of [read("spans", signal), read("events", signal), survey(signal)])
        reading.catch((error) => signal.aborted || process.send(String(error)));
    }
    process.send("");
  });
  process.send("");
}

async function newReader(client) {
  const { url, close } = await client.serveDashboard();
  const reader = spawn(process.execPath, [fileURLToPath(import.meta.url), "--reader", url], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let wrong = "";
  reader.on("message", (text) => {
    wrong ||= text;
  });
  const gone = new AbortController();
  reader.once("exit", () => gone.abort());
  /** Whatever went wrong since the last time counts, too: nothing would be measured then. */
  const heard = async () => {
    await once(reader, "message", { signal: gone.signal });
    if (wrong !== "") throw new Error(`it cannot be read what a dashboard shows: ${wrong}`);
  };
  await heard();
  const tell = async (isLooking) => {
    reader.send(isLooking);
    await heard();
  };
  return {
    look: () => tell(true),
    lookAway: () => tell(false),
    async end() {
      reader.kill();
      await once(reader, "close");
      await close();
    },
  };
}

/** What looking may cost, in percent. */
const MOST_OPEN = 2;
/** A second of 60 frames begins or ends between two of them. */
const LEAST_FRAMES = 59;

let isMet = true;

function tell(isSo, text) {
  console.log(`${isSo ? "ok    " : "MISSED"} ${text}`);
  isMet &&= isSo;
}

/** Whoever opens a dashboard has functions run, and compiled, that did not before: what it costs is measured when that is done. */
const FIRST_SETTLE_MS = 5000;
/** What was asked for and told before a change is over by then. */
const SETTLE_MS = 250;
/** A survey is asked for once meanwhile, and workers tell twice. Longer runs differ by as much from each other, and there are fewer of them. */
const RUN_MS = 500;
/** Garbage collection makes one run of tiny tasks differ from the next by a tenth: pairs are added until chance makes no more than this, in percent. */
const MOST_CHANCE = 1;
const LEAST_ROUNDS = 20;

const range = (count) => Array.from({ length: count }, (_, i) => i);
/** So many thousand square roots. */
const compute = (thousands) => {
  let sum = 0;
  for (let i = 0; i < thousands * 1000; i++) sum += Math.sqrt(i + sum);
  return sum;
};

const workloads = {
  "100,000 tiny tasks": (client) => client.gather(client.map((x) => x + 1, range(100_000))),
  "a chain of 10,000 tiny tasks": (client) => {
    let last = client.submit((x) => x + 1, 0);
    for (let i = 0; i < 10_000; i++) last = client.submit((x) => x + 1, last);
    return last.result();
  },
  "1,000 tasks of some 0.1 ms": (client) => client.gather(client.map(compute, new Array(1000).fill(20))),
  "100 tasks of some 5 ms": (client) => client.gather(client.map(compute, new Array(100).fill(1000))),
};

/** What one time takes, over about so long: milliseconds, and those of CPU in all threads of this process, which others' use of the machine touches less. */
async function costOf(work, client, ms) {
  const began = performance.now();
  const { user, system } = process.cpuUsage();
  let times = 0;
  let now = began;
  for (; now - began < ms; now = performance.now()) {
    await work(client);
    times += 1;
  }
  const used = process.cpuUsage();
  return { ms: (now - began) / times, cpuMs: (used.user + used.system - user - system) / 1000 / times };
}

/** In percent: the mean of the middle half, by how much it may be off by chance, and between what half of all lies. */
const spread = (all) => {
  const [low, high] = [0.25, 0.75].map((share) => quantile(all, share).toFixed(1));
  return `${midmean(all).toFixed(1).padStart(4)} % ± ${midmeanChance(all).toFixed(1)} (${low} to ${high})`;
};

async function newClient() {
  const client = new Client({ nWorkers: 2 });
  await client.waitForWorkers(2);
  return client;
}

/** By how much the other state costs more than the one, in percent, in as many pairs as it takes. `begin` brings a state about. */
async function compare(work, one, other) {
  const more = { ms: [], cpuMs: [] };
  const first = [];
  for (const state of [other, one]) {
    await state.begin();
    await costOf(work, state.client, FIRST_SETTLE_MS);
  }
  const isClear = (all) => all.length >= LEAST_ROUNDS && midmeanChance(all) <= MOST_CHANCE;
  for (let round = 0; round < rounds && !isClear(more.cpuMs); round++) {
    const costs = new Map();
    // Every other round goes backwards.
    for (const state of round % 2 === 0 ? [one, other] : [other, one]) {
      await state.begin();
      await costOf(work, state.client, SETTLE_MS);
      costs.set(state, await costOf(work, state.client, RUN_MS));
    }
    for (const what of ["ms", "cpuMs"]) more[what].push((costs.get(other)[what] / costs.get(one)[what] - 1) * 100);
    first.push(costs.get(one).ms);
  }
  return { more, ms: median(first) };
}

const chosen = (name) => ["cost", undefined].includes(options.only) || name.includes(options.only);

async function measureCost() {
  const [client, never] = [await newClient(), await newClient()];
  const reader = await newReader(client);
  console.log(
    "\nwhat looking costs, in pairs of runs: the mean of the middle half, what chance makes of it, and between what half of them lies",
  );
  for (const [name, work] of Object.entries(workloads).filter(([name]) => chosen(name))) {
    const { more, ms } = await compare(
      work,
      { client, begin: () => reader.lookAway() },
      { client, begin: () => reader.look() },
    );
    tell(
      midmean(more.cpuMs) <= MOST_OPEN,
      `${name.padEnd(30)} ${ms.toFixed(0).padStart(4)} ms; ${more.ms.length} pairs, open: CPU ${spread(more.cpuMs)}, time ${spread(more.ms)} (goal: <= ${MOST_OPEN} % CPU)`,
    );
  }
  await reader.lookAway();
  for (const name of ["100,000 tiny tasks", "1,000 tasks of some 0.1 ms"].filter(chosen)) {
    const work = workloads[name];
    const nothing = async () => {};
    const { more } = await compare(work, { client: never, begin: nothing }, { client, begin: nothing });
    tell(
      midmean(more.cpuMs) <= midmeanChance(more.cpuMs),
      `${name.padEnd(30)} ${more.ms.length} pairs, closed, but open before: CPU ${spread(more.cpuMs)}, time ${spread(more.ms)} (goal: no more than chance)`,
    );
  }
  await reader.end();
  await client.close();
  await never.close();
}

/** In the page: frames a second while a dashboard shows so many spans, and what one drawing of the task stream takes. */
async function frames({ spans, workers, seconds }) {
  const { openDashboard } = await import("/dist/dashboard.js");
  const nowMs = Date.now();
  const all = Array.from({ length: spans }, (_, i) => ({
    worker: `thread://many/${i % workers}`,
    kind: i % 50 === 0 ? "transfer" : "compute",
    name: `task${i % 12}`,
    key: `task${i % 12}-c-${i}`,
    beganMs: nowMs - 18_000 + Math.floor(i / workers) * (18_000 / (spans / workers)),
    ms: 15,
    tasks: 1,
    nbytes: 0,
    status: i % 500 === 0 ? "error" : "ok",
  }));
  const info = {
    address: "local",
    clients: ["c"],
    links: [],
    queued: 0,
    workers: Object.fromEntries(
      Array.from({ length: workers }, (_, i) => [
        `thread://many/${i}`,
        {
          name: `many-${i}`,
          host: "many",
          status: "running",
          nThreads: 1,
          processing: 1,
          actors: 0,
          nValues: 3,
          nbytes: 1e6,
          resources: {},
          link: "thread",
        },
      ]),
    ),
  };
  const names = Array.from({ length: 12 }, (_, i) => ({
    name: `task${i}`,
    waiting: 0,
    queued: 0,
    processing: 8,
    memory: 0,
    erred: 0,
    runs: 8000,
    ms: 1e5,
  }));
  let taken = () => {};
  const allTaken = new Promise((resolve) => {
    taken = resolve;
  });
  const dashboard = openDashboard({
    survey: async () => ({
      info,
      names: names.map((each) => ({ ...each, runs: each.runs + Math.round(performance.now()) })),
      graph: undefined,
      meetingPlaces: [],
    }),
    story: async () => ({ key: "", now: undefined, steps: [] }),
    subscribeTopic: async () => ({ close() {} }),
    taskStream: async () => ({
      async *[Symbol.asyncIterator]() {
        yield all;
        taken();
        // It goes on as a busy cluster does.
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          const atMs = Date.now() - 100;
          yield Array.from({ length: workers * 5 }, (_, k) => ({
            ...all[0],
            worker: `thread://many/${k % workers}`,
            beganMs: atMs + Math.floor(k / workers) * 20,
            ms: 15,
          }));
        }
      },
      stop: async () => {},
    }),
  });
  await allTaken;
  await new Promise(requestAnimationFrame);
  const paints = Array.from({ length: 20 }, () => dashboard.paint());
  const gaps = [];
  const began = performance.now();
  let last = began;
  while (last - began < seconds * 1000) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }
  return { perSecond: (gaps.length * 1000) / (last - began), gaps, paints, spans: dashboard.spans };
}

async function measureFrames() {
  const server = await startServer({ isolated: false });
  const browser = await launch("chromium");
  if (browser === undefined) {
    tell(false, "frames: not counted, for Chromium is not installed here");
    server.close();
    return;
  }
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 1440, height: 900 });
    await page.goto(`${server.address}/test/bench/browser/page.html`);
    console.log("\nhow smooth it is, in Chromium");
    for (const [spans, workers] of [
      [1000, 4],
      [100_000, 100],
    ]) {
      await page.reload();
      const { perSecond, gaps, paints, spans: shown } = await page.evaluate(frames, { spans, workers, seconds });
      tell(
        perSecond >= LEAST_FRAMES,
        `${shown.toLocaleString("en")} spans, ${workers} workers: ${perSecond.toFixed(1)} frames a second, ` +
          `${quantile(gaps, 0.99).toFixed(0)} ms at most between two in 99 of 100 cases; the stream is drawn in ${median(paints).toFixed(1)} ms (goal: 60 frames)`,
      );
    }
  } finally {
    await browser.close();
    server.close();
  }
}

if (options.only !== "frames" && !Object.keys(workloads).some(chosen)) {
  console.error(`--only ${options.only}: "cost", "frames", or a part of one of ${Object.keys(workloads).join(", ")}`);
  process.exit(1);
}
if (options.only !== "frames") await measureCost();
if (["frames", undefined].includes(options.only)) await measureFrames();
process.exit(isMet ? 0 : 1);
