/** Starts the browsers that are installed here, without their windows and their errands on the network. */
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

const kinds = {
  chromium: {
    paths: [
      process.env.CHROMIUM_PATH,
      "/usr/bin/chromium",
      "/usr/bin/chromium-browser",
      "/usr/bin/google-chrome",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
    settings: {
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    },
  },
  firefox: {
    paths: [
      process.env.FIREFOX_PATH,
      "/usr/bin/firefox-esr",
      "/usr/bin/firefox",
      "/Applications/Firefox.app/Contents/MacOS/firefox",
    ],
    settings: {
      browser: "firefox",
      // A clock in steps of a millisecond cannot time tasks of five.
      extraPrefsFirefox: { "privacy.reduceTimerPrecision": false },
    },
  },
};

export const browserNames = Object.keys(kinds);

/** The running browser, or undefined where it is not installed. */
export async function launch(name) {
  const { paths, settings } = kinds[name];
  const executablePath = paths.find((path) => path && existsSync(path));
  if (executablePath === undefined) return undefined;
  return puppeteer.launch({
    executablePath,
    headless: true,
    protocolTimeout: 60_000,
    ...settings,
  });
}
