// @ts-check
/**
 * Where the two browsers of the tests are, how they are started, and how they get onto a machine that lacks them.
 * Both are driven through puppeteer-core, which downloads nothing: Chromium by its own protocol, Firefox by WebDriver BiDi.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** @typedef {"chromium" | "firefox"} BrowserName */

/** @type {readonly BrowserName[]} */
export const browserNames = ["chromium", "firefox"];

/** What each is called on the machines we know, an environment variable that overrules it, and Debian's package. */
const known = {
  chromium: {
    variable: "CHROMIUM",
    commands: ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    package: "chromium",
  },
  firefox: { variable: "FIREFOX", commands: ["firefox-esr", "firefox"], package: "firefox-esr" },
};

const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Peers in one machine find each other on 127.0.0.1: the flag allows such candidates, the permission unhides them.
  "--allow-loopback-in-peer-connection",
  "--use-fake-ui-for-media-stream",
  // No name but this machine's is looked up.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

const firefoxPreferences = {
  "media.peerconnection.ice.loopback": true,
  "permissions.default.microphone": 1,
  "permissions.default.camera": 1,
  "dom.disable_open_during_load": false,
};

/**
 * The path of a browser on this machine.
 * @param {BrowserName} name
 * @returns {string | undefined}
 */
export function findBrowser(name) {
  const { variable, commands } = known[name];
  const told = process.env[variable];
  if (told) return told;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

/**
 * What puppeteer needs to start a browser the way the tests want it.
 * @param {BrowserName} name
 * @throws {Error} where it is not installed, saying what to install.
 */
export function launchOptions(name) {
  const executablePath = findBrowser(name);
  if (executablePath === undefined) throw new Error(howToInstall([name]));
  return name === "firefox"
    ? { browser: name, executablePath, headless: true, extraPrefsFirefox: firefoxPreferences }
    : { executablePath, headless: true, args: chromiumArguments, pipe: true }; // by a pipe, it ends when we do
}

/**
 * Installs what is missing, where that is possible without asking: as root, on a Debian.
 * @throws {Error} where a browser is still missing then, saying what to install.
 */
export function ensureBrowsers() {
  const missing = browserNames.filter((name) => findBrowser(name) === undefined);
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) install(missing);
  const absent = missing.filter((name) => findBrowser(name) === undefined);
  if (absent.length > 0) throw new Error(howToInstall(absent));
}

/** @param {readonly BrowserName[]} names */
function install(names) {
  const packages = names.map((name) => known[name].package);
  console.log(`installing ${packages.join(", ")}`);
  const options = {
    stdio: /** @type {const} */ ("inherit"),
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  spawnSync("apt-get", ["update", "-qq"], options);
  spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options);
}

/** @param {readonly BrowserName[]} names */
function howToInstall(names) {
  const packages = names.map((name) => known[name].package).join(" ");
  const variables = names.map((name) => `${known[name].variable}=/path/to/${name}`).join(" ");
  return `${names.join(" and ")} not found: install with "apt-get install ${packages}", or set ${variables}`;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
