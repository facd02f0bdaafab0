/** The pages on any web server, and the signalling server by itself, as the README says in three steps; and what befalls either. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Browser } from "puppeteer-core";
import { browse, choose, type DemoServer, lendAHand, press, says, serveSignal, visit, write } from "./demo-server.ts";

const folder = new URL("../../dist/demo/", import.meta.url);
const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };

/** Knows nothing but files: no headers beside their type, below some path of a site that has others. */
async function serveStatic(): Promise<Server> {
  const server = createServer(async ({ url = "/" }, response) => {
    const [, name] = /^\/~ada\/hands\/([\w.-]*)$/.exec(url.replace(/\?.*/, "")) ?? [];
    const file = name === "" ? "index.html" : name;
    const body = file === undefined ? undefined : await readFile(new URL(file, folder)).catch(() => undefined);
    const type = TYPES[file?.split(".").at(-1) ?? ""] ?? "text/plain";
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("the pages on a web server that knows nothing of them", () => {
  let files: Server;
  let signal: DemoServer;
  const browsers: Browser[] = [];
  before(async () => {
    const steps = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    assert.match(steps, /hand out the files of `dist\/demo\/`.*`npx manyhands signal.*press _Open a room_/s);
    [files, signal] = await Promise.all([serveStatic(), serveSignal()]);
    browsers.push(await browse("chromium"), await browse("firefox"));
  });
  after(async () => {
    for (const browser of browsers) await browser.close();
    await signal.close();
    files.close();
    files.closeAllConnections();
  });

  it("have a job done by somebody in another browser; go on without the signalling server, and let others in when it is back", {
    timeout: 150_000,
  }, async () => {
    const [chromium, firefox] = browsers as [Browser, Browser];
    const { port } = files.address() as AddressInfo;
    const organiser = await visit(chromium, `http://127.0.0.1:${port}/~ada/hands/`);
    await press(organiser, /^Open a room$/);
    await says(organiser, /Start one \(npx manyhands signal\), and say where it is/);
    await write(organiser, "input[inputmode=url]", signal.url);
    await press(organiser, /^Meet there$/);
    await organiser.waitForSelector("input.link", { timeout: 30_000 });
    const link = await organiser.$eval("input.link", (field) => (field as HTMLInputElement).value);
    await organiser.waitForFunction(
      () => (document.querySelector("svg.qr path")?.getAttribute("d")?.length ?? 0) > 1000,
    );
    assert.match(link, new RegExp(`^http://127.0.0.1:${port}/~ada/hands/join.html#room=.*&signaling=http.*&token=`));

    const grace = await lendAHand(firefox, link, "Grace");
    await says(organiser, /2 helpers, \d+ threads/);
    await press(organiser, /^Sweep parameters/);
    await choose(organiser, 0, "32");
    await choose(organiser, 1, "2");
    await press(organiser, /^Sweep$/);
    await organiser.waitForSelector(".state.finished", { timeout: 60_000 });
    await says(grace, /[1-9]\d*parts accepted/);

    // Whoever is there stays; whoever comes is told, and comes in by himself when that is mended.
    await signal.close();
    await says(organiser, /The signalling server is gone.*Whoever is in the room stays/);
    const late = await lendAHand(await chromium.createBrowserContext(), link, "Late", /Next attempt in \d+ seconds?/);
    await says(late, /The signalling server cannot be reached/);
    await says(grace, /Helping with/);
    signal = await serveSignal(Number(new URL(signal.url).port));
    await says(late, /Helping with/, 60_000);
    await says(organiser, /The signalling server is back: others can come in again/);
    await says(organiser, /3 helpers/);
    await says(organiser, /^((?!signalling server is gone).)*$/s);

    // A room that is full says so, until somebody leaves.
    await write(organiser, "input[type=number]", "2");
    const many = await lendAHand(await chromium.createBrowserContext(), link, "One too many", /Next attempt in/);
    await says(many, /The room is full/);
    await press(grace, /^Stop$/);
    await says(grace, /You have stopped/);
    await press(many, /^Try now$/);
    await says(many, /Helping with/, 60_000);
  });
});
