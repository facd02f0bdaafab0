/** Files over HTTP: those of the folder, and nothing else. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { serveFiles } from "../../src/adapters/http-files.ts";

describe("files over HTTP", () => {
  let folder: string;
  let server: Server;
  let url: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "manyhands-files-"));
    writeFileSync(join(folder, "index.html"), "<title>home</title>");
    writeFileSync(join(folder, "page.js"), "run()");
    await mkdir(join(folder, "inner"));
    await writeFile(join(folder, "inner", "secret.txt"), "secret");
    server = await serveFiles(folder, {
      port: 0,
      host: "127.0.0.1",
      answers: { "/about/": { name: "files" } },
      listeners: { "/ask/": ({ method }, response) => void response.end(`${method} is heard`) },
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  it("come with their types, and pages with what keeps them out of others' frames", async () => {
    const home = await fetch(`${url}/`);
    assert.equal(await home.text(), "<title>home</title>");
    assert.equal(home.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(home.headers.get("content-security-policy"), "frame-ancestors 'none'");
    const script = await fetch(`${url}/page.js?x=1`);
    assert.equal(await script.text(), "run()");
    assert.equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(script.headers.get("content-security-policy"), null, "threads must be able to compile");
    assert.equal(script.headers.get("x-content-type-options"), "nosniff");
  });

  it("are asked for, and looked for, but not changed", async () => {
    const head = await fetch(`${url}/index.html`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const post = await fetch(`${url}/index.html`, { method: "POST", body: "x" });
    assert.equal(post.status, 405);
    await post.text();
  });

  it("have answers beside them", async () => {
    const answer = await fetch(`${url}/about/`);
    assert.deepEqual(await answer.json(), { name: "files" });
    assert.equal(answer.headers.get("content-type"), "application/json");
  });

  it("leave paths to others, whatever is asked there", async () => {
    const answer = await fetch(`${url}/ask/?anything`, { method: "POST", body: "x" });
    assert.equal(await answer.text(), "POST is heard");
    assert.equal((await fetch(`${url}/ask`)).status, 404);
  });

  it("are those of the folder alone", async () => {
    /** As it stands: `fetch` would tidy it up before. */
    const statusOf = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request(`${url}/`, { path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on("error", reject).end();
      });
    const paths = [
      "/nothing.js",
      "/inner/secret.txt",
      "/inner",
      "/../page.js",
      "//",
      "//page.js",
      "/%00",
      "*",
      "/%2e%2e/package.json",
      "/__proto__",
    ];
    for (const path of paths) assert.equal(await statusOf(path), 404, path);
  });

  it("are not served where the port is taken, or there is no folder", async () => {
    const { port } = server.address() as AddressInfo;
    await assert.rejects(serveFiles(folder, { port, host: "127.0.0.1" }), { code: "EADDRINUSE" });
    await assert.rejects(serveFiles(join(folder, "none"), { port: 0, host: "127.0.0.1" }), { code: "ENOENT" });
  });
});
