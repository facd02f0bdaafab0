/** `npm start`: the render, and the pages beside it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { browse, choose, press, visit } from "./demo-server.ts";

const program = fileURLToPath(new URL("../../demo/render/main.mjs", import.meta.url));

describe("the render demo", { timeout: 180_000 }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "manyhands-render-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function start(...more: readonly string[]) {
    const out = join(folder, "picture.png");
    const args = [program, "--size", "64", "--samples", "1", "--baseline", "none", "--out", out, ...more];
    const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "close") as Promise<[number | null]>;
    let said = "";
    const says = (words: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const found = words.exec(said);
          if (found !== null) resolve(found);
        };
        child.stdout?.on("data", look);
        ended.then(() => reject(new Error(`it has ended, and said:\n${said}`)));
        look();
      });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (said += text));
    return { child, ended, says, out, said: () => said };
  }

  it("ends by itself, and serves nothing, where nobody watches", async () => {
    const { ended, out, said } = start();
    assert.deepEqual((await ended)[0], 0, said());
    assert.ok(statSync(out).size > 100);
    assert.doesNotMatch(said(), /pages/);
  });

  it("serves the pages beside it if told to, until it is interrupted", async () => {
    const { child, ended, says } = start("--serve", "--workers", "1");
    const [, url = ""] = await says(/^pages {5}(http:\S+)$/m);
    await says(/stay until Ctrl\+C/);
    assert.match(await (await fetch(url)).text(), /<title>manyhands: organise/);
    assert.deepEqual(await (await fetch(new URL("signal/", url))).json(), { signaling: "manyhands" });
    assert.equal((await fetch(new URL("room/", url), { method: "POST", body: "{}" })).status, 401);
    // The scheduler there has a job of the page's done by threads of its own.
    const browser = await browse("chromium");
    try {
      const page = await visit(browser, url);
      await press(page, /^Open a room$/);
      await page.waitForSelector("input.link", { timeout: 30_000 });
      await press(page, /^Sweep parameters/);
      await choose(page, 0, "32");
      await choose(page, 1, "2");
      await press(page, /^Sweep$/);
      await page.waitForSelector(".state.finished", { timeout: 60_000 });
      assert.match(await page.$eval(".helpers li", (row) => row.textContent ?? ""), /^the server1 thread, well/);
    } finally {
      await browser.close();
    }
    child.kill("SIGINT");
    assert.equal((await ended)[0], 130);
    // What it started ends with it: its port is free in a moment.
    for (;;) {
      const answer = await fetch(url).catch(() => undefined);
      if (answer === undefined) break;
      await answer.text();
    }
  });

  it("says what makes no sense", async () => {
    const both = start("--serve", "--once");
    assert.equal((await both.ended)[0], 1);
    assert.match(both.said(), /render: --once serves nothing/);
    const nowhere = start("--serve", "--host", "192.0.2.1");
    assert.equal((await nowhere.ended)[0], 1);
    assert.match(nowhere.said(), /render: .*EADDRNOTAVAIL/);
  });
});
