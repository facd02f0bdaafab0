/** The life of tabs: hidden, frozen, asleep with their machine, and cut off from one moment to the next. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type * as Manyhands from "manyhands/peer";
import * as node from "manyhands/peer";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { type Signaling, serveSignaling } from "../../src/adapters/signaling-server.ts";
import { launchOptions } from "../browsers/browsers.mjs";
import { type PageServer, servePages } from "./pages.ts";
import { countConnections, departures, lend, move, openRoom, routes, trusting, until } from "./room.ts";

declare let client: Manyhands.Client;
declare let host: Awaited<ReturnType<typeof Manyhands.join>>;

let signaling: Signaling;
let server: PageServer;
/** Of each kind one that stays awake, and of Chromium another that is put to sleep; Firefox is when the rest is done. */
let chromium: Browser;
let sleeper: Browser;
let firefox: Browser;
before(async () => {
  signaling = await serveSignaling({ port: 0 });
  server = await servePages();
  // As it comes, hidden pages and all.
  const ignoreDefaultArgs = ["background-timer-throttling", "backgrounding-occluded-windows", "renderer-backgrounding"];
  const options = {
    ...launchOptions("chromium"),
    ignoreDefaultArgs: ignoreDefaultArgs.map((each) => `--disable-${each}`),
  };
  const started = [puppeteer.launch(options), puppeteer.launch(options), puppeteer.launch(launchOptions("firefox"))];
  [chromium, sleeper, firefox] = (await Promise.all(started)) as [Browser, Browser, Browser];
});
after(async () => {
  for (const browser of [chromium, sleeper, firefox]) await browser?.close();
  await server.close();
  await signaling.close();
});

async function open(browser: Browser, url = server.url): Promise<Page> {
  const page = await browser.newPage();
  await page.bringToFront();
  await page.goto(`${url}peer.html`);
  await page.waitForFunction(() => document.title === "ready", { timeout: 40_000, polling: 50 });
  return page;
}

/** A room of this process, with a client. */
async function roomOfNode(name: string, nWorkers = 0) {
  const cluster = new node.LocalCluster({ nWorkers });
  const left: string[] = [];
  const { invitation } = await cluster.listen(`peer:${name}`, {
    signaling: signaling.url,
    onEvent: ({ type, reason }) => type === "left" && left.push(`${reason}`),
  });
  const client = new node.Client(cluster);
  return {
    invitation,
    client,
    left,
    on: (worker: string) => client.with({ workers: [worker] }),
    async [Symbol.asyncDispose]() {
      await client.close();
      await cluster.close();
    },
  };
}

const limit = { timeout: 90_000 };

let rooms = 0;
const roomName = () => `life ${++rooms}`;

/** A room in a hidden page, with a guest that is hidden too. */
async function keepsRoomWhileHidden(browser: Browser): Promise<void> {
  const [room, guest] = [await open(browser), await open(browser)];
  const invitation = await openRoom(room, roomName(), signaling.url);
  await lend(guest, invitation, { nWorkers: 1, name: "guest" });
  const front = await open(browser);
  await front.bringToFront();
  for (const page of [room, guest])
    await page.waitForFunction(() => document.visibilityState === "hidden", { timeout: 20_000, polling: 50 });
  const { value, timers } = await room.evaluate(async () => {
    let timers = 0;
    const ticking = setInterval(() => timers++, 10);
    // Longer than it takes until somebody who is silent is given up.
    const slow = client.submit(() => new Promise<number>((resolve) => setTimeout(resolve, 5_000, 5)));
    const value = await slow.result();
    clearInterval(ticking);
    return { value, timers };
  });
  assert.equal(value, 5);
  assert.ok(timers < 100, `${timers} timers: it was not hidden`);
  assert.deepEqual(await departures(room), []);
  assert.equal(await guest.evaluate(() => host.stats().resumptions), 0);
  const late = await open(browser);
  await lend(late, invitation, { nWorkers: 1, name: "late" });
  assert.equal(
    await room.evaluate(() =>
      client
        .with({ workers: ["late-0"] })
        .submit(() => 6)
        .result(),
    ),
    6,
  );
}

/** A guest of Node's room, and a room that Node helps in: both stop with their browser, and go on. */
async function isBackAfterSleep(browser: Browser): Promise<void> {
  await using room = await roomOfNode(roomName());
  const [guest, sleepingRoom] = [await open(browser), await open(browser)];
  await lend(guest, room.invitation, { nWorkers: 1, name: "guest" });
  const invitation = await openRoom(sleepingRoom, roomName(), signaling.url);
  await using lent = await node.join(invitation, { nWorkers: 1, name: "node", ...trusting });
  assert.equal(
    await room
      .on("guest-0")
      .submit(() => 1)
      .result(),
    1,
  );
  const group = -Number(browser.process()?.pid);
  process.kill(group, "SIGSTOP");
  try {
    await until(() => room.left.length > 0 && lent.stats().status === "away");
  } finally {
    process.kill(group, "SIGCONT");
  }
  assert.equal(
    await room
      .on("guest-0")
      .submit(() => 2)
      .result(),
    2,
  );
  const result = sleepingRoom.evaluate(() =>
    client
      .with({ workers: ["node-0"] })
      .submit(() => 3)
      .result(),
  );
  assert.equal(await result, 3);
}

/** A guest whose connections are cut off while it runs a task. */
async function makesAnotherConnection(browser: Browser): Promise<void> {
  await using room = await roomOfNode(roomName());
  const guest = await open(browser);
  await countConnections(guest);
  await lend(guest, room.invitation, { nWorkers: 1, name: "guest" });
  const runs = room.on("guest-0").submit(async () => {
    const scope = globalThis as { runs?: number };
    scope.runs = (scope.runs ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return scope.runs;
  });
  await until(async () => (await processing(room.client, "guest-0")) === 1);
  await guest.evaluate(() => {
    for (const each of (globalThis as unknown as { made: RTCPeerConnection[] }).made) each.close();
  });
  assert.equal(await runs.result(), 1);
  assert.deepEqual(room.left, []);
  assert.equal(await guest.evaluate(() => host.stats().resumptions), 1);
}

// One after the other: a page that one of them brings to the front hides those of the others, and those are slowed down.
describe("a page", { concurrency: 1 }, () => {
  it("that is hidden keeps its room, and helps in another's, though its timers hardly come", limit, () =>
    keepsRoomWhileHidden(chromium),
  );

  it("whose machine sleeps is given up, and is back when that wakes up; so is a room", limit, () =>
    isBackAfterSleep(sleeper),
  );

  it("whose connection breaks makes another, and does nothing twice", limit, () => makesAnotherConnection(chromium));

  describe("of Firefox", { concurrency: 1 }, () => {
    it("whose connection breaks makes another", limit, () => makesAnotherConnection(firefox));
    it("that is hidden keeps its room", limit, () => keepsRoomWhileHidden(firefox));
    it("whose machine sleeps is back when that wakes up", limit, () => isBackAfterSleep(firefox));
  });

  it("that is frozen hands back what it had in hand, and helps again when it goes on", limit, async () => {
    await using room = await roomOfNode("frozen", 1);
    const guest = await open(chromium);
    await lend(guest, room.invitation, { nWorkers: 1, name: "guest" });
    await room.client.waitForWorkers(2);
    const begun = room
      .on("guest-0")
      .with({ allowOtherWorkers: true })
      .submit(() => {
        // In the page's box it takes a while, which is when that is frozen.
        if (typeof globalThis.origin === "string")
          return new Promise<string>((done) => setTimeout(done, 2_000, "late"));
        return "elsewhere";
      });
    await until(async () => (await processing(room.client, "guest-0")) === 1);
    const session = await guest.createCDPSession();
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    assert.equal(await begun.result(), "elsewhere");
    await session.send("Page.setWebLifecycleState", { state: "active" });
    assert.equal(
      await room
        .on("guest-0")
        .submit(() => globalThis.origin)
        .result(),
      "null",
    );
  });

  it(
    "that another could not be reached from goes straight as soon as it can, and by way of the room when it cannot any more",
    limit,
    async () => {
      const [room, one] = [await open(chromium), await open(chromium)];
      const other = await open(chromium, server.otherUrl);
      const invitation = await openRoom(room, "wall", signaling.url);
      for (const [i, page] of [one, other].entries()) {
        await lend(page, invitation, { nWorkers: 1, name: `${i}`, ...trusting });
        await countConnections(page); // but for that to the room
        await block(page, true);
      }
      assert.equal(await move(room, "0-0", "1-0", 100_000), 100_003);
      assert.deepEqual(await routes(room), ["relay"]);
      for (const page of [one, other]) await block(page, false);
      // What is under way goes on by the way on which it was begun.
      await until(async () => {
        assert.equal(await move(room, "1-0", "0-0", 50_000), 50_003);
        return (await routes(room)).join() === "threads";
      });
      for (const page of [one, other]) await block(page, true);
      await one.evaluate(() => {
        for (const each of (globalThis as unknown as { made: RTCPeerConnection[] }).made) each.close();
      });
      assert.equal(await move(room, "0-0", "1-0", 100_000), 100_003);
      await until(async () => (await routes(room)).join() === "relay");
      assert.equal(await move(room, "1-0", "0-0", 100_000), 100_003);
      assert.deepEqual(await departures(room), []);
      for (const page of [room, one, other]) await page.close();
    },
  );
});

/** Has all connections that a page makes from now on end before they lead anywhere, or lets them. After {@link countConnections}. */
async function block(page: Page, isBlocked: boolean): Promise<void> {
  await page.evaluate((isBlocked) => {
    const { prototype } = RTCPeerConnection;
    // Its own, if it has one: what is below it is the browser's.
    Reflect.deleteProperty(prototype, "setRemoteDescription");
    if (!isBlocked) return;
    prototype.setRemoteDescription = async function (this: RTCPeerConnection) {
      this.close();
    };
  }, isBlocked);
}

/** Tasks that the worker of that name has in hand; undefined if it is not there. */
async function processing(client: node.Client, name: string): Promise<number | undefined> {
  const { workers } = await client.schedulerInfo();
  return Object.values(workers).find((worker) => worker.name === name)?.processing;
}
