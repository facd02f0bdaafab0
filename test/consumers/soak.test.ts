/** A while of everything in a page of Chromium, which can be asked for the memory of the page and of each worker, with all garbage collected. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import puppeteer, { type Browser, type CDPSession, type Page } from "puppeteer-core";
import { launchOptions } from "../browsers/browsers.mjs";
import { scratch } from "./package.ts";
import { page as htmlPage } from "./programs.ts";
import { type Server, serve } from "./server.ts";

/** What may be more at the end, in the page and in a worker: code that was compiled meanwhile, and tables that do not shrink. Bytes. */
const SLACK_BYTES = 3e6;

const projects = scratch();
const scenario = readFileSync(new URL("../soak/scenario.mjs", import.meta.url), "utf8");
const root = projects.project("soak", {
  "scenario.js": scenario,
  "main.js": `
    import * as library from "manyhands";
    import { begin } from "./scenario.js";
    globalThis.scenario = begin(library, { nWorkers: 2 });
    globalThis.say = async (what) => {
      try { return await what(); } catch (error) { throw new Error(String(error?.stack ?? error)); }
    };`,
  "index.html": htmlPage(
    `<script type="importmap">{ "imports": { "manyhands": "./node_modules/manyhands/dist/index.js" } }</script>`,
    `<script type="module" src="main.js"></script>`,
  ),
});

interface Left {
  readonly [name: string]: number;
}

interface Measured {
  readonly page: number;
  readonly workers: number;
  readonly threads: number;
  readonly left: Left;
}

async function usedBy(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

/** With everything let go of, and all that follows from it. */
async function measure(page: Page): Promise<Measured> {
  await page.evaluate("say(() => scenario.letGo())");
  const session = await page.createCDPSession();
  let used = 0;
  let workers: number[] = [];
  // What is collected lets go of something else, which is told to others, who let go of more.
  for (let i = 0; i < 6; i++) {
    used = await usedBy(session);
    workers = await Promise.all(page.workers().map(({ client }) => usedBy(client)));
    await page.evaluate("say(() => scenario.client.schedulerInfo())");
  }
  await session.detach();
  const left = (await page.evaluate("scenario.left()")) as Left;
  return { page: used, workers: Math.max(...workers), threads: workers.length, left };
}

describe("a while of everything in chromium", () => {
  let browser: Browser;
  let server: Server;
  before(async () => {
    server = await serve(root);
    browser = await puppeteer.launch(launchOptions("chromium"));
  });
  after(async () => {
    await browser.close();
    await server.close();
    projects.remove();
  });

  it("leaves nothing behind: no tasks, no values, no threads, and no memory to speak of", {
    timeout: 90_000,
  }, async (test) => {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction("globalThis.scenario !== undefined");
    await page.evaluate("say(() => scenario.fill())");
    await page.evaluate("say(() => scenario.spend(6))");
    const before = await measure(page);
    await page.evaluate("say(() => scenario.spend(14))");
    const after = await measure(page);
    test.diagnostic(`${await page.evaluate("scenario.tasks")} tasks; ${JSON.stringify({ before, after })}`);
    for (const [name, many] of Object.entries(after.left)) assert.equal(many, 0, `${many} ${name} are left`);
    assert.equal(after.threads, 2);
    for (const place of ["page", "workers"] as const) {
      const more = after[place] - before[place];
      assert.ok(more < SLACK_BYTES, `${place}: ${more} bytes more than before`);
    }
  });
});
