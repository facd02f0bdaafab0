// Runs test/platform/**/*.browser.ts in real Chromium and real Firefox, against what the build put into dist/.
//
// GREP=... selects tests by name; ISOLATED=1 serves the pages cross-origin isolated, which gives them SharedArrayBuffer.
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
      for (const test of suite.tests) test.passed ? passed++ : failed++;
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

export default {
  files: "test/platform/**/*.browser.ts",
  rootDir: ".",
  nodeResolve: true,
  plugins: [esbuildPlugin({ ts: true, target: "es2022" })],
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
