/** `npm run bench`: every system on every workload, each pair in a process of its own. `--help` tells the rest. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commandLine } from "./command-line.mjs";
import { describeMachine, pinCommand } from "./machine.mjs";
import { printRun, progressLine, writeRuns } from "./report.mjs";
import { measureAll } from "./rounds.mjs";
import { systems, WORKERS } from "./systems.mjs";
import { workloads } from "./workloads.mjs";

const CHILD = fileURLToPath(new URL("./child.mjs", import.meta.url));
const PATIENCE_MS = 30_000;

const options = commandLine({
  usage: "node test/bench/run.mjs [flags]",
  workloads,
  systems,
});
const pin = pinCommand();

/** Runs one specification in a fresh process; a report with `error` where it failed. */
function inFreshProcess(spec) {
  const [command, ...rest] = [
    ...(spec.pinned ? pin : []),
    process.execPath,
    "--no-warnings",
    CHILD,
    JSON.stringify(spec),
  ];
  return new Promise((resolve) => {
    const child = spawn(command, rest, {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
    let complaint = "";
    let report = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaint += text;
    });
    child.stdio[3].setEncoding("utf8").on("data", (text) => {
      report += text;
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (report) resolve(JSON.parse(report));
      else if (signal) resolve({ error: `no end after ${PATIENCE_MS / 1000} s` });
      else resolve({ error: firstError(complaint) ?? `ended with ${code}` });
    });
  });
}

function firstError(complaint) {
  return complaint
    .split("\n")
    .find((line) => /\w*Error/.test(line))
    ?.trim();
}

/** The versions on trial, from the packages that are installed. */
function versions() {
  const names = ["piscina", "tinypool", "workerpool", "poolifier", "comlink"];
  return names
    .map((name) => {
      const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
      try {
        return `${name} ${JSON.parse(readFileSync(file, "utf8")).version}`;
      } catch {
        return `${name} not installed`;
      }
    })
    .join(", ");
}

const measurable = options.workloads.filter(({ pinned }) => pin || !pinned);
const progress = progressLine();
const begun = Date.now();
const results = await measureAll({
  ...options,
  workloads: measurable,
  measure: inFreshProcess,
  say: progress.say,
});
progress.end();

const seconds = Math.round((Date.now() - begun) / 1000);
const run = {
  title: `${WORKERS} workers, ${options.quick ? "quick run" : "whole run"}, ${seconds} s; ${versions()}`,
  machine: describeMachine(),
  results,
  workloads: measurable,
  systems: options.systems,
};
printRun(run);
if (!pin) console.log("\na_core is left out: there is no taskset here.");
if (options.json) writeRuns(options.json, [run]);
if (results.some(({ error }) => error)) process.exitCode = 1;
