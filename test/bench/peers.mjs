/**
 * `npm run bench:peers`: values between two tabs of Chromium, against a data channel by hand and PeerJS's own `binary` in the same run; small
 * messages; joining; 1 s tasks over twenty pages; and a room of fifty, whose page is to stay free. `--quick` is shorter and says less;
 * `--only` throughput, efficiency or crowd is that alone.
 */
import { writeFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";
import { serveSignaling } from "../../dist/node-peer.js";
import { launchOptions } from "../browsers/browsers.mjs";
import { watchTurns } from "../browsers/turns.mjs";
import { servePeers } from "./peers/server.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    pages: { type: "string", default: "20" },
    crowd: { type: "string", default: "50" },
    only: { type: "string" },
    browser: { type: "string", default: "chromium" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (options.help) {
  console.log(
    "node test/bench/peers.mjs [--only throughput|efficiency|crowd] [--quick] [--pages 20] [--crowd 50] [--browser chromium|firefox]",
  );
  process.exit(0);
}
/** For peers who let everybody else go first, on a machine that has much to do. Milliseconds. */
const PATIENCE_MS = 120_000;
const rounds = options.quick ? 3 : 5;
const megabytes = options.quick ? 16 : 32;

const signaling = await serveSignaling({ port: 0 });
const server = await servePeers();
const launch = () => puppeteer.launch(launchOptions(/** @type {"chromium" | "firefox"} */ (options.browser)));
const browser = await launch();
const others = [];
try {
  if (isWanted("throughput")) {
    const { url, otherUrl } = server;
    const pages = await Promise.all([url, url, url, otherUrl].map((each) => open(browser, each)));
    const figures = await throughput(pages);
    for (const [what, figure] of Object.entries(figures)) console.log(`${what.padEnd(62)} ${figure}`);
    for (const page of pages) await page.close();
  }
  if (isWanted("efficiency")) await efficiency();
  if (isWanted("crowd")) await crowd();
} finally {
  for (const each of [browser, ...others]) await each.close();
  await server.close();
  await signaling.close();
}
process.exit(0);

/** @param {string} what */
function isWanted(what) {
  return options.only === undefined || options.only.split(",").includes(what);
}

/** @param {import("puppeteer-core").Browser} where */
async function open(where, url = server.url) {
  const page = await where.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(`${url}bench.html`);
  await page.waitForFunction(() => document.title === "ready");
  return page;
}

/** @param {readonly number[]} values */
function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** @param {readonly import("puppeteer-core").Page[]} pages */
async function throughput([room, one, neighbour, other]) {
  const evaluate = (page, run, ...args) => page.evaluate(run, ...args);
  const invitation = await evaluate(room, (url) => bench.openRoom("bench", url), signaling.url);
  for (const [page, name] of [
    [one, "one"],
    [neighbour, "neighbour"],
    [other, "other"],
  ])
    await evaluate(page, (at, name) => bench.lend(at, name, 1), invitation, name);
  await evaluate(one, (url) => bench.listenBare("bare-one", url), signaling.url);
  await evaluate(other, (url) => bench.connectBare("bare-one", url), signaling.url);
  await evaluate(one, () => bench.met());
  const taken = { bare: [], ours: [], near: [], binary: [], bareMs: [], oursMs: [] };
  const move = (megabytes, to) => evaluate(room, (megabytes, to) => bench.move(megabytes, to), megabytes, to);
  // Before the clock starts, all are connected, and the code is warm.
  for (const to of ["other", "neighbour"]) await move(1, to);
  await evaluate(other, () => bench.roundTrips(100));
  for (let i = 0; i < rounds; i++) {
    taken.bare.push(await evaluate(other, (megabytes) => bench.bare(megabytes), megabytes));
    taken.ours.push(await move(megabytes, "other"));
    taken.near.push(await move(megabytes, "neighbour"));
    taken.binary.push(await evaluate(other, (megabytes) => bench.binary(megabytes), Math.min(8, megabytes)));
    const [bareMs, oursMs] = await evaluate(other, () => bench.roundTrips(30));
    taken.bareMs.push(bareMs);
    taken.oursMs.push(oursMs);
  }
  const joins = [];
  for (let i = 0; i < rounds; i++) {
    const page = await open(browser);
    await evaluate(room, () => bench.expectFirst());
    await evaluate(room, (name) => bench.firstResult(name), `new${i}`);
    const began = await evaluate(page, (at, name) => bench.joinNow(at, name), invitation, `new${i}`);
    joins.push((await evaluate(room, () => bench.whenFirst())) - began);
    await page.close();
  }
  const [bare, ours, near, binary] = [taken.bare, taken.ours, taken.near, taken.binary].map(median);
  const [bareMs, oursMs] = [median(taken.bareMs), median(taken.oursMs)];
  return {
    "bare data channel, page to page": `${bare.toFixed(1)} MB/s`,
    "PeerJS 'binary', page to page": `${binary.toFixed(1)} MB/s`,
    "manyhands, a value from worker to worker, by WebRTC": `${ours.toFixed(1)} MB/s, ${((ours / bare) * 100).toFixed(0)} % of bare, ${(ours / binary).toFixed(2)} x PeerJS`,
    "the same between tabs of one browser and origin, past WebRTC": `${near.toFixed(1)} MB/s, ${(near / binary).toFixed(2)} x PeerJS`,
    "bare data channel, from worker to worker and back": `${bareMs.toFixed(2)} ms`,
    "manyhands, a small message from worker to worker and back": `${oursMs.toFixed(2)} ms, ${(oursMs / bareMs).toFixed(2)} x bare`,
    "from join() to the first result": `${median(joins).toFixed(0)} ms`,
    routes: JSON.stringify(await evaluate(room, () => bench.routes())),
  };
}

async function efficiency() {
  const count = Number(options.pages);
  const room = await open(browser);
  const invitation = await room.evaluate((url) => bench.openRoom("many", url), signaling.url);
  const perBrowser = 10;
  for (let i = 0; i < count; i += perBrowser) {
    const where = await launch();
    others.push(where);
    for (let k = 0; k < Math.min(perBrowser, count - i); k++) {
      const page = await open(where);
      await page.evaluate((at, name) => bench.lend(at, name, 1), invitation, `p${i + k}`);
    }
  }
  const stop = await watchTurns(room);
  const { ms, longest, tasks } = await room.evaluate(
    (count, each) => bench.seconds(count, each),
    count,
    options.quick ? 2 : 4,
  );
  const best = (tasks / count) * 1000;
  console.log(
    `${`${tasks} tasks of 1 s over ${count} pages`.padEnd(62)} ${(ms / 1000).toFixed(2)} s, ${((best / ms) * 100).toFixed(1)} % of what could be`,
  );
  const byProcessor = Math.max(...(await stop()).map(({ cpuMs }) => cpuMs));
  console.log(
    `${"longest task of the scheduler's page meanwhile".padEnd(62)} ${longest.toFixed(0)} ms; by the processor ${byProcessor.toFixed(1)} ms`,
  );
}

/** A browser that lets all others go first; with its process there are more, which are as patient from the start. */
async function launchBehind() {
  setPriority(19);
  const where = await launch();
  // Linux shares the processor among sessions before it looks at priorities, if it does so at all.
  await writeFile(`/proc/${where.process()?.pid}/autogroup`, "19").catch(() => {});
  return where;
}

/**
 * Peers in frames, ten to a page, who come, sleep and work; and how long their scheduler's page is held up at most: by the clock, and by the
 * processor, which fifty busy peers beside it leave it little of. They are the ones to wait, as they would be on machines of their own.
 */
async function crowd() {
  for (const each of others.splice(0)) await each.close();
  const count = Number(options.crowd);
  const perPage = 10;
  const room = await open(browser);
  const invitation = await room.evaluate((url) => bench.openRoom("crowd", url), signaling.url);
  await room.evaluate(() => bench.watch());
  const where = await launchBehind();
  others.push(where);
  const began = performance.now();
  for (let i = 0; i < count; i += perPage) {
    const page = await where.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${server.url}frames.html?count=${Math.min(perPage, count - i)}`);
    await page.waitForFunction(() => document.title === "ready");
    const frames = page.frames().filter((frame) => frame !== page.mainFrame());
    await Promise.all(
      frames.map(async (frame, k) => {
        // Frames out of sight draw nothing, which is when it would be looked otherwise.
        await frame.waitForFunction(() => document.title === "ready", { polling: 50 });
        await frame.evaluate((at, name) => bench.lend(at, name, 1), invitation, `c${i + k}`);
      }),
    );
  }
  const joinedMs = performance.now() - began;
  const tasks = options.quick ? 10_000 : 50_000;
  const stop = await watchTurns(room);
  const { seconds, smallMs } = await room.evaluate((count, tasks) => bench.busy(count, tasks), count, tasks);
  const turns = await stop();
  const longest = await room.evaluate(() => bench.longest());
  const says = (what, figure) => console.log(`${what.padEnd(62)} ${figure}`);
  says(`${count} peers in one room: all there after`, `${(joinedMs / 1000).toFixed(1)} s`);
  says(`a task of 1 s for each of ${count} peers`, `${(seconds / 1000).toFixed(2)} s`);
  says(`${tasks} small tasks and ${count} values that are read by a neighbour`, `${smallMs.toFixed(0)} ms`);
  const phases = { coming: "while they come", sleeping: "while all of them sleep", busy: "while all of them are busy" };
  for (const [phase, when] of Object.entries(phases)) {
    const found = longest[phase].map((ms) => `${ms} ms`).join(", ");
    says(`turns of over 50 ms of the scheduler's page, ${when}`, found || "none");
  }
  const most = turns.map(({ cpuMs }) => cpuMs).sort((a, b) => b - a);
  says("the longest of them while it worked, by the processor", `${most[0]?.toFixed(1)} ms, ${most[1]?.toFixed(1)} ms`);
}
