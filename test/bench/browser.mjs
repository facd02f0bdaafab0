/** `npm run bench:browser`: the part of the benchmark that runs in pages, in real browsers, a fresh page for each pair. */
import { browserNames, launch } from "./browser/launch.mjs";
import { startServer } from "./browser/server.mjs";
import { commandLine } from "./command-line.mjs";
import { describeMachine, ownCpuSeconds, treeCpuSeconds, untilQuiet, watchOthers } from "./machine.mjs";
import { printRun, progressLine, writeRuns } from "./report.mjs";
import { measureAll } from "./rounds.mjs";
import { browserSystems, WORKERS } from "./systems.mjs";
import { browserWorkloads } from "./workloads.mjs";

// A browser is busy with itself for its first seconds.
const START_UP_MS = 6000;

const options = commandLine({
  usage: "node test/bench/browser.mjs [flags]",
  workloads: browserWorkloads,
  systems: browserSystems,
  flags: {
    browsers: { type: "string", value: "x,y", help: "these of chromium, firefox" },
    isolated: { type: "boolean", help: "with the headers for SharedArrayBuffer" },
  },
});
const wanted = options.browsers?.split(",") ?? browserNames;
const unknown = wanted.find((name) => !browserNames.includes(name));
if (unknown !== undefined) {
  console.error(`no browser "${unknown}"; there are ${browserNames.join(", ")}`);
  process.exit(1);
}

/** Runs one specification in a fresh page of `browser`; a report with `error` where it failed. */
async function inFreshPage(browser, address, spec) {
  const page = await browser.newPage();
  try {
    await page.goto(`${address}/test/bench/browser/page.html`);
    await page.waitForFunction("globalThis.measure !== undefined");
    const pid = browser.process().pid;
    const others = watchOthers(() => treeCpuSeconds(pid) + ownCpuSeconds());
    const report = await page.evaluate((spec) => globalThis.measure(spec), spec);
    return { ...report, others: others() };
  } catch (error) {
    return { error: error.message };
  } finally {
    await page.close();
  }
}

async function benchmarkIn(name, address) {
  const browser = await launch(name);
  if (browser === undefined) {
    console.error(`${name} is left out: it is not installed here.`);
    return undefined;
  }
  const progress = progressLine();
  try {
    await untilQuiet({ ms: START_UP_MS });
    const begun = Date.now();
    const results = await measureAll({
      ...options,
      measure: (spec) => inFreshPage(browser, address, spec),
      say: progress.say,
    });
    const seconds = Math.round((Date.now() - begun) / 1000);
    const pages = options.isolated ? "isolated pages" : "pages";
    return {
      title: `${await browser.version()}, ${pages}, ${WORKERS} workers, ${options.quick ? "quick run" : "whole run"}, ${seconds} s`,
      machine: describeMachine(),
      results,
      workloads: options.workloads,
      systems: options.systems,
    };
  } finally {
    progress.end();
    await browser.close();
  }
}

const server = await startServer({ isolated: options.isolated === true });
const runs = [];
for (const name of wanted) {
  const run = await benchmarkIn(name, server.address);
  if (run === undefined) continue;
  runs.push(run);
  printRun(run);
}
server.close();
if (options.json) writeRuns(options.json, runs);
const failed = runs.some(({ results }) => results.some(({ error }) => error));
if (failed || runs.length === 0) process.exitCode = 1;
