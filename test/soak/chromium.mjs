// The same in a page of Chromium: `npm run soak:chromium`; --seconds N for less than ten minutes.
//
// It is asked for the memory of the page and of each worker, with all garbage collected, after a while of everything and again and again until the end.

import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";
import { startServer } from "../bench/browser/server.mjs";
import { launchOptions } from "../browsers/browsers.mjs";

/** What may be more at the end, in the page and in a worker: code that was compiled meanwhile, and tables that do not shrink. Bytes. */
const SLACK_BYTES = 3e6;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "600" }, seed: { type: "string", default: "1" } },
});
const seconds = Number(values.seconds);
// It may have to leave the machine to others, and then begins and answers late.
const patienceMs = 240_000;
const options = { timeout: patienceMs, protocolTimeout: patienceMs };
const browser = await puppeteer.launch({ ...launchOptions("chromium"), ...options });
const server = await startServer({ isolated: false });
const page = await browser.newPage();
page.setDefaultTimeout(patienceMs);
await page.goto(`${server.address}/test/soak/chromium.html#${values.seed}`);
await page.waitForFunction("globalThis.scenario !== undefined");
const session = await page.createCDPSession();

async function usedBy(of) {
  await of.send("HeapProfiler.collectGarbage");
  return (await of.send("Runtime.getHeapUsage")).usedSize;
}

async function measure() {
  await page.evaluate("say(() => scenario.letGo())");
  let used = 0;
  let workers = [];
  // What is collected lets go of something else, which is told to others, who let go of more.
  for (let i = 0; i < 8; i++) {
    used = await usedBy(session);
    workers = await Promise.all(page.workers().map(({ client }) => usedBy(client)));
    await page.evaluate("say(() => scenario.client.schedulerInfo())");
  }
  return {
    page: used,
    workers: Math.max(...workers),
    threads: workers.length,
    tasks: await page.evaluate("scenario.tasks"),
    left: await page.evaluate("scenario.left()"),
  };
}

const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
const show = (when, { tasks, page, workers, threads, left }) => {
  const rest = Object.entries(left).map(([name, many]) => `${name} ${many}`);
  const memory = `page ${inMegabytes(page)}, workers ${inMegabytes(workers)}, ${threads} threads`;
  console.log(`${when.padEnd(8)} ${tasks} tasks; ${memory}; ${rest.join(", ")}`);
};

/** In spells that are shorter than what the browser is waited for. */
async function spend(seconds) {
  for (let left = seconds; left > 0; left -= 20)
    await page.evaluate(`say(() => scenario.spend(${Math.min(20, left)}))`);
}

const problems = [];
// Twice the same, so that what is only made once is there before.
await page.evaluate("say(() => scenario.fill())");
await spend(seconds * 0.25);
const before = await measure();
show("before", before);
const spells = Math.max(1, Math.round(seconds / 25));
let after = before;
for (let i = 0; i < spells; i++) {
  await spend((seconds * 0.75) / spells);
  after = await measure();
  show("after", after);
}
for (const [name, many] of Object.entries(after.left))
  if (many > 0) problems.push(`${many} ${name} are left at the scheduler`);
for (const place of ["page", "workers"]) {
  const more = after[place] - before[place];
  if (more > SLACK_BYTES) problems.push(`${place}: ${inMegabytes(more)} more than before`);
}
if (after.threads > 2) problems.push(`there are ${after.threads} threads`);
await browser.close();
server.close();
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "nothing is left behind" : "something is left behind");
process.exitCode = problems.length === 0 ? 0 : 1;
