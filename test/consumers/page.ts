/** Opens pages in a real browser and waits for what they have to say. */
import puppeteer from "puppeteer-core";
import { type BrowserName, launchOptions } from "../browsers/browsers.mjs";

const patienceMs = 10_000;

/** A page says `outcome: ...` on its console when it is done. */
const announcement = "outcome: ";

export interface TestBrowser {
  /** Opens `url` and returns the outcome it announces. @throws {Error} with all the page said, if that does not come. */
  outcomeOf(url: string): Promise<string>;
  close(): Promise<void>;
}

export async function startBrowser(name: BrowserName): Promise<TestBrowser> {
  const browser = await puppeteer.launch(launchOptions(name));
  return {
    async outcomeOf(url) {
      const page = await browser.newPage();
      const said: string[] = [];
      const { promise, resolve, reject } = withResolvers<string>();
      page.on("pageerror", (error) => said.push(String(error)));
      page.on("requestfailed", (request) => said.push(`could not load ${request.url()}`));
      page.on("console", (message) => {
        const text = message.text();
        said.push(text);
        if (text.startsWith(announcement)) resolve(text.slice(announcement.length));
      });
      AbortSignal.timeout(patienceMs).addEventListener("abort", () => {
        reject(new Error(`no outcome from ${url}; the page said:\n${said.join("\n")}`));
      });
      page.goto(url).catch(reject);
      return promise.finally(() => page.close());
    },
    close: () => browser.close(),
  };
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
