/** Rooms: pages of both browsers, and Node, that find each other, lend threads and exchange values. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type * as Manyhands from "manyhands/peer";
import * as node from "manyhands/peer";
import type { Page } from "puppeteer-core";
import { type Signaling, serveSignaling } from "../../src/adapters/signaling-server.ts";
import type { Client as NodeClient } from "../../src/node.ts";
import { browserNames } from "../browsers/browsers.mjs";
import { start } from "../platform/commands.ts";
import { type PageServer, servePages, startBrowser, type TestBrowser } from "./pages.ts";
import { connections, countConnections, openConnections, receivedBytes, routes, trusting, until } from "./room.ts";

declare const manyhands: typeof Manyhands;
declare let cluster: Manyhands.LocalCluster;
declare let client: Manyhands.Client;
declare let host: Awaited<ReturnType<typeof Manyhands.join>>;
declare let left: Promise<string | undefined>;
declare let onLeft: (reason: string | undefined) => void;
declare let addressOf: (name: string) => Promise<string>;

let signaling: Signaling;
let server: PageServer;
const browsers: TestBrowser[] = [];
/** One of each kind, which no test kills. */
const lasting = new Map<string, TestBrowser>();
const both = () =>
  ["chromium", "firefox"].map((name) => lasting.get(name) as TestBrowser) as [TestBrowser, TestBrowser];
before(async () => {
  signaling = await serveSignaling({ port: 0 });
  server = await servePages();
});
after(async () => {
  for (const browser of browsers) await browser.close();
  await server.close();
  await signaling.close();
});

async function newBrowser(name: (typeof browserNames)[number]): Promise<TestBrowser> {
  const browser = await startBrowser(name);
  browsers.push(browser);
  return browser;
}

const open = (browser: TestBrowser, url = server.url) => browser.open(`${url}peer.html`);

let rooms = 0;

/** Opens a room in a page: a scheduler, with threads of its own or without, and a client. Returns the invitation. */
async function openRoom(page: Page, nWorkers = 0, url = signaling.url): Promise<string> {
  return page.evaluate(
    async (room, signaling, nWorkers) => {
      Object.assign(globalThis, { cluster: new manyhands.LocalCluster({ nWorkers }) });
      const left = new Promise<string | undefined>((resolve) => {
        Object.assign(globalThis, { onLeft: resolve });
      });
      const { invitation } = await cluster.listen(`peer:${room}`, {
        signaling,
        onEvent: ({ type, reason }) => type === "left" && onLeft(reason),
      });
      Object.assign(globalThis, { left });
      Object.assign(globalThis, {
        client: new manyhands.Client(cluster),
        // A host is there when it has been let in; the word of its workers may be on its way.
        addressOf: async (name: string) => {
          for (;;) {
            const workers = Object.entries((await client.schedulerInfo()).workers);
            const found = workers.find(([, worker]) => worker.name === name);
            if (found !== undefined) return found[0];
            await client.waitForWorkers(workers.length + 1);
          }
        },
      });
      return invitation;
    },
    `room ${++rooms}`,
    url,
    nWorkers,
  );
}

async function lend(page: Page, invitation: string, options: object): Promise<void> {
  await page.evaluate(
    async (invitation, options) => {
      Object.assign(globalThis, { host: await manyhands.join(invitation, options) });
    },
    invitation,
    options,
  );
}

/** Values of these many megabytes, from the worker of one name to that of another; what was read of them, and how they went. */
async function move(page: Page, from: string, to: string, megabytes: number) {
  return page.evaluate(
    async (from, to, megabytes) => {
      const [source, goal] = [await addressOf(from), await addressOf(to)];
      const made = client
        .with({ workers: [source] })
        .submit((count: number) => new Float64Array(count).fill(7), megabytes * 125_000);
      const read = client
        .with({ workers: [goal] })
        .submit((array: Float64Array) => [array.length, array[0], array[array.length - 1]], made);
      const ends = await read.result();
      const { links } = await client.schedulerInfo();
      return { ends, routes: links.map(({ route }) => route) };
    },
    from,
    to,
    megabytes,
  );
}

/** Until values that the worker of one page gives to that of another do not go by any connection of that page. */
async function untilNear(room: Page, from: string, page: Page, name: string): Promise<void> {
  await until(async () => {
    const before = await receivedBytes(page);
    await move(room, `${from}-0`, `${name}-0`, 1);
    return (await receivedBytes(page)) - before < 500_000;
  });
}

/**
 * Has a worker give 200 MB to another, of whose page it shares the browser, and say nothing more to anybody when some of it was said. Settles
 * then; what becomes of it is `readNear`.
 */
async function giveInPart(room: Page, from: string, to: string): Promise<void> {
  await room.evaluate(
    async (from, to) => {
      const [source, goal] = [await addressOf(from), await addressOf(to)];
      const underWay = new Promise<void>((resolve) => {
        new BroadcastChannel("under way").onmessage = () => resolve();
      });
      const muted = client.with({ workers: [source] }).submit(() => {
        let bytes = 0;
        // By the port; or, where the machine was so busy that the hosts lost each other meanwhile, by whatever else.
        const ways = [
          [MessagePort.prototype, "postMessage"],
          [RTCDataChannel.prototype, "send"],
        ] as unknown as [Record<string, (...args: unknown[]) => void>, string][];
        for (const [prototype, name] of ways) {
          const say = prototype[name] as (...args: unknown[]) => void;
          prototype[name] = function (this: object, ...args: unknown[]) {
            // What is moved is empty afterwards.
            if (args[0] instanceof Uint8Array) bytes += args[0].length;
            if (bytes < 20_000_000) say.apply(this, args);
            else new BroadcastChannel("under way").postMessage("some of it was said");
          };
        }
      });
      await muted.result();
      const made = client
        .with({ workers: [source], allowOtherWorkers: true })
        .submit((count: number) => new Float64Array(count).fill(4), 25_000_000);
      const readNear = client.with({ workers: [goal] }).submit((array: Float64Array) => array[24_999_999], made);
      Object.assign(globalThis, { readNear });
      await underWay;
    },
    from,
    to,
  );
}

for (const name of browserNames) {
  describe(`a room in ${name}`, () => {
    let browser: TestBrowser;
    before(async () => {
      browser = await newBrowser(name);
      lasting.set(name, browser);
    });

    it("has the threads of another tab, a popup and a frame work in a box", { timeout: 40_000 }, async () => {
      const [room, guest] = [await open(browser), await open(browser)];
      const invitation = await openRoom(room);
      await lend(guest, invitation, { nWorkers: 2, name: "tab" });
      await room.evaluate(
        async (url, invitation) => {
          const isReady = (inside: Window) =>
            new Promise<void>((resolve) => {
              const look = () => (inside.document?.title === "ready" ? resolve() : setTimeout(look, 20));
              look();
            });
          const frame = document.createElement("iframe");
          frame.src = url;
          document.body.append(frame);
          const popup = globalThis.open(url) as Window;
          for (const [inside, name] of [
            [frame.contentWindow as Window, "frame"],
            [popup, "popup"],
          ] as const) {
            await isReady(inside);
            const { manyhands } = inside as unknown as { manyhands: typeof Manyhands };
            await manyhands.join(invitation, { nWorkers: 1, name });
          }
        },
        `${server.url}peer.html`,
        invitation,
      );
      const seen = await room.evaluate(async () => {
        const origin = await client.submit(() => globalThis.origin).result();
        const names = Object.values((await client.schedulerInfo()).workers).map(({ name }) => name);
        const squares = client.map(
          (x: number) => x * x,
          Array.from({ length: 100 }, (_, i) => i),
        );
        const total = client.submit((all: number[]) => all.reduce((a, b) => a + b, 0), squares);
        return { origin, names: names.sort(), total: await total.result() };
      });
      assert.deepEqual(seen, { origin: "null", names: ["frame-0", "popup-0", "tab-0", "tab-1"], total: 328_350 });
      for (const page of await browser.browser.pages()) await page.close();
      await browser.browser.newPage();
    });

    it("moves values straight from thread to thread, past pages that are busy, and past WebRTC where they share origin and browser", {
      timeout: 90_000,
    }, async () => {
      const [room, one, near] = [await open(browser), await open(browser), await open(browser)];
      const other = await open(browser, server.otherUrl);
      for (const page of [near, other]) await countConnections(page);
      const invitation = await openRoom(room);
      await lend(one, invitation, { nWorkers: 1, name: "one", ...trusting });
      await lend(near, invitation, { nWorkers: 1, name: "near", ...trusting });
      await lend(other, invitation, { nWorkers: 1, name: "other", ...trusting });
      assert.deepEqual((await move(room, "one-0", "other-0", 16)).ends, [2_000_000, 7, 7]);
      const { routes } = await move(room, "other-0", "one-0", 1);
      assert.deepEqual(routes, ["threads"]);
      assert.ok((await receivedBytes(other)) > 16_000_000, "what another origin was sent went by its connection");
      // On a machine that is very busy, hosts may lose each other for a while.
      for (let isPast = false, round = 0; !isPast; round++) {
        assert.ok(round < 3, "it went by connections of the page");
        await untilNear(room, "one", near, "near");
        const before = await receivedBytes(near);
        assert.deepEqual((await move(room, "one-0", "near-0", 200)).ends, [25_000_000, 7, 7]);
        isPast = (await receivedBytes(near)) - before < 2_000_000;
      }
      // A page that is stuck does not keep its thread from giving out what it has. Who is slow to look may come too late, and looks again.
      for (let isStuck = false, round = 0; !isStuck; round++) {
        assert.ok(round < 10, "the value always waited for its page");
        await room.evaluate(async () => {
          const made = client
            .with({ workers: [await addressOf("one-0")] })
            .submit(() => new Float64Array(50_000).fill(2));
          await new Promise<void>((resolve) => made.addDoneCallback(() => resolve()));
          Object.assign(globalThis, { made });
        });
        const free = one.evaluate(() => {
          const until = performance.now() + 3_000;
          while (performance.now() < until);
        });
        free.then(() => {
          isStuck = false;
        });
        isStuck = true;
        const last = await room.evaluate(async () => {
          const { made } = globalThis as unknown as { made: Manyhands.Future<Float64Array> };
          const read = ["other-0", "near-0"].map(async (name) => {
            const there = client.with({ workers: [await addressOf(name)] });
            return there.submit((array: Float64Array) => array[49_999], made).result();
          });
          return Promise.all(read);
        });
        assert.deepEqual(last, [2, 2]);
        const wasStuck = isStuck;
        await free;
        isStuck = wasStuck;
      }
      for (const page of [one, near, other, room]) await page.close();
    });

    it("keeps to WebRTC where the policy of its pages forbids what would have them meet", {
      timeout: 40_000,
    }, async () => {
      const strict = await servePages({ "Content-Security-Policy": "worker-src 'self' blob:" });
      const [room, guest] = [await open(browser, strict.url), await open(browser, strict.url)];
      await countConnections(guest);
      const invitation = await openRoom(room, 1);
      await lend(guest, invitation, { nWorkers: 1, name: "guest", ...trusting });
      await move(room, "worker-0", "guest-0", 1);
      const { ends, routes } = await move(room, "worker-0", "guest-0", 16);
      assert.deepEqual([ends, routes], [[2_000_000, 7, 7], ["threads"]]);
      assert.ok((await receivedBytes(guest)) > 17_000_000);
      for (const page of [room, guest]) await page.close();
      await strict.close();
    });

    it("closes connections between two pages that carry nothing, and makes them again", {
      timeout: 60_000,
    }, async () => {
      const [room, one, near] = [await open(browser), await open(browser), await open(browser)];
      const other = await open(browser, server.otherUrl);
      const guests = { one, near, other };
      const invitation = await openRoom(room);
      for (const [name, page] of Object.entries(guests)) {
        await countConnections(page);
        await lend(page, invitation, { nWorkers: 1, name, idleMs: 200, ...trusting });
      }
      const counts = () =>
        Promise.all(Object.values(guests).flatMap((page) => [connections(page), openConnections(page)]));
      // Those to the room stay.
      const areAlone = () => until(async () => (await counts()).join() === "0,1,0,1,0,1");
      for (const [from, to] of [
        ["one-0", "other-0"],
        ["other-0", "one-0"],
      ] as const) {
        const moved = await Promise.all([move(room, from, to, 1), move(room, "near-0", "one-0", 1)]);
        for (const { ends } of moved) assert.deepEqual(ends, [125_000, 7, 7]);
        await areAlone();
      }
      // About when it is closed: sometimes it is, sometimes it is about to be.
      for (let round = 0; round < 4; round++) {
        const moved = await Promise.all([move(room, "one-0", "other-0", 0.1), move(room, "one-0", "near-0", 0.1)]);
        for (const { ends } of moved) assert.deepEqual(ends, [12_500, 7, 7]);
        await new Promise((wake) => setTimeout(wake, 180 + 60 * round));
      }
      assert.deepEqual(await routes(room), ["threads", "threads"]);
      // An actor is there to be called for as long as there is a handle on it; that is no reason to stay connected.
      const count = () =>
        room.evaluate(async () => {
          class Counter {
            count = 0;
            add() {
              return ++this.count;
            }
          }
          const scope = globalThis as unknown as { counter?: Manyhands.Future<Manyhands.ActorHandle<typeof Counter>> };
          scope.counter ??= client.with({ workers: [await addressOf("one-0")], actor: true }).submit(Counter);
          const { counter } = scope;
          const counts = ["other-0", "near-0"].map(async (name) =>
            client
              .with({ workers: [await addressOf(name)] })
              .submit((counter: { add(): PromiseLike<number> }) => counter.add(), counter)
              .result(),
          );
          return (await Promise.all(counts)).sort((a, b) => a - b);
        });
      for (const calls of [
        [1, 2],
        [3, 4],
      ]) {
        assert.deepEqual(await count(), calls);
        await areAlone();
      }
      for (const page of [room, ...Object.values(guests)]) await page.close();
    });

    it("keeps threads in a box whose page passes on what comes", { timeout: 60_000 }, async () => {
      const [room, one, other] = [await open(browser), await open(browser), await open(browser)];
      const invitation = await openRoom(room);
      await lend(one, invitation, { nWorkers: 1, name: "one" });
      await lend(other, invitation, { nWorkers: 1, name: "other" });
      const { ends, routes } = await move(room, "one-0", "other-0", 16);
      assert.deepEqual([ends, routes], [[2_000_000, 7, 7], ["direct"]]);
      // The thread goes on while its page is stuck, and what it has made arrives when the page is free again.
      const stuck = one.evaluate(() => {
        const until = performance.now() + 3_000;
        while (performance.now() < until);
      });
      const sum = await room.evaluate(async () => {
        const slow = client.submit((n: number) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += i % 3;
          return sum;
        }, 3_000_000);
        return slow.result();
      });
      assert.equal(sum, 3_000_000);
      await stuck;
      assert.equal(await room.evaluate(() => client.submit(() => 1).result()), 1);
      await one.close();
      await other.close();
      await room.close();
    });

    it("is told by a tab that it is closed, and goes on without the signalling server", {
      timeout: 30_000,
    }, async () => {
      const own = await serveSignaling({ port: 0 });
      const [room, guest, script] = [
        await open(browser),
        await open(browser),
        await browser.open(`${server.url}script.html`),
      ];
      const invitation = await openRoom(room, 0, own.url);
      await lend(guest, invitation, { nWorkers: 1, name: "guest" });
      await lend(script, invitation, { nWorkers: 1, name: "script" });
      await own.close();
      const origins = await room.evaluate(async () => {
        const on = async (name: string) => client.with({ workers: [await addressOf(name)] });
        const there = [await on("guest-0"), await on("script-0")];
        return client.gather(there.map((each) => each.submit(() => globalThis.origin)));
      });
      assert.deepEqual(origins, ["null", "null"]);
      const began = performance.now();
      await guest.goto("about:blank");
      await room.evaluate(() => left);
      assert.ok(performance.now() - began < 2_000, "silence would have been noticed later");
      for (const page of [room, guest, script]) await page.close();
    });

    it("is left by a page that is loaded again, and joined by it anew", { timeout: 30_000 }, async () => {
      const [room, guest] = [await open(browser), await open(browser)];
      const invitation = await openRoom(room);
      await lend(guest, invitation, { nWorkers: 1, name: "guest" });
      await guest.reload();
      // Whoever says nothing is missed later, and for other reasons.
      assert.match((await room.evaluate(() => left)) ?? "", /its host was closed/);
      await guest.waitForFunction(() => document.title === "ready", { polling: 50 });
      await lend(guest, invitation, { nWorkers: 1, name: "guest" });
      const on = await room.evaluate(async () =>
        client
          .with({ workers: [await addressOf("guest-0")] })
          .submit(() => globalThis.origin)
          .result(),
      );
      assert.equal(on, "null");
      for (const page of [room, guest]) await page.close();
    });

    it("is no place for who wants its threads out of the box and does not say that it knows what that means", {
      timeout: 20_000,
    }, async () => {
      const page = await open(browser);
      const said = await page.evaluate(
        (signaling) =>
          manyhands.join("peer:room#token", { signaling, sandbox: false }).then(
            () => "joined",
            ({ name, message }) => `${name}: ${message}`,
          ),
        signaling.url,
      );
      assert.match(said, /^TypeError: .*iTrustEverybodyInThisRoomWithMyOriginAndNetwork/);
      await page.close();
    });

    it("tells who is not let in, and whose name is taken", { timeout: 40_000 }, async () => {
      const [room, guest] = [await open(browser), await open(browser)];
      const invitation = await openRoom(room);
      const said = await guest.evaluate(async (invitation) => {
        const [address = ""] = invitation.split("#");
        const wrong = manyhands.join(`${address}#not-the-token`, { nWorkers: 1 });
        const taken = new manyhands.LocalCluster({ nWorkers: 0 }).listen(address);
        const outcomes = await Promise.allSettled([wrong, taken]);
        return outcomes.map((outcome) => (outcome.status === "rejected" ? `${outcome.reason.name}` : "fulfilled"));
      }, invitation);
      assert.deepEqual(said, ["UnauthorizedError", "CommClosedError"]);
      await guest.close();
      await room.close();
    });

    it("does what a browser had in hand again that is killed in the midst of giving 200 MB, and a tab that vanishes in that", {
      timeout: 90_000,
    }, async () => {
      const mortal = await newBrowser(name);
      const [room, doomed] = [await open(browser), await open(mortal)];
      const [near, vanishing] = [await open(browser), await open(browser)];
      for (const page of [room, near]) await countConnections(page);
      // It has no last word.
      await vanishing.evaluate(() =>
        addEventListener("pagehide", (event) => event.stopImmediatePropagation(), { capture: true }),
      );
      const invitation = await openRoom(room, 1);
      await lend(doomed, invitation, { nWorkers: 1, name: "doomed", ...trusting });
      await lend(near, invitation, { nWorkers: 1, name: "near", ...trusting });
      await lend(vanishing, invitation, { nWorkers: 1, name: "vanishing", ...trusting });
      await untilNear(room, "vanishing", near, "near");
      const isUnderWay = giveInPart(room, "vanishing-0", "near-0");
      const arrived = await room.evaluate(async () => {
        const [mortal, own] = [await addressOf("doomed-0"), await addressOf("worker-0")];
        const made = client
          .with({ workers: [mortal], allowOtherWorkers: true })
          .submit((count: number) => new Float64Array(count).fill(3), 25_000_000);
        const read = client.with({ workers: [own] }).submit((array: Float64Array) => array[24_999_999], made);
        Object.assign(globalThis, { read });
        const bytes = async () => {
          let sum = 0;
          for (const connection of (globalThis as unknown as { made: RTCPeerConnection[] }).made)
            for (const [, figures] of await connection.getStats())
              if (figures.type === "candidate-pair") sum += figures.bytesReceived ?? 0;
          return sum;
        };
        for (;;) {
          const sum = await bytes();
          if (sum > 5_000_000) return sum;
          await new Promise((look) => setTimeout(look, 20));
        }
      });
      await isUnderWay;
      await Promise.all([mortal.kill(), vanishing.close()]);
      assert.ok(arrived < 150_000_000, `${arrived} bytes were there already`);
      const { value, ms } = await room.evaluate(async () => {
        const began = performance.now();
        const { read, readNear } = globalThis as unknown as Record<"read" | "readNear", Manyhands.Future<number>>;
        return { value: [await read.result(), await readNear.result()], ms: performance.now() - began };
      });
      assert.deepEqual(value, [3, 4]);
      // It is noticed after 3 to 5 s; the machine may be busy.
      assert.ok(ms < 30_000, `it took ${ms} ms to notice and to do it again`);
      for (const page of [room, near]) await page.close();
    });
  });
}

describe("a room of many kinds", () => {
  it("Chromium and Firefox exchange 16 MB and 200 MB straight from thread to thread", {
    timeout: 120_000,
  }, async () => {
    const [chromium, firefox] = both();
    const [room, guest] = [await open(chromium), await open(firefox)];
    await countConnections(guest);
    const invitation = await openRoom(room, 1);
    await lend(guest, invitation, { nWorkers: 1, name: "fox", ...trusting });
    assert.deepEqual((await move(room, "fox-0", "worker-0", 16)).ends, [2_000_000, 7, 7]);
    const { ends, routes } = await move(room, "worker-0", "fox-0", 200);
    assert.deepEqual([ends, routes], [[25_000_000, 7, 7], ["threads"]]);
    assert.ok((await receivedBytes(guest)) > 200_000_000);
    await room.close();
    await guest.close();
  });

  it("Node opens one, and both browsers work in it; Node submits to it and lends a thread from elsewhere", {
    timeout: 60_000,
  }, async () => {
    const [chromium, firefox] = both();
    await using cluster = new node.LocalCluster({ nWorkers: 0 });
    const { address, invitation, tokens } = await cluster.listen("peer:of Node", { signaling: signaling.url });
    const pages = [await open(chromium), await open(firefox)];
    await lend(pages[0] as Page, invitation, { nWorkers: 1, name: "chromium" });
    await lend(pages[1] as Page, invitation, { nWorkers: 1, name: "firefox" });
    await using client = new node.Client(address, { token: tokens.client });
    await client.waitForWorkers(2);
    const { workers } = await client.schedulerInfo();
    const on = (name: string) => ({ workers: Object.keys(workers).filter((key) => workers[key]?.name === name) });
    const made = client.with(on("chromium-0")).submit(() => new Float64Array(500_000).fill(2));
    const read = client.with(on("firefox-0")).submit((array: Float64Array) => [array.length, array[9]], made);
    assert.deepEqual(await read.result(), [500_000, 2]);
    for (const page of pages) await page.close();
  });

  it("a page submits to Node's room, and Node lends threads to a page's", { timeout: 60_000 }, async () => {
    const [chromium] = both();
    const page = await open(chromium);
    const invitation = await openRoom(page, 1);
    const lent = await node.join(invitation, { nWorkers: 1, name: "node", ...trusting });
    const { ends } = await move(page, "node-0", "worker-0", 16);
    assert.deepEqual(ends, [2_000_000, 7, 7]);
    await lent.leave();
    await using cluster = new node.LocalCluster({ nWorkers: 1 });
    const { address, tokens } = await cluster.listen("peer:for pages", { signaling: signaling.url });
    const sum = await page.evaluate(
      async (address, token) => {
        const client = new manyhands.Client(address, { token });
        return client.submit((a: number, b: number) => a + b, 20, 22).result();
      },
      address,
      tokens.client,
    );
    assert.equal(sum, 42);
    await page.close();
  });

  it("is shown to browsers: by the command line, and by a client in Node", { timeout: 60_000 }, async () => {
    await using cluster = new node.LocalCluster({ nWorkers: 1 });
    const { address, tokens } = await cluster.listen("peer:looked at", { signaling: signaling.url });
    await using here = new node.Client(cluster);
    await here.waitForWorkers(1);
    const spoken = start(["dashboard", address, "--port", "0", "--json"], {
      env: { MANYHANDS_CLIENT_TOKEN: tokens.client },
    });
    try {
      const { url } = (await spoken.logged('"serving"')) as { url: string };
      assert.deepEqual(await (await fetch(new URL("health", url))).json(), { status: "ok", workers: 1 });
      assert.match(await (await fetch(url)).text(), /page\.js/);
      assert.equal(await spoken.kill("SIGINT"), 0);
    } finally {
      spoken.kill();
    }
    await using client = new node.Client(address, { token: tokens.client });
    const { url } = await (client as unknown as NodeClient).serveDashboard();
    assert.match(await (await fetch(new URL("metrics", url))).text(), /manyhands_workers\{status="running"\} 1/);
  });

  it("who talks nonsense is shown out, and nobody else notices", { timeout: 60_000 }, async () => {
    const [chromium] = both();
    const [room, guest, liar] = [await open(chromium), await open(chromium), await open(chromium)];
    const invitation = await openRoom(room);
    await lend(guest, invitation, { nWorkers: 1, name: "honest" });
    await liar.addScriptTag({ url: `${server.url}node_modules/peerjs/dist/peerjs.min.js` });
    const reason = await liar.evaluate(
      async (signaling, name) => {
        const { Peer } = globalThis as unknown as { Peer: new (id: string, options: object) => import("peerjs").Peer };
        const { hostname, port } = new URL(signaling);
        const peer = new Peer("a-liar", { host: hostname, port: Number(port), path: "/", config: { iceServers: [] } });
        await new Promise<void>((resolve) => peer.on("open", () => resolve()));
        const connection = peer.connect(name, { serialization: "raw", reliable: true });
        await new Promise<void>((resolve) => connection.on("open", () => resolve()));
        const said = new Promise((resolve) => connection.on("close", () => resolve("closed")));
        connection.send("manyhands");
        for (let i = 0; i < 50; i++) connection.send(crypto.getRandomValues(new Uint8Array(1 + i * 1000)));
        return said;
      },
      signaling.url,
      `room ${rooms}`,
    );
    assert.equal(reason, "closed");
    assert.equal(await room.evaluate(() => client.submit(() => 5).result()), 5);
    for (const page of [room, guest, liar]) await page.close();
  });
});
