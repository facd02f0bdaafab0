/** The room at the server that the pages come from: its scheduler goes on without the page, and is reached without WebRTC. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Client } from "manyhands";
import type { Browser, Page } from "puppeteer-core";
import {
  areDone,
  browse,
  choose,
  type DemoServer,
  lendAHand,
  pixelsOf,
  press,
  says,
  serveScheduler,
  visit,
} from "./demo-server.ts";
import { drawAlone } from "./one-thread.ts";

const SECRET = "of-whoever-may-submit";

describe("the room of the server", () => {
  let server: DemoServer;
  const browsers: Browser[] = [];
  before(async () => {
    server = await serveScheduler(SECRET);
    browsers.push(await browse("chromium"), await browse("firefox"));
  });
  after(async () => {
    for (const browser of browsers) await browser.close();
    await server.close();
  });

  const ask = (token: string, wish: unknown) =>
    fetch(new URL("room/", server.url), {
      method: "POST",
      headers: { authorization: `Bearer ${createHash("sha256").update(`the room of ${token}`).digest("hex")}` },
      body: typeof wish === "string" ? wish : JSON.stringify(wish),
    });

  it("is for those alone who know its secret, one at a time, and takes no nonsense", async () => {
    const statusOf = async (token: string, wish: unknown) => (await ask(token, wish)).status;
    assert.equal(await statusOf("guessed", { organiser: "a" }), 401);
    assert.equal((await fetch(new URL("room/", server.url))).status, 405);
    for (const wish of [
      "{",
      "1",
      "null",
      {},
      { organiser: "" },
      { organiser: "a", dismiss: [["x"]] },
      { organiser: 1 },
    ])
      assert.equal(await statusOf(SECRET, wish), 400, JSON.stringify(wish));
    assert.equal(await statusOf(SECRET, { organiser: "a", announce: "x".repeat(2 ** 19) }), 413);
    assert.deepEqual(await (await ask(SECRET, { organiser: "a" })).json(), {
      hosts: [],
      token: "of those who lend a hand",
    });
    assert.equal(await statusOf(SECRET, { organiser: "b" }), 409);
    assert.equal(await statusOf(SECRET, { organiser: "a", isLeaving: true }), 200);
    assert.equal(await statusOf(SECRET, { organiser: "b", isLeaving: true }), 200);
  });

  it("draws the picture of one thread on threads of others alone, and goes on where it was in the page that comes after", {
    timeout: 180_000,
  }, async () => {
    const [chromium, firefox] = browsers as [Browser, Browser];
    const expected = drawAlone(320, 240, 8);
    const stranger = await visit(chromium, `${server.url}#scheduler=of-another-day`);
    assert.equal(stranger.url(), server.url, "the secret stays where it would be given away");
    await press(stranger, /^Open a room$/);
    await says(stranger, /The server lets nobody in by that secret/);
    await stranger.close();

    const organiser = await openAtServer(chromium);
    const link = await organiser.$eval("input.link", (field) => (field as HTMLInputElement).value);
    const grace = await lendAHand(firefox, link, "Grace");
    const ada = await (await chromium.createBrowserContext()).newPage();
    await ada.evaluateOnNewDocument(() => Reflect.deleteProperty(globalThis, "RTCPeerConnection"));
    await ada.goto(link);
    await press(ada, /^Start helping$/);
    await says(organiser, /2 helpers, 2 threads/);
    await choose(organiser, 0, "320x240");
    await choose(organiser, 1, "8");
    await press(organiser, /^Draw it$/);
    await areDone(organiser, 2);
    await press(organiser, /^Pause$/);
    await organiser.waitForSelector(".state.paused");
    // What one of them has, and the other needs, goes by way of the server, for nothing else leads there.
    await says(organiser, /Grace1 thread, well, direct/);
    await using client = new Client(`${server.url.replace("http", "ws")}scheduler/`, { token: SECRET });
    const { workers } = await client.schedulerInfo();
    const [one = "", other = ""] = Object.keys(workers);
    const bytes = client.with({ workers: [one] }).submit(() => new Uint8Array(1e6).fill(1));
    const sum = client.with({ workers: [other] }).submit((all) => all.reduce((a, b) => a + b), bytes);
    assert.equal(await sum.result(), 1e6);
    await says(organiser, /Grace1 thread, well, relayed/);

    const second = await visit(await chromium.createBrowserContext(), server.url);
    await open(second);
    await says(second, /Another page has the room/);
    const before = await organiser.$eval(".figures b", (figure) => Number(figure.textContent));
    await organiser.close();
    while ((await ask(SECRET, { organiser: "nobody", isLeaving: true })).status !== 200); // It says so when it goes.
    await press(second, /^Open a room$/);
    await second.waitForSelector(".state.paused", { timeout: 30_000 });
    await areDone(second, before);
    await says(grace, /Helping with/);
    await press(second, /^Go on$/);
    await second.waitForSelector(".state.finished", { timeout: 60_000 });
    assert.equal(Buffer.compare(await pixelsOf(second), await expected), 0, "it is another picture");
    await says(grace, /[1-9]\d*parts accepted/);
    // What is tried in the playground is done in the same room.
    const playground = await visit(second.browserContext(), new URL("playground.html", server.url).href);
    await playground.waitForSelector("option[value=room]");
    await playground.select(".inline select", "room");
    await press(playground, /^Run$/);
    await says(playground, /pending\s+3\s+finished/);
    await playground.close();
    await press(second, /^Send Grace away$/);
    await says(grace, /You were shown the door/);
    await says(second, /1 helper, 1 thread/);

    await server.close();
    await says(second, /The server cannot be reached/, 60_000);
    server = await serveScheduler(SECRET, Number(new URL(server.url).port));
    await says(second, /The server was started anew.*open it again/, 60_000);
  });

  async function openAtServer(browser: Browser): Promise<Page> {
    const page = await visit(browser, server.url);
    await open(page);
    await page.waitForSelector("input.link", { timeout: 30_000 });
    return page;
  }

  /** Comes by the address with the secret in it. */
  async function open(page: Page): Promise<void> {
    await page.goto("about:blank");
    await page.goto(`${server.url}#scheduler=${SECRET}`);
    await press(page, /^Open a room$/);
  }
});
