/** The box in which strangers' tasks run, in both browsers: all that is tried from inside of it leads nowhere, and work gets done. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "puppeteer-core";
import { browserNames } from "../browsers/browsers.mjs";
import { type BoxApi, bundledBox } from "./box-page.ts";
import { escapes } from "./escapes.ts";
import { type PageServer, servePages, startBrowser, type TestBrowser } from "./pages.ts";

declare const box: BoxApi;

/** Of the ways out, those that a thread has: the others are a page's. */
const waysOutOfThreads = [
  "fetch",
  "fetch without cors",
  "fetch of a blob",
  "fetch that outlives its page",
  "XMLHttpRequest",
  "XMLHttpRequest that blocks",
  "WebSocket",
  "EventSource",
  "import of a module",
  "importScripts",
  "a thread from elsewhere",
  "a thread of its own that fetches",
  "indexedDB",
  "caches",
  "the file system of the origin",
  "locks",
  "the origin of the page",
];

for (const name of browserNames) {
  describe(`the sandbox in ${name}`, () => {
    let server: PageServer;
    let browser: TestBrowser;
    let page: Page;
    before(async () => {
      server = await servePages();
      browser = await startBrowser(name);
      page = await browser.open(`${server.url}blank.html`);
      await page.evaluate(() => {
        localStorage.setItem("secret", "of the page");
        // biome-ignore lint/suspicious/noDocumentCookie: there is no other way in Firefox.
        document.cookie = "secret=of-the-page";
      });
      await page.evaluate(await bundledBox());
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    it("runs what it is sent, and brings back what that returns", { timeout: 20_000 }, async () => {
      assert.equal(await page.evaluate(() => box.run("(a) => a * 2", 21)), 42);
    });

    /** Those that got somewhere, by their own account or by that of the server. */
    async function thatGetOut(where: "inside" | "outside"): Promise<string[]> {
      const got: string[] = [];
      for (const [way, attempt] of Object.entries(escapes)) {
        const before = server.reached.length;
        const source = `async (url) => { try { return await (${attempt.toString()})(url); } catch { return false; } }`;
        const isOut = await page.evaluate(
          (where, text, url) => box.attempt(where, text, url),
          where,
          source,
          server.url,
        );
        if (isOut || server.reached.length > before) got.push(way);
      }
      return got;
    }

    it("is where no way out leads anywhere", { timeout: 30_000 }, async () => {
      assert.deepEqual(await thatGetOut("inside"), []);
      assert.deepEqual(server.reached, []);
    });

    it("is what keeps them in: in a plain thread, those that there are in threads get out", {
      timeout: 30_000,
    }, async () => {
      assert.deepEqual(await thatGetOut("outside"), waysOutOfThreads);
    });

    it("hears and is heard by nobody on channels that go by a name", { timeout: 20_000 }, async () => {
      const heard = await page.evaluate(async () => {
        const channel = new BroadcastChannel("shared");
        let word: unknown = "nothing";
        channel.onmessage = ({ data }) => {
          word = data;
        };
        const inside = await box.run(
          `() => new Promise((resolve) => {
            const channel = new BroadcastChannel("shared");
            channel.onmessage = ({ data }) => resolve(data);
            channel.postMessage("from inside");
            setTimeout(resolve, 300, "nothing");
          })`,
          undefined,
        );
        channel.postMessage("from outside");
        return [inside, word];
      });
      assert.deepEqual(heard, ["nothing", "nothing"]);
    });

    it("cannot run code in the page by what it says", { timeout: 20_000 }, async () => {
      const title = await page.evaluate(async () => {
        const taken = `argumentList: [{ type: "RAW", value: "document.title = 'taken'" }]`;
        const words = [
          `{ id: "1", type: "CONSTRUCT", path: ["constructor"], ${taken} }`,
          `{ id: "2", type: "APPLY", path: ["constructor", "constructor"], ${taken} }`,
          '{ type: "ended", id: 0, reason: "a lie" }',
        ];
        await box.run(
          `async () => {
            for (const word of [${words.join(", ")}]) {
              postMessage(word);
              DedicatedWorkerGlobalScope.prototype.postMessage?.call(self, word);
            }
          }`,
          undefined,
        );
        return document.title;
      });
      assert.equal(title, "ready");
      assert.equal(await page.evaluate(() => box.run("(a) => a + 1", 1)), 2, "and the box goes on");
    });

    it("ends a thread that never stops, and tells of one that fails", { timeout: 20_000 }, async () => {
      assert.equal(await page.evaluate(() => box.startAndEnd("() => { for (;;); }")), "ended");
      assert.match(await page.evaluate(() => box.reasonOfDeath("throw new Error('no good')")), /no good/);
    });
  });
}
