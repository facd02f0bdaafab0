/** The pages that have things computed by all who open a link: what befalls those who help changes nothing of the result. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { decode } from "fast-png";
import type { Browser } from "puppeteer-core";
import type { BrowserName } from "../browsers/browsers.mjs";
import {
  areDone,
  browse,
  choose,
  type DemoServer,
  hasDone,
  lendAHand,
  openRoom,
  pixelsOf,
  press,
  save,
  says,
  serveDemo,
  visit,
} from "./demo-server.ts";
import { drawAlone } from "./one-thread.ts";

describe("a room of volunteers", () => {
  let server: DemoServer;
  const browsers: Browser[] = [];
  let expected: Promise<Buffer>;
  const newBrowser = async (name: BrowserName) => {
    const browser = await browse(name);
    browsers.push(browser);
    return browser;
  };
  before(async () => {
    server = await serveDemo();
    expected = drawAlone(320, 240, 32);
  });
  after(async () => {
    for (const browser of browsers) await browser.close().catch(() => {}); // One of them was killed.
    await server.close();
  });

  it("draws the picture of one thread, to the bit, though one reloads, one is killed and one goes to sleep", {
    timeout: 150_000,
  }, async () => {
    const organiser = await visit(await newBrowser("chromium"), server.url);
    const link = await openRoom(organiser);
    const [reloading, killed, sleeping] = [
      await newBrowser("firefox"),
      await newBrowser("chromium"),
      await newBrowser("chromium"),
    ];
    const firefox = await lendAHand(reloading, link, "who reloads");
    const victim = await lendAHand(killed, link, "who is killed");
    const sleeper = await lendAHand(sleeping, link, "who sleeps");
    await says(organiser, /4 helpers/);
    await choose(organiser, 0, "320x240");
    await choose(organiser, 1, "32");
    await press(organiser, /^Draw it$/);

    const session = await sleeper.createCDPSession();
    const reload = async () => {
      await hasDone(firefox, 1);
      await firefox.reload();
    };
    const kill = async () => {
      await hasDone(victim, 1);
      const process = killed.process();
      assert.ok(process !== null);
      const died = once(process, "exit");
      process.kill("SIGKILL");
      await died;
    };
    const freeze = async () => {
      await hasDone(sleeper, 1);
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
    };
    await Promise.all([reload(), kill(), freeze()]);
    assert.equal(await organiser.$$eval(".state.running", ({ length }) => length), 1, "it is too late for mishaps");

    await says(firefox, /Helping with/); // Nobody has pressed anything.
    await organiser.waitForSelector(".state.finished", { timeout: 90_000 });
    const drawn = await pixelsOf(organiser);
    assert.equal(Buffer.compare(drawn, await expected), 0, "it is another picture");

    await session.send("Page.setWebLifecycleState", { state: "active" });
    await says(sleeper, /Helping with/);
    await says(organiser, /who is killedgone/);
    await says(organiser, /3 helpers/);
  });

  it("goes on where it was when the organiser's page is loaded anew, with nothing that is done done again", {
    timeout: 120_000,
  }, async () => {
    const browser = browsers[0] as Browser;
    const organiser = await visit(await browser.createBrowserContext(), server.url);
    const link = await openRoom(organiser);
    const volunteer = await lendAHand(await browser.createBrowserContext(), link, "who stays");
    await says(organiser, /2 helpers/);
    await choose(organiser, 0, "320x240");
    await choose(organiser, 1, "32");
    await press(organiser, /^Draw it$/);
    await areDone(organiser, 2);
    await press(organiser, /^Pause$/);
    await organiser.waitForSelector(".state.paused");
    const before = await organiser.$eval(".figures b", (figure) => Number(figure.textContent));

    // Of a paused job nothing is begun: what is there after this was there before.
    await organiser.reload();
    await organiser.waitForSelector(".state.paused");
    await areDone(organiser, before);
    await press(organiser, /^Go on$/);
    await areDone(organiser, before + 1);
    await organiser.reload(); // In the middle of it, with tiles in hand.
    await organiser.waitForSelector(".state.finished", { timeout: 60_000 });
    assert.equal(Buffer.compare(await pixelsOf(organiser), await expected), 0, "it is another picture");
    await says(volunteer, /Helping with/); // It has found the room again.
    await says(organiser, /who stays1 thread, well/);

    // And what is finished is there the next time, until the room is closed.
    await organiser.reload();
    await organiser.waitForSelector(".state.finished");
    await areDone(organiser, 20);
    assert.equal(Buffer.compare(await pixelsOf(organiser), await expected), 0, "it was not kept");
    const { name, bytes } = await save(organiser, /^Save the picture/);
    const { data, channels } = decode(bytes);
    assert.equal(name, "picture.png");
    const colours = data.filter((_, i) => channels === 3 || i % 4 < 3);
    assert.equal(Buffer.compare(Buffer.from(colours), await expected), 0, "another picture is saved");
    organiser.once("dialog", (dialog) => void dialog.accept());
    await press(organiser, /^Close the room$/);
    await says(organiser, /Many hands make light work/);
    await organiser.reload();
    assert.equal(await openRoom(organiser), link);
    await organiser.waitForSelector(".helpers li");
    assert.equal(await organiser.$$eval("canvas", ({ length }) => length), 0);
  });
});
