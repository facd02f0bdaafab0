/** The demo's pages by themselves: who can use them, what they load, what they say when something does not work, and that all in them runs. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type axe from "axe-core";
import { decode } from "fast-png";
import jsQR from "jsqr";
import type { Browser, BrowserContext, Page } from "puppeteer-core";
import { type BrowserName, browserNames } from "../browsers/browsers.mjs";
import {
  browse,
  choose,
  type DemoServer,
  lendAHand,
  openRoom,
  press,
  says,
  serveDemo,
  typeCode,
  visit,
  write,
} from "./demo-server.ts";

let server: DemoServer;
const browsers = new Map<string, Browser>();
const contexts: BrowserContext[] = [];
/** Somebody of whom the browser knows nothing yet. */
async function newPerson(name: BrowserName = "chromium"): Promise<BrowserContext> {
  const context = await (browsers.get(name) as Browser).createBrowserContext();
  contexts.push(context);
  return context;
}
before(async () => {
  server = await serveDemo();
  for (const name of browserNames) browsers.set(name, await browse(name));
});
after(async () => {
  for (const browser of browsers.values()) await browser.close();
  await server.close();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

async function isFirefox(page: Page): Promise<boolean> {
  return /firefox/i.test(await page.browser().version());
}

const axeSource = readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** What axe finds that keeps somebody from using the page, in both colour schemes. */
async function barriersOf(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource);
  const found: string[] = [];
  const isChromium = !(await isFirefox(page));
  for (const scheme of isChromium ? ["light", "dark"] : ["dark"]) {
    if (isChromium) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    assert.ok(await page.evaluate((scheme) => matchMedia(`(prefers-color-scheme: ${scheme})`).matches, scheme));
    const violations = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document);
      return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html) }));
    });
    for (const { id, impact, nodes } of violations) {
      if (impact === "serious" || impact === "critical") found.push(`${scheme}: ${id} in ${nodes.join(" and ")}`);
    }
  }
  return found;
}

/** Waits until nothing is wider than the screen, at the width of small phones: what is drawn may take its time. */
async function fitsOnAPhone(page: Page): Promise<void> {
  const before = page.viewport();
  await page.setViewport({ width: 360, height: 740 });
  await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, {
    timeout: 20_000,
    polling: 50,
  });
  await page.setViewport(before);
}

/** What a phone reads when it is held before the screen. */
async function scanned(page: Page): Promise<string | undefined> {
  await page.waitForFunction(() => (document.querySelector("svg.qr path")?.getAttribute("d")?.length ?? 0) > 1000);
  const picture = await page.waitForSelector("svg.qr");
  const { data, width, height, channels } = decode((await picture?.screenshot()) ?? new Uint8Array());
  const pixels = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => {
    return i % 4 === 3 ? 255 : (data[Math.floor(i / 4) * channels + (i % 4)] ?? 0);
  });
  return jsQR(pixels, width, height)?.data;
}

describe("the demo's pages", { timeout: 240_000 }, () => {
  it("keep nobody out, in either colour scheme, and fit on a phone", async () => {
    const organiser = await visit(await newPerson(), server.url);
    assert.deepEqual(await barriersOf(organiser), [], "before the room is open");
    const link = await openRoom(organiser);
    assert.equal(await scanned(organiser), link);
    await press(organiser, /What they are told/);
    const volunteer = await visit(await newPerson(), `${link}&for=Ada&what=Light`, { width: 400 });
    await volunteer.waitForSelector("form.consent");
    assert.deepEqual(await barriersOf(volunteer), [], "before it helps");
    await fitsOnAPhone(volunteer);
    await press(volunteer, /^Start helping$/);
    await says(volunteer, /Helping with/);
    await choose(organiser, 0, "320x240");
    await choose(organiser, 1, "8");
    await press(organiser, /^Draw it$/);
    await organiser.waitForSelector(".state.finished", { timeout: 60_000 });
    await says(volunteer, /parts accepted/);
    assert.deepEqual(await barriersOf(organiser), [], "with all that can be seen");
    await fitsOnAPhone(organiser);
    assert.deepEqual(await barriersOf(volunteer), [], "while it helps");
    await fitsOnAPhone(volunteer);
    const playground = await visit(await newPerson(), `${server.url}playground.html`);
    await playground.waitForFunction(() =>
      document.querySelector("div.editor")?.shadowRoot?.querySelector(".cm-content"),
    );
    await press(playground, /^Show the dashboard$/);
    await playground.waitForFunction(() => {
      const panels = document.querySelector("manyhands-dashboard")?.shadowRoot?.querySelector(".panels");
      return panels && getComputedStyle(panels).display === "grid"; // The policy has let in what it looks like.
    });
    assert.deepEqual(await barriersOf(playground), [], "in the playground");
    await fitsOnAPhone(playground);
  });

  for (const name of browserNames) {
    it(`load nothing from elsewhere, and run nothing that is not theirs, in ${name}`, async () => {
      const asked: string[] = [];
      for (const path of ["", "join.html#room=a&token=12345678", "playground.html"]) {
        const page = await (await newPerson(name)).newPage();
        page.on("request", (request) => asked.push(request.url()));
        await page.goto(server.url + path);
        await page.waitForSelector("main");
        if (path === "") await openRoom(page);
        const policy = await page.$eval("meta[http-equiv=Content-Security-Policy]", (meta) =>
          meta.getAttribute("content"),
        );
        assert.match(policy ?? "", /^default-src 'none'; script-src 'self' blob:( 'sha256-[\w+/=]+')?;/);
        const isRun = await page.evaluate(() => {
          const script = document.createElement("script");
          script.textContent = "document.documentElement.dataset.got = 'in'";
          document.head.append(script);
          return document.documentElement.dataset["got"] === "in";
        });
        assert.equal(isRun, false);
        await page.close();
      }
      const strange = asked.filter((url) => !url.startsWith(server.url) && !/^(blob|data|about):/.test(url));
      assert.deepEqual(strange, []);
      assert.ok(asked.length > 6);
    });

    it(`run every example of the playground in ${name}`, async () => {
      const page = await visit(await newPerson(name), `${server.url}playground.html`);
      const titles = await page.$$eval(".examples button", (buttons) => buttons.map((each) => each.textContent ?? ""));
      assert.ok(titles.length >= 19);
      for (const title of titles) {
        await press(page, new RegExp(`^${title}$`));
        await press(page, /^Run$/);
        await page.waitForFunction(
          (title) =>
            document.querySelector("h2#example")?.textContent === title &&
            document.querySelector("button.main")?.textContent === "Run" &&
            document.querySelector(".output")?.textContent !== "",
          { timeout: 20_000, polling: 50 },
          title,
        );
        assert.deepEqual(await page.$$eval(".output .bad", (bad) => bad.map((each) => each.textContent)), [], title);
      }
      await keepsNobodyOut(page);
      await page.close();
    });
  }

  it("run examples in the room of the organiser's page, with all who help there", async () => {
    const person = await newPerson();
    const organiser = await visit(person, server.url);
    const link = await openRoom(organiser);
    await lendAHand(await newPerson("firefox"), link, "Grace");
    await says(organiser, /2 helpers, 2 threads/);
    const playground = await visit(person, `${server.url}playground.html`);
    await playground.waitForSelector("option[value=room]");
    await playground.select(".inline select", "room");
    await press(playground, /^Fire and forget$/);
    await press(playground, /^Run$/);
    await says(playground, /noted: somebody was here/);
    await press(playground, /^Show the dashboard$/);
    await playground.waitForFunction(() =>
      /Grace-0/.test(document.querySelector("manyhands-dashboard")?.shadowRoot?.textContent ?? ""),
    );
    await organiser.bringToFront();
    await press(organiser, /^Close the room$/);
    await says(organiser, /Many hands make light work/);
    await playground.bringToFront();
    await playground.select(".inline select", "here");
    await playground.select(".inline select", "room");
    await press(playground, /^Run$/);
    await says(playground, /The room is not open/);
    await playground.select(".inline select", "here");
    await press(playground, /^Run$/);
    await says(playground, /noted: somebody was here/);
  });

  it("do not shift about while they are loaded", async () => {
    for (const path of ["", "join.html#room=a&token=12345678", "playground.html"]) {
      const page = await visit(await newPerson(), server.url + path);
      await page.waitForSelector("button.main");
      if (path === "playground.html") await page.waitForSelector("div.editor");
      const shifts = await page.evaluate(
        () =>
          new Promise<string[]>((resolve) => {
            const found: string[] = [];
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) {
                const { value, hadRecentInput } = entry as PerformanceEntry & {
                  value: number;
                  hadRecentInput: boolean;
                };
                if (!hadRecentInput) found.push(value.toFixed(4));
              }
            }).observe({ type: "layout-shift", buffered: true });
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(found), 0)));
          }),
      );
      assert.deepEqual(shifts, [], path);
    }
  });

  it("tell a volunteer what is wrong, and try again where that may help", async () => {
    const page = await visit(await newPerson(), `${server.url}join.html`);
    await says(page, /There is no invitation in this link/);
    await page.goto("about:blank");

    const organiser = await visit(await newPerson(), server.url);
    const link = await openRoom(organiser);
    await press(organiser, /^Close the room$/);
    await says(organiser, /Many hands make light work/);
    const early = await visit(await newPerson(), link);
    await press(early, /^Start helping$/);
    await says(early, /The room is not open.*Try now/);
    await says(early, /Next attempt in \d+ seconds?\./);
    assert.equal(await openRoom(organiser), link, "links that were given away are good for the next time");
    await press(early, /^Try now$/);
    await says(early, /Helping with/, 60_000);
    await press(early, /^Stop$/);
    await says(early, /You have stopped/);

    const wrong = await visit(await newPerson(), link.replace(/token=\w+/, "token=0123456789abcdef"));
    await press(wrong, /^Start helping$/);
    await says(wrong, /The invitation is not good any more/);

    const old = await (await newPerson()).newPage();
    await old.evaluateOnNewDocument(() => Reflect.deleteProperty(globalThis, "RTCPeerConnection"));
    await old.goto(link);
    await says(old, /This browser has no WebRTC/);
  });

  it("tell an organiser what is wrong: a name that is taken, a server that is not there, no WebRTC", async () => {
    const person = await newPerson();
    const first = await visit(person, server.url);
    const link = await openRoom(first);
    const second = await visit(person, server.url);
    await press(second, /^Open a room$/);
    await says(second, /The name of the room is taken/);
    await press(second, /^Take another name$/);
    await second.waitForSelector("input.link");
    assert.notEqual(await second.$eval("input.link", (field) => (field as HTMLInputElement).value), link);

    await write(second, "input[inputmode=url]", "http://127.0.0.1:9/");
    await press(second, /^Meet there$/);
    await says(second, /The signalling server cannot be reached.*Try now \(in \d+ seconds?\)/);

    const old = await (await newPerson()).newPage();
    await old.evaluateOnNewDocument(() => Reflect.deleteProperty(globalThis, "RTCPeerConnection"));
    await old.goto(server.url);
    await press(old, /^Open a room$/);
    await says(old, /This browser has no WebRTC/);
  });

  it("pause on battery, on a click, and not at all for who is sent away", async () => {
    const organiser = await visit(await newPerson(), server.url);
    const link = await openRoom(organiser);
    const volunteer = await (await newPerson()).newPage();
    await volunteer.evaluateOnNewDocument(
      `globalThis.battery = Object.assign(new EventTarget(), { charging: true });
      globalThis.connection = Object.assign(new EventTarget(), { saveData: false });
      Object.defineProperty(navigator, "connection", { value: connection });
      Object.defineProperty(navigator, "getBattery", { value: async () => battery });`,
    );
    await volunteer.goto(link);
    await volunteer.waitForSelector("form.consent");
    await write(volunteer, "label.name input", "Grace");
    await write(volunteer, ".range:nth-of-type(2) input", "50");
    await volunteer.click("label[title=violet]");
    await press(volunteer, /^Start helping$/);
    await says(volunteer, /Helping with 1 core, 50 % of the time/);
    await says(organiser, /Grace1 thread, 50 % of the time, well, direct/);
    const setCharging = (charging: boolean) =>
      volunteer.evaluate((charging) => {
        const { battery } = globalThis as unknown as { battery: EventTarget };
        Object.assign(battery, { charging });
        battery.dispatchEvent(new globalThis.Event("chargingchange"));
      }, charging);
    await setCharging(false);
    await says(volunteer, /Paused to spare this machine/);
    await says(organiser, /1 thread, 50 % of the time, paused/);
    await setCharging(true);
    await says(volunteer, /Helping with/);
    const setSaving = (saveData: boolean) =>
      volunteer.evaluate((saveData) => {
        const { connection } = globalThis as unknown as { connection: EventTarget };
        Object.assign(connection, { saveData }).dispatchEvent(new globalThis.Event("change"));
      }, saveData);
    await setSaving(true);
    await says(volunteer, /while data is to be saved/);
    await setSaving(false);
    await says(volunteer, /Helping with/);
    await press(volunteer, /^Pause$/);
    await says(volunteer, /Paused\./);
    await press(volunteer, /^Go on$/);
    await says(organiser, /1 thread, 50 % of the time, well, direct/);
    // The browser keeps pages that are left, and brings them back.
    for (const type of ["pagehide", "pageshow"]) {
      await volunteer.evaluate((type) => dispatchEvent(new PageTransitionEvent(type, { persisted: true })), type);
      if (type === "pagehide") await says(organiser, /gone/);
    }
    await says(volunteer, /Helping with/);
    await says(organiser, /1 thread, 50 % of the time, well, direct/);
    await press(organiser, /^Send .* away$/);
    await says(volunteer, /You were shown the door/);
    await volunteer.reload(); // It does not go on by itself, and knows what was chosen.
    await volunteer.waitForSelector("form.consent");
    assert.deepEqual(
      await volunteer.$$eval("form.consent :is(input[type=text], input[type=range], :checked)", (fields) =>
        fields.map((field) => (field as HTMLInputElement).labels?.[0]?.title || (field as HTMLInputElement).value),
      ),
      ["1", "50", "on", "Grace", "violet"],
    );
    await press(volunteer, /^Start helping$/);
    await says(volunteer, /You were shown the door/);
  });

  it("tell whom memory fails: somebody whose browser starts no thread, and whoever wants more than there is", async () => {
    const organiser = await visit(await newPerson(), server.url);
    const link = await openRoom(organiser);
    const poor = await (await newPerson()).newPage();
    // As browsers do it that have no memory left: there is a worker, and then an error.
    await poor.evaluateOnNewDocument(
      `globalThis.Worker = class extends EventTarget {
        constructor() {
          super();
          setTimeout(() => this.onerror?.(new ErrorEvent("error", { message: "Out of memory", cancelable: true })));
        }
        postMessage() {}
        terminate() {}
      };`,
    );
    await poor.goto(link);
    await press(poor, /^Start helping$/);
    await says(poor, /There is not enough memory.*lend fewer cores/);

    await press(organiser, /^Your own function/);
    await organiser.waitForFunction(() =>
      document.querySelector("div.editor")?.shadowRoot?.querySelector(".cm-content"),
    );
    await typeCode(organiser, "(n) => new Float64Array(Number(n)).length");
    await write(organiser, "textarea", "8\n1e15");
    await press(organiser, /^Run it$/);
    await organiser.waitForSelector(".state.finished");
    const cells = await organiser.$$eval(".results td:nth-child(2)", (cells) => cells.map((each) => each.textContent));
    assert.equal(cells[0], "8");
    assert.match(cells[1] ?? "", /^RangeError: .*(length|allocation)/);
    // And a scene for which there is no room.
    await organiser.evaluate(() => {
      globalThis.Float32Array = new Proxy(Float32Array, {
        construct() {
          throw new RangeError("Array buffer allocation failed");
        },
      });
    });
    await press(organiser, /^Draw a picture/);
    await press(organiser, /^Draw it$/);
    await says(organiser, /There is not enough memory/);
  });

  for (const name of browserNames) {
    it(`can be used with a keyboard alone, which shows where it is, and move nothing for whom that disturbs, in ${name}`, async () => {
      const organiser = await visit(await newPerson(name), server.url);
      if (name === "chromium")
        await organiser.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
      assert.ok(await organiser.evaluate(() => matchMedia("(prefers-reduced-motion: reduce)").matches));
      await goTo(organiser, /^Open a room$/);
      await organiser.keyboard.press("Enter");
      await organiser.waitForSelector("input.link");
      await isAt(organiser, /^The room$/); // Else whoever pressed it is lost.
      const link = await organiser.$eval("input.link", (field) => (field as HTMLInputElement).value);

      const volunteer = await visit(await newPerson(name), link, { width: 400 });
      await keepsNobodyOut(volunteer);
      await goTo(volunteer, /^Start helping$/);
      await volunteer.keyboard.press("Enter");
      await announces(volunteer, /Helping with/);
      await announces(organiser, /2 helpers/);

      await goTo(organiser, /^Draw a picture/);
      await organiser.keyboard.press("ArrowDown"); // From one kind to the next.
      await goTo(organiser, /^Runs for each/);
      await organiser.keyboard.press("ArrowDown");
      await goTo(organiser, /^Sweep$/);
      await organiser.keyboard.press("Enter");
      await goTo(organiser, /^Pause$/);
      await organiser.keyboard.press(" ");
      await announces(organiser, /An epidemic.*paused/);
      await isAt(organiser, /^Go on$/);
      assert.equal(await organiser.evaluate(() => document.getAnimations().length), 0);
      assert.match(await organiser.$eval(".meter", (meter) => getComputedStyle(meter).transitionDuration), /^0s$/);
      await organiser.keyboard.press(" ");
      await announces(organiser, /An epidemic.*running/);
      await goTo(organiser, /^Cancel$/);
      await organiser.keyboard.press("Enter");
      await announces(organiser, /An epidemic.*cancelled/);
      await isAt(organiser, /^An epidemic/);

      await keepsNobodyOut(organiser);
      await goTo(volunteer, /^Pause$/);
      await volunteer.keyboard.press("Enter");
      await announces(volunteer, /Paused/);
      await goTo(volunteer, /^Stop$/);
      await volunteer.keyboard.press("Enter");
      await announces(volunteer, /You have stopped/);
      await isAt(volunteer, /^Lend .*a hand$/);
    });
  }
});

/** As Firefox has it: in Chromium there is a test for that alone. */
async function keepsNobodyOut(page: Page): Promise<void> {
  if (!(await isFirefox(page))) return;
  assert.deepEqual(await barriersOf(page), []);
  await fitsOnAPhone(page);
}

/** What the keyboard is at, in the words that it is called by. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (at === null || at === document.body) return "";
    const { labels } = at as HTMLInputElement;
    return (at.getAttribute("aria-label") ?? labels?.[0]?.textContent ?? at.textContent ?? "").trim();
  });
}

/** Waits until the keyboard is at what is called so: where it is taken on, that is after the next frame. */
async function isAt(page: Page, name: RegExp): Promise<void> {
  await page.waitForFunction(
    (source) => new RegExp(source).test(document.activeElement?.textContent ?? ""),
    { polling: 50 },
    name.source,
  );
}

/** Goes from one thing to the next until it is at the one that is called so, and looks whether that can be seen. */
async function goTo(page: Page, name: RegExp): Promise<void> {
  await page.bringToFront();
  const passed: string[] = [];
  for (let steps = 0; steps < 80; steps++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    passed.push(at);
    if (!name.test(at)) continue;
    const isShown = await page.evaluate(() => {
      const at = document.activeElement as HTMLElement;
      const shown = at.matches(".sr-only") ? (at.closest("label") as HTMLElement) : at;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      return at.matches(":focus-visible") && outlineStyle === "solid" && Number.parseFloat(outlineWidth) >= 2;
    });
    assert.ok(isShown, `nobody sees that the keyboard is at ${at}`);
    return;
  }
  assert.fail(`no way with the keyboard to ${name}, but to ${passed.join(" | ")}`);
}

/** Waits until it is said so where screen readers listen. */
async function announces(page: Page, words: RegExp): Promise<void> {
  await page.waitForFunction(
    (source) =>
      [...document.querySelectorAll("[role=status], [role=alert]")].some((live) =>
        new RegExp(source, "s").test(live.textContent ?? ""),
      ),
    { timeout: 20_000, polling: 50 },
    words.source,
  );
}
