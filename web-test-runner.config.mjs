// Runs test/platform/**/*.browser.ts in real Chromium and real Firefox, against what the build put into dist/.
//
// GREP=... selects tests by name; ISOLATED=1 serves the pages cross-origin isolated, which gives them SharedArrayBuffer.
import { spawn } from "node:child_process";
import { esbuildPlugin } from "@web/dev-server-esbuild";
import { summaryReporter } from "@web/test-runner";
import { chromeLauncher } from "@web/test-runner-chrome";
import puppeteer from "puppeteer-core";
import { browserNames, launchOptions } from "./test/browsers/browsers.mjs";

/** The last line: how many tests passed and failed, over both browsers. A file that did not run at all counts as a failed test. */
const closingLine = {
  stop({ sessions }) {
    let passed = 0;
    let failed = 0;
    const count = (suite) => {
      for (const test of suite.tests) {
        if (test.passed) passed++;
        else if (test.error || !process.env.GREP) failed++; // Those that were not asked for did not run.
      }
      for (const inner of suite.suites) count(inner);
    };
    for (const { testResults, errors } of sessions) {
      if (testResults) count(testResults);
      if (!testResults || errors.length > 0) failed++;
    }
    console.log(`\n${passed} passed, ${failed} failed`);
  },
};

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** A scheduler and a host in Node, for pages that ask where they are. */
function clusterInNode() {
  const tokens = { worker: "token-for-workers", client: "token-for-clients" };
  const env = { ...process.env, MANYHANDS_WORKER_TOKEN: tokens.worker, MANYHANDS_CLIENT_TOKEN: tokens.client };
  const children = [];
  /** Settles with the address that it logs. */
  const start = (...args) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ["dist/node-cli.js", ...args, "--json"], {
        env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      children.push(child);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${args[0]} ended with ${code}`)));
      child.stderr.on("data", (line) => {
        const said = /"address":"([^"]+)"/.exec(String(line));
        if (said) resolve(said[1]);
      });
    });
  let address;
  return {
    name: "cluster-in-node",
    async serve({ path }) {
      if (path !== "/cluster-in-node.json") return undefined;
      address ??= start("scheduler", "--listen", "ws://127.0.0.1:0").then(async (found) => {
        await start("worker", found, "--workers", "1", "--name", "node");
        return found;
      });
      return { body: JSON.stringify({ address: await address, tokens }), type: "json" };
    },
    serverStop: () => {
      for (const child of children) child.kill("SIGKILL");
    },
  };
}

export default {
  files: "test/platform/**/*.browser.ts",
  rootDir: ".",
  nodeResolve: true,
  plugins: [esbuildPlugin({ ts: true, target: "es2022" }), clusterInNode()],
  browsers: browserNames.map((name) => chromeLauncher({ puppeteer, launchOptions: launchOptions(name) })),
  // Threads of the tests want the cores for themselves.
  concurrentBrowsers: 1,
  concurrency: 1,
  browserStartTimeout: 60_000,
  testsFinishTimeout: 180_000,
  testFramework: { config: { timeout: 20_000, ...(process.env.GREP && { grep: process.env.GREP }) } },
  middleware: process.env.ISOLATED
    ? [
        async (context, next) => {
          await next();
          context.set(isolation);
        },
      ]
    : [],
  reporters: [summaryReporter({}), closingLine],
};
