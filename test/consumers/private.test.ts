/** Pages in private windows, and where the browser has no room left: what cannot be kept is said, and nothing is lost. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { launchOptions } from "../browsers/browsers.mjs";
import { scratch } from "./package.ts";
import { page as htmlPage } from "./programs.ts";
import { serve } from "./server.ts";

const projects = scratch();
const root = projects.project("private", {
  // Values of 1 MB are made one by one and kept, until there are many or one is refused; then all are looked at.
  "main.js": `
    import { Client, LocalCluster } from "manyhands";
    const make = (i) => new Float64Array(2 ** 17).fill(i);
    const begin = (nWorkers = 1) => {
      const cluster = new LocalCluster({ nWorkers, memoryLimit: 8 * 2 ** 20 });
      return { cluster, client: new Client(cluster), kept: [] };
    };
    const fill = async ({ client, kept }, most) => {
      while (kept.length < most) {
        const future = client.submit(make, kept.length);
        const error = await future.exception();
        if (error !== undefined) return error.name + ": " + error.message;
        kept.push(future);
      }
    };
    const intact = async ({ client, kept }) => (await client.gather(client.map((a, i) => a.every((x) => x === i), kept, kept.map((_, i) => i)))).every(Boolean);
    const spilled = async ({ client }) => Object.values((await client.schedulerInfo()).workers)[0].spilledBytes;
    const warnings = async ({ client }) => (await client.events("warnings")).map(({ message }) => message.text);
    const close = async ({ client, cluster }) => { await client.close(); await cluster.close(); };
    const endure = async () => {
      const cluster = new LocalCluster({ nWorkers: 1, durable: "private" });
      try {
        const client = new Client(cluster);
        const value = await client.submit((x) => x + 1, 1).result();
        await cluster.saved();
        await client.close();
        return value;
      } catch (error) {
        return error.message;
      } finally {
        await cluster.close();
      }
    };
    globalThis.trial = { begin, fill, intact, spilled, warnings, close, endure };`,
  "index.html": htmlPage(
    `<script type="importmap">{ "imports": { "manyhands": "./node_modules/manyhands/dist/index.js" } }</script>`,
    `<script type="module" src="main.js"></script>`,
  ),
});
after(() => projects.remove());

interface Trial {
  readonly refusal: string | undefined;
  readonly isIntact: boolean;
  readonly spilled: number;
  readonly warnings: readonly string[];
  readonly durable: unknown;
}

/** In the page: up to 24 values for a worker that has room for 8. */
const wholeTrial = `(async () => {
  const it = trial.begin();
  const refusal = await trial.fill(it, 24);
  const spilled = await trial.spilled(it);
  const isIntact = await trial.intact(it);
  const warnings = await trial.warnings(it);
  await trial.close(it);
  return { refusal, spilled, isIntact, warnings, durable: await trial.endure() };
})()`;

async function opened(browser: Pick<Browser, "newPage">, url: string): Promise<{ page: Page; said: string[] }> {
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  await page.goto(url);
  await page.waitForFunction("globalThis.trial !== undefined");
  return { page, said };
}

describe("a private window of firefox", () => {
  const inFirefox = async (preferences: Record<string, unknown>) => {
    await using server = await opening(serve(root));
    const options = launchOptions("firefox");
    const extraPrefsFirefox = {
      ...options.extraPrefsFirefox,
      "browser.privatebrowsing.autostart": true,
      ...preferences,
    };
    await using browser = await opening(puppeteer.launch({ ...options, extraPrefsFirefox }));
    const { page, said } = await opened(browser.it, server.it.url);
    return { ...((await page.evaluate(wholeTrial)) as Trial), said };
  };

  it("has no files: that is said, what exceeds the limit is refused and says why, and nothing is lost; what is durable lasts as long as the window, and says so", {
    timeout: 90_000,
  }, async () => {
    const { refusal, isIntact, spilled, warnings, durable, said } = await inFirefox({});
    assert.match(warnings.join("\n"), /nothing can be written out: this browser gives pages no file system in private/);
    assert.match(String(refusal), /^MemoryLimitError: .*no file system in private windows/s);
    assert.equal(spilled, 0);
    assert.equal(isIntact, true);
    assert.equal(durable, 2);
    assert.match(said.join("\n"), /this is a private window: what is durable is gone once it is closed/);
  });

  it("that has no databases either refuses a durable cluster, and says why", { timeout: 90_000 }, async () => {
    const { durable } = await inFirefox({ "dom.indexedDB.privateBrowsing.enabled": false });
    assert.match(String(durable), /the durable cluster "private" cannot be kept: .*private windows/);
  });
});

describe("chromium", () => {
  const timeout = 90_000;

  it("has files in a private window until it is closed, and says so of what is durable", { timeout }, async () => {
    await using server = await opening(serve(root));
    await using browser = await opening(puppeteer.launch(launchOptions("chromium")));
    const { page, said } = await opened(await browser.it.createBrowserContext(), server.it.url);
    const { refusal, spilled, isIntact, durable } = (await page.evaluate(wholeTrial)) as Trial;
    assert.equal(refusal, undefined);
    assert.ok(spilled > 0);
    assert.equal(isIntact, true);
    assert.equal(durable, 2);
    assert.match(said.join("\n"), /in a private window it is gone once that is closed/);
  });

  it("that has no room left: values are refused, none is lost, and it goes on when there is room again", {
    timeout,
  }, async () => {
    await using server = await opening(serve(root));
    await using browser = await opening(puppeteer.launch(launchOptions("chromium")));
    const { page } = await opened(browser.it, server.it.url);
    const session = await page.createCDPSession();
    const { origin } = new URL(server.it.url);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 2_000_000 });
    const full = (await page.evaluate(`(async () => {
      globalThis.it = trial.begin();
      const refusal = await trial.fill(it, 40);
      return { refusal, isIntact: await trial.intact(it), warnings: await trial.warnings(it) };
    })()`)) as Trial;
    assert.match(String(full.refusal), /^MemoryLimitError: .*nothing can be written out/s);
    assert.match(full.warnings.join("\n"), /nothing can be written out: .*results are refused until that is over/);
    assert.equal(full.isIntact, true);
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    const isIntact = await page.evaluate(`(async () => {
      while ((await trial.fill(it, 40)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 100));
      return trial.intact(it);
    })()`);
    assert.equal(isIntact, true);
  });
});

async function opening<T extends { close(): Promise<void> }>(coming: Promise<T>) {
  const it = await coming;
  return { it, [Symbol.asyncDispose]: () => it.close() };
}
