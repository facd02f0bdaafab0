// @ts-check
/**
 * `npm test`: every check there is, one step after the other, each streaming what it does and counted at the end.
 * The last line says it all, alone: `N passed, N failed`. The exit code is 1 unless nothing failed.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, setPriority, tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ensureBrowsers } from "./browsers/browsers.mjs";

/** @typedef {{ passed: number, failed: number }} Count */
/**
 * `besides`: begun before the step of that name, to be waited for at its own place; what it says, it says there.
 * @typedef {{ name: string, about: string, named?: boolean, needs?: readonly string[], besides?: string, run: () => Promise<Count & { said?: string }> }} Step
 */

const top = fileURLToPath(new URL("..", import.meta.url));
const bin = (/** @type {string} */ name) => join(top, "node_modules", ".bin", name);

/** No step may keep the others waiting for longer, nor the whole run its reader. */
const stepLimitMs = 5 * 60_000;
const deadline = performance.now() + 20 * 60_000;
const fileLimitMs = 4 * 60_000;
/** How long a program may take to end when it is asked to. */
const graceMs = 5_000;

/** What goes on beside other steps leaves the machine to them: see `os.setPriority`. */
const asidePriority = 15;

/** Somebody pressed Ctrl+C: what runs ends, and nothing more is begun. */
let stopped = false;

/** Folders whose tests need what the build made; each is a step of its own. */
const builtFolders = ["platform", "consumers", "peers", "pages", "size"];

/** @type {readonly Step[]} */
const steps = [
  { name: "lint", about: "formatter and linter", run: () => command(bin("biome"), ["check", "--error-on-warnings"]) },
  { name: "types", about: "type checks: the source, the pure rooms, tests and demos", run: checkTypes },
  { name: "unit", about: "tests that need no build", named: true, run: unitTests },
  { name: "build", about: "dist/, as it is published", run: () => command("npm", ["run", "--silent", "build"]) },
  {
    name: "size",
    about: "weight of what was built",
    named: true,
    needs: ["build"],
    run: () => nodeTests(files("size")),
  },
  {
    name: "platform",
    about: "real threads in Node",
    named: true,
    needs: ["build"],
    run: () => nodeTests(files("platform"), ["--test-concurrency=1"]),
  },
  {
    name: "consumers",
    about: "the packed package in bundlers, pages and Node",
    named: true,
    needs: ["build", "install-browsers"],
    run: () => nodeTests(files("consumers"), ["--test-concurrency=2"]), // They wait more than they work.
  },
  {
    name: "browsers",
    about: "real threads in Chromium and Firefox",
    named: true,
    needs: ["build", "install-browsers"],
    run: browserTests,
  },
  {
    name: "peers",
    about: "pages of several browsers, and Node, that find each other over WebRTC",
    named: true,
    needs: ["build", "install-browsers"],
    run: () => nodeTests(files("peers"), ["--test-concurrency=2"]), // They wait more than they work.
  },
  {
    name: "pages",
    about: "the demo's pages, and volunteers in several browsers at once",
    named: true,
    needs: ["build", "install-browsers"],
    run: () => nodeTests(files("pages"), ["--test-concurrency=2"]), // They wait more than they work.
  },
  {
    name: "soak",
    about: "a minute of everything in Node, and one in Chromium, after which nothing is left behind",
    needs: ["build", "install-browsers"],
    besides: "consumers",
    run: soak,
  },
];

/** @type {Step} Runs before the first step that needs it, and shows in the count only when it fails. */
const installBrowsers = {
  name: "install-browsers",
  about: "Debian's chromium and firefox-esr, where missing",
  run: async () => {
    ensureBrowsers();
    return { passed: 0, failed: 0 };
  },
};

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    grep: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (options.help) {
  console.log(`node test/run.mjs [--only step,step] [--grep pattern]

  --only   run these steps, with the build if they need it:
${steps.map(({ name, about }) => `             ${name.padEnd(10)} ${about}`).join("\n")}
  --grep   run tests whose name matches, in those of the steps that have named tests`);
} else {
  process.exitCode = await main();
}

async function main() {
  const chosen = choose();
  /** @type {Map<string, Count>} */
  const counts = new Map();
  /** @type {Map<Step, ReturnType<Step["run"]>>} */
  const begun = new Map();
  for (const step of withNeeds(chosen)) {
    for (const other of chosen) {
      if (other.besides !== step.name || brokenNeed(other, counts) || stopped) continue;
      begun.set(other, begin(other));
    }
    console.log(`\n── ${step.name}: ${step.about}`);
    counts.set(step.name, await attempt(step, counts, begun.get(step)));
  }
  return report(counts);
}

/** @param {Step} step @param {Map<string, Count>} counts */
function brokenNeed(step, counts) {
  return step.needs?.find((name) => (counts.get(name)?.failed ?? 0) > 0);
}

/** @param {Step} step @returns {ReturnType<Step["run"]>} */
function begin(step) {
  return step.run().catch((error) => failure(String(error)));
}

/** @param {Step} step @param {Map<string, Count>} counts @param {ReturnType<Step["run"]>} [begun] */
async function attempt(step, counts, begun) {
  const broken = brokenNeed(step, counts);
  if (broken) return failure(`not run: ${broken} failed`);
  if (stopped) return failure("not run: stopped");
  const before = performance.now();
  if (before > deadline) return failure("not run: the whole took too long");
  const { said, ...count } = await (begun ?? begin(step));
  if (said) console.log(said);
  console.log(`${step.name}: ${sentence(count)}, ${((performance.now() - before) / 1000).toFixed(1)} s`);
  return count;
}

function choose() {
  if (options.only === undefined) return options.grep === undefined ? steps : steps.filter(({ named }) => named);
  const names = options.only.split(",");
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`no such step: ${unknown.join(", ")}; there are ${steps.map(({ name }) => name).join(", ")}`);
    process.exit(1);
  }
  return steps.filter(({ name }) => names.includes(name));
}

/** @param {readonly Step[]} chosen */
function withNeeds(chosen) {
  const ordered = new Set(/** @type {Step[]} */ ([]));
  for (const step of chosen) {
    for (const need of [...steps, installBrowsers]) if (step.needs?.includes(need.name)) ordered.add(need);
    ordered.add(step);
  }
  return ordered;
}

/** @param {Map<string, Count>} counts */
function report(counts) {
  console.log("");
  for (const [name, count] of counts) {
    if (name === installBrowsers.name && count.failed === 0) continue;
    console.log(`${count.failed > 0 ? "✖" : "✔"} ${name.padEnd(16)} ${sentence(count)}`);
  }
  const total = sum([...counts.values()]);
  console.log(`\n${sentence(total)}`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

async function checkTypes() {
  const projects = [["--noEmit"], ["-p", "test"], ["-p", "test/rooms/pure.tsconfig.json"]];
  /** @type {Count[]} */
  const counts = [];
  for (const project of projects) counts.push(await command(bin("tsc"), project));
  return sum(counts);
}

/** Those of a folder share a process: to start one for each file takes as long as all of the tests. What meets the platform has one of its own. */
async function unitTests() {
  const folder = mkdtempSync(join(tmpdir(), "manyhands-unit-"));
  try {
    const paths = unitFiles();
    const alone = paths.filter((path) => path.startsWith(join("test", "adapters") + sep));
    const groups = new Map(/** @type {[string, string[]][]} */ ([["simulation", []]])); // What takes longest is begun first.
    for (const path of paths) {
      const [, name = ""] = path.split(sep);
      if (!alone.includes(path)) groups.set(name, [...(groups.get(name) ?? []), path]);
    }
    const entries = [...groups].map(([name, its], i) => {
      const entry = join(folder, `${String(i).padStart(2, "0")}-${name}.mjs`);
      writeFileSync(entry, its.map((path) => `import ${JSON.stringify(pathToFileURL(join(top, path)))};\n`).join(""));
      return entry;
    });
    return await nodeTests([...entries, ...alone]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {readonly string[]} paths @param {readonly string[]} flags */
async function nodeTests(paths, flags = [`--test-concurrency=${availableParallelism()}`]) {
  if (paths.length === 0) return failure("there are no such tests");
  const folder = mkdtempSync(join(tmpdir(), "manyhands-test-"));
  const tap = join(folder, "summary.tap");
  try {
    const { code } = await execute(process.execPath, [
      "--import=tsx",
      "--test",
      `--test-timeout=${fileLimitMs}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=tap",
      `--test-reporter-destination=${tap}`,
      ...(options.grep === undefined ? [] : [`--test-name-pattern=${options.grep}`]),
      ...flags,
      ...paths,
    ]);
    return honest(readTap(readFileSync(tap, "utf8")), code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A skipped test is not a passed one, unless `--grep` asked for others. @param {string} tap */
function readTap(tap) {
  // The totals stand at the end; a test may have printed anything before.
  const number = (/** @type {string} */ word) =>
    Number([...tap.matchAll(new RegExp(`^# ${word} (\\d+)$`, "gm"))].at(-1)?.[1] ?? 0);
  const skipped = options.grep === undefined ? number("skipped") + number("todo") : 0;
  return { passed: number("pass"), failed: number("fail") + number("cancelled") + skipped };
}

async function browserTests() {
  const { code, output } = await execute(bin("web-test-runner"), [], { GREP: options.grep ?? "" });
  const last = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const count = { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 0) };
  // Of a run that was asked for some, web-test-runner says that it failed, because the others did not pass.
  return options.grep !== undefined && count.passed > 0 ? count : honest(count, code);
}

/** One after the other, each in a process of its own. */
async function soak() {
  /** @type {Count[]} */ const counts = [];
  let said = "";
  for (const [name, ...flags] of [["node", "--expose-gc"], ["chromium"]]) {
    const args = [...flags, join("test", "soak", `${name}.mjs`), "--seconds", "60"];
    const { code, output } = await execute(process.execPath, args, {}, asidePriority);
    const isPassed = code === 0 && output.includes("nothing is left behind");
    counts.push(isPassed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
    said += `${isPassed ? "✔" : "✖"} ${name}\n${output}`;
  }
  return { ...sum(counts), said };
}

/** @param {string} program @param {readonly string[]} args */
async function command(program, args) {
  const { code } = await execute(program, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A program that fails without naming a failed test has crashed, and that counts. @param {Count} count @param {number} code */
function honest({ passed, failed }, code) {
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/**
 * Runs a program with its output on ours, and kept; of one with a `priority` of its own it is only kept. When it takes too long, or we are
 * stopped, it ends with all it started.
 * @param {string} program @param {readonly string[]} args @param {Record<string, string>} variables @param {number} [priority]
 * @returns {Promise<{ code: number, output: string }>}
 */
function execute(program, args, variables = {}, priority = undefined) {
  const child = spawn(program, args, {
    cwd: top,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const keep = (/** @type {string} */ text) => {
    output += text;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  if (priority === undefined) {
    child.stdout.on("data", (text) => void process.stdout.write(text));
    child.stderr.pipe(process.stderr, { end: false });
  } else {
    child.stderr.setEncoding("utf8").on("data", keep);
    // Whatever it starts inherits it.
    if (child.pid !== undefined) setPriority(child.pid, priority);
  }
  const signal = (/** @type {NodeJS.Signals} */ name) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // It has ended meanwhile.
    }
  };
  /** @type {NodeJS.Timeout | undefined} */
  let patience;
  // Browsers are in a group of their own, and who started them has to end them: hence first the polite way.
  const end = () => {
    signal("SIGTERM");
    patience = setTimeout(signal, graceMs, "SIGKILL");
  };
  const stop = () => {
    stopped = true;
    end();
  };
  const limitMs = Math.min(stepLimitMs, deadline - performance.now());
  const timer = setTimeout(() => {
    console.error(`stopped after ${Math.round(limitMs / 1000)} s: ${program} ${args.join(" ")}`);
    end();
  }, limitMs);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  }).finally(() => {
    clearTimeout(timer);
    clearTimeout(patience);
    process.off("SIGINT", stop).off("SIGTERM", stop);
  });
}

function unitFiles() {
  return files(".").filter((path) => !builtFolders.some((folder) => path.startsWith(join("test", folder))));
}

/** The Node tests below a folder of test/. @param {string} folder */
function files(folder) {
  const root = join(top, "test", folder);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => relative(top, join(root, name)))
    .sort();
}

/** @param {readonly Count[]} counts */
function sum(counts) {
  return counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), {
    passed: 0,
    failed: 0,
  });
}

/** @param {string} reason */
function failure(reason) {
  console.error(reason);
  return { passed: 0, failed: 1 };
}

/** @param {Count} count */
function sentence({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}
