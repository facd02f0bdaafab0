/** Browsers and the pages in them, opened, asked to do things, and killed by the tests of peers. */

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { type BrowserName, launchOptions } from "../browsers/browsers.mjs";

const top = fileURLToPath(new URL("../../", import.meta.url));

/** Files of the build, and a page for each of its doors. */
export interface PageServer {
  /** Ends in a slash. */
  readonly url: string;
  /** The same pages, from another origin: they have no more in common with those than pages of two browsers. */
  readonly otherUrl: string;
  /** Requests to `/reached/…`, which only what got out of somewhere makes. */
  readonly reached: string[];
  close(): Promise<void>;
}

/** `__name`: what the loader of the tests puts around functions, which are sent to pages as they are. */
const page = (script: string) =>
  `<!doctype html><meta charset="utf-8"><title>loading</title><body><script>globalThis.__name = (named) => named</script>${script}</body>`;

const pages: Readonly<Record<string, string>> = {
  "/blank.html": page("<script>document.title = 'ready'</script>"),
  "/peer.html": page(
    `<script type="module">import * as manyhands from "/dist/peer.js"; Object.assign(globalThis, { manyhands }); document.title = "ready";</script>`,
  ),
  "/script.html": page(`<script src="/dist/manyhands-peer.js"></script><script>document.title = "ready"</script>`),
};

export async function servePages(headers: Readonly<Record<string, string>> = {}): Promise<PageServer> {
  const reached: string[] = [];
  const server = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    if (pathname.startsWith("/reached/")) reached.push(pathname);
    const text = pages[pathname];
    const body = text ?? (await readFile(join(top, normalize(pathname))).catch(() => undefined));
    const type = extname(pathname) === ".html" ? "text/html; charset=utf-8" : "text/javascript; charset=utf-8";
    response.writeHead(body ? 200 : 404, { "Content-Type": type, "Access-Control-Allow-Origin": "*", ...headers });
    response.end(body ?? "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    otherUrl: `http://localhost:${port}/`,
    reached,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export interface TestBrowser {
  readonly name: BrowserName;
  readonly browser: Browser;
  /** Opens a page and waits until it says that it is ready. */
  open(url: string): Promise<Page>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** For a browser to end when it is asked to. Milliseconds. */
const GRACE_MS = 10_000;

/** What pages say on their consoles, for whoever looks for the cause of a failure. */
const isTalkative = process.env["PAGES"] !== undefined;

export async function startBrowser(name: BrowserName): Promise<TestBrowser> {
  const browser = await puppeteer.launch(launchOptions(name));
  return {
    name,
    browser,
    async open(url) {
      const page = await browser.newPage();
      if (isTalkative) {
        page.on("console", (message) => console.error(`[${name}] ${message.text()}`));
        page.on("pageerror", (error) => console.error(`[${name}] ${String(error)}`));
      }
      await page.goto(url);
      await page.waitForFunction(() => document.title === "ready", { timeout: 10_000 });
      return page;
    },
    async kill() {
      const process = browser.process();
      if (process === null) throw new Error("it has no process of its own");
      const ended = once(process, "exit");
      process.kill("SIGKILL");
      await ended;
    },
    async close() {
      const process = browser.process();
      const timer = setTimeout(() => process?.kill("SIGKILL"), GRACE_MS);
      await browser.close().catch(() => {}); // It may have been killed.
      clearTimeout(timer);
    },
  };
}
