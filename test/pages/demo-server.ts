/** The pages as `manyhands demo` serves them, and what people do there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type BrowserContext, type Page } from "puppeteer-core";
import { type BrowserName, launchOptions } from "../browsers/browsers.mjs";

const cli = fileURLToPath(new URL("../../dist/node-cli.js", import.meta.url));

export interface DemoServer {
  /** Ends in a slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** `port`: 0 takes any that is free. */
export function serveDemo(port = 0): Promise<DemoServer> {
  return serve("demo", ["--port", String(port)]);
}

/** With a scheduler that has no threads of its own, and lets clients in by this token. */
export function serveScheduler(client: string, port = 0): Promise<DemoServer> {
  return serve("demo", ["--port", String(port), "--workers", "0"], {
    MANYHANDS_CLIENT_TOKEN: client,
    MANYHANDS_WORKER_TOKEN: "of those who lend a hand",
  });
}

/** The signalling server alone, in a process of its own. */
export function serveSignal(port = 0): Promise<DemoServer> {
  return serve("signal", ["--port", String(port)]);
}

async function serve(command: string, args: readonly string[], env = {}): Promise<DemoServer> {
  const child = spawn(process.execPath, [cli, command, "--json", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  const ended = once(child, "exit");
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const { event, url } = JSON.parse(line) as { event: string; url: string };
    if (event !== "listening") continue;
    child.stderr.resume();
    return {
      url,
      async close() {
        child.kill();
        await ended;
      },
    };
  }
  throw new Error(said.join("\n"));
}

/** That of somebody who likes it dark, and nothing to move: drivers of Firefox cannot change that later. */
const DARK_AND_STILL = { "ui.prefersReducedMotion": 1, "layout.css.prefers-color-scheme.content-override": 0 };

/** A browser in a process of its own, which talks if `PAGES` is set. */
export async function browse(name: BrowserName): Promise<Browser> {
  const { extraPrefsFirefox, ...options } = launchOptions(name);
  return puppeteer.launch({
    ...options,
    ...(extraPrefsFirefox !== undefined && { extraPrefsFirefox: { ...extraPrefsFirefox, ...DARK_AND_STILL } }),
  });
}

export async function visit(browser: Browser | BrowserContext, url: string, { width = 1200 } = {}): Promise<Page> {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900 });
  if (process.env["PAGES"] !== undefined) {
    page.on("console", (message) => console.error(message.text()));
    page.on("pageerror", (error) => console.error(String(error)));
  }
  await page.goto(url);
  await page.waitForSelector("main");
  return page;
}

/** Waits until the page says something that matches, and returns all that it says. */
export async function says(page: Page, words: RegExp, timeout = 20_000): Promise<string> {
  try {
    await page.waitForFunction(
      (source, flags) => new RegExp(source, flags).test(document.body.textContent ?? ""),
      { timeout, polling: 100 },
      words.source,
      words.flags,
    );
  } catch (error) {
    const said = await page.evaluate(() => document.body.textContent ?? "").catch(() => "nothing any more");
    throw new Error(`the page does not say ${words}, but:\n${said}`, { cause: error });
  }
  return page.evaluate(() => document.body.textContent ?? "");
}

/** Presses the button, or the link, whose text matches. */
export async function press(page: Page, text: RegExp): Promise<void> {
  const handle = await page.waitForFunction(
    (source) =>
      [...document.querySelectorAll<HTMLElement>("button, a, summary, label.kind")].find(
        (each) =>
          new RegExp(source).test(each.getAttribute("aria-label") ?? each.textContent ?? "") &&
          !each.matches(":disabled"),
      ),
    { timeout: 30_000, polling: 100 },
    text.source,
  );
  await page.evaluate((element) => (element as HTMLElement).click(), handle);
}

/** Writes into a field, as if it had been typed. */
export async function write(page: Page, selector: string, text: string): Promise<void> {
  await page.$eval(
    selector,
    (field, text) => {
      (field as HTMLInputElement).value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    },
    text,
  );
}

/** Writes code in place of what is in the editor. */
export async function typeCode(page: Page, code: string): Promise<void> {
  await page.bringToFront();
  await page.evaluate(() => {
    const content = document.querySelector("div.editor")?.shadowRoot?.querySelector<HTMLElement>(".cm-content");
    content?.focus();
  });
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.sendCharacter(code);
}

/** Opens a room there, and returns its link. */
export async function openRoom(page: Page): Promise<string> {
  await press(page, /^Open a room$/);
  await page.waitForSelector("input.link", { timeout: 30_000 });
  return page.$eval("input.link", (field) => (field as HTMLInputElement).value);
}

/** Opens a link, agrees to all, and waits until the page says so, which is that it has joined, unless said. */
export async function lendAHand(
  browser: Browser | BrowserContext,
  link: string,
  name: string,
  words = /Helping with/,
): Promise<Page> {
  const page = await visit(browser, link, { width: 400 });
  await page.waitForSelector("form.consent");
  await write(page, "label.name input", name);
  await press(page, /^Start helping$/);
  await says(page, words);
  return page;
}

/** Chooses in the nth list of choices of the form. */
export async function choose(page: Page, nth: number, value: string): Promise<void> {
  await page.evaluate(
    (nth, value) => {
      const list = document.querySelectorAll<HTMLSelectElement>("form.form select")[nth];
      if (list === undefined) throw new Error(`there is no list ${nth}`);
      list.value = value;
      list.dispatchEvent(new Event("change", { bubbles: true }));
    },
    nth,
    value,
  );
}

/** What is on the canvas, once nothing is drawn any more: red, green and blue, row by row. */
export async function pixelsOf(page: Page): Promise<Buffer> {
  const text = await page.evaluate(async () => {
    // When it is finished, the page draws it once more, without the edges of tiles.
    for (let i = 0; i < 3; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
    await new Promise((resolve) => setTimeout(resolve));
    const canvas = document.querySelector("canvas.picture") as HTMLCanvasElement;
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    let text = "";
    data.forEach((value, i) => {
      if (i % 4 < 3) text += String.fromCharCode(value);
    });
    return btoa(text);
  });
  return Buffer.from(text, "base64");
}

/** Waits until so many parts of the first job are done. */
export function areDone(page: Page, count: number): Promise<unknown> {
  return page.waitForFunction(
    (count) => Number(document.querySelector(".figures b")?.textContent) >= count,
    { timeout: 30_000, polling: 50 },
    count,
  );
}

/** How many tasks a helper's page has done since it joined. */
export function hasDone(page: Page, count: number): Promise<unknown> {
  return page.waitForFunction(
    (count) =>
      [...document.querySelectorAll(".numbers li")].some((item) => {
        const [figure, what] = [item.querySelector("b"), item.querySelector("small")];
        return what?.textContent === "tasks done" && Number(figure?.textContent?.replaceAll(",", "")) >= count;
      }),
    { timeout: 30_000, polling: 100 },
    count,
  );
}

/** Presses the button, and gives what the browser would have kept as a file. */
export async function save(page: Page, button: RegExp): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  await page.evaluate(() => {
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (content) => {
      Object.assign(globalThis, { content });
      return make(content);
    };
    HTMLAnchorElement.prototype.click = function () {
      Object.assign(globalThis, { saved: this.download });
    };
  });
  await press(page, button);
  await page.waitForFunction(() => "saved" in globalThis);
  const { name, text } = await page.evaluate(async () => {
    const { saved: name, content } = globalThis as unknown as { saved: string; content: Blob };
    const bytes = new Uint8Array(await content.arrayBuffer());
    Reflect.deleteProperty(globalThis, "saved");
    return { name, text: btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join("")) };
  });
  return { name, bytes: Buffer.from(text, "base64") };
}
