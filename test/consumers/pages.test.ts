/** The package in pages without a bundler: as a script and as a module, from here and from elsewhere, and under a policy. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { browserNames } from "../browsers/browsers.mjs";
import { scratch } from "./package.ts";
import { startBrowser, type TestBrowser } from "./page.ts";
import {
  expected,
  importProgram,
  moduleProgram,
  page,
  scriptImportProgram,
  scriptProgram,
  workModule,
} from "./programs.ts";
import { ownScriptsOnly, type Server, serve } from "./server.ts";

const projects = scratch();
const dist = "node_modules/manyhands/dist";

const script = (from: string, name = "script") =>
  page(`<script src="${from}${dist}/manyhands.js"></script>`, `<script src="${name}.js"></script>`);
const module = (from: string, name: string) =>
  page(
    `<script type="importmap">{ "imports": { "manyhands": "${from}${dist}/index.js" } }</script>`,
    `<script type="module" src="${name}.js"></script>`,
  );

const root = projects.project("pages", {
  "script.js": scriptProgram,
  "module.js": moduleProgram,
  "import.js": importProgram,
  "script-import.js": scriptImportProgram,
  "work.js": workModule,
  "script.html": script(""),
  "script-import.html": script("", "script-import"),
  "module.html": module("./", "module"),
  "import.html": module("./", "import"),
});

for (const name of browserNames) {
  describe(`pages in ${name}`, () => {
    let browser: TestBrowser;
    before(async () => {
      browser = await startBrowser(name);
    });
    after(() => browser.close());

    async function withServer(
      work: (server: Server) => Promise<void>,
      headers?: (path: string) => Record<string, string>,
    ) {
      const server = await serve(root, headers);
      await work(server).finally(() => server.close());
    }

    it("a script tag gives the global manyhands, whose workers come from the file beside it", () =>
      withServer(async ({ url, served }) => {
        assert.equal(await browser.outcomeOf(`${url}script.html`), expected);
        assert.ok(served.includes(`/${dist}/web-worker.js`), "the worker's file was not asked for");
      }));

    it("a script tag works in a page opened from a file", async () => {
      assert.equal(await browser.outcomeOf(pathToFileURL(join(root, "script.html")).href), expected);
    });

    it("a module works without a bundler, with functions shipped as source and with those of a module", () =>
      withServer(async ({ url, served }) => {
        assert.equal(await browser.outcomeOf(`${url}module.html`), expected);
        assert.equal(await browser.outcomeOf(`${url}import.html`), expected);
        assert.ok(served.includes(`/${dist}/web-worker.js`), "the worker's file was not asked for");
      }));

    it("script and module work from another origin, where the worker's file cannot be used", () =>
      withServer(
        async ({ url }) => {
          const elsewhere = projects.project(`elsewhere-${name}`, {
            "script.js": scriptProgram,
            "module.js": moduleProgram,
            "script.html": script(url),
            "module.html": module(url, "module"),
          });
          const server = await serve(elsewhere);
          const outcomes = async () => [
            await browser.outcomeOf(`${server.url}script.html`),
            await browser.outcomeOf(`${server.url}module.html`),
          ];
          assert.deepEqual(await outcomes().finally(() => server.close()), [expected, expected]);
        },
        () => ({ "Access-Control-Allow-Origin": "*" }),
      ));

    it("a page that allows only its own scripts still ships functions, through the worker's file", () =>
      withServer(
        async ({ url, served }) => {
          assert.equal(await browser.outcomeOf(`${url}script.html`), expected);
          assert.ok(served.includes(`/${dist}/web-worker.js`), "the worker's file was not asked for");
        },
        (path) => (path.endsWith(".html") ? ownScriptsOnly : {}),
      ));

    it("under a policy that binds the worker's file too, functions of a module run", () =>
      withServer(
        async ({ url }) => {
          assert.equal(await browser.outcomeOf(`${url}script-import.html`), expected);
        },
        () => ownScriptsOnly,
      ));
  });
}

after(() => projects.remove());
