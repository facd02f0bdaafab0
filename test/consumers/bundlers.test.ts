/** The package as Vite, webpack and esbuild take it in: no configuration, no warning, and the result arrives in a page. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build as esbuild } from "esbuild";
import { createServer, preview, build as viteBuild } from "vite";
import webpack from "webpack";
import { scratch } from "./package.ts";
import { startBrowser, type TestBrowser } from "./page.ts";
import { expected, importProgram, moduleProgram, namesProgram, page, workModule } from "./programs.ts";
import { ownScriptsOnly, serve } from "./server.ts";

const projects = scratch();
/** What is the same in several builds is minified once. */
const cache = { type: "filesystem", cacheDirectory: projects.project("cache", {}) } as const;
const programs = {
  "functions shipped as source": moduleProgram,
  "functions of a module": importProgram,
  "functions that use the library": namesProgram,
};

describe("bundlers", () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await startBrowser("chromium");
  });
  after(async () => {
    await browser.close();
    projects.remove();
  });

  /** Under the policy no Blob worker starts: what comes out was computed in the worker file that the bundler has emitted. */
  async function outcomeOf(folder: string, { policy }: { policy: boolean }): Promise<string> {
    const server = await serve(folder, (path) => (policy && path.endsWith(".html") ? ownScriptsOnly : {}));
    return browser.outcomeOf(server.url).finally(() => server.close());
  }

  for (const [what, program] of Object.entries(programs)) {
    const name = what.replaceAll(" ", "-");
    const files = { "main.js": program, "work.js": workModule };
    const quiet = { configFile: false, logLevel: "silent" } as const;

    it(`Vite builds a page that runs ${what}`, async () => {
      const root = projects.project(`vite-${name}`, {
        ...files,
        "index.html": page('<script type="module" src="/main.js"></script>'),
      });
      const warnings: string[] = [];
      const customLogger = listening(warnings);
      await viteBuild({ root, ...quiet, customLogger });
      assert.deepEqual(warnings, []);
      const server = await preview({ root, ...quiet, preview: { port: 0, host: "127.0.0.1" } });
      const url = server.resolvedUrls?.local[0] ?? assert.fail("the preview has no address");
      assert.equal(await browser.outcomeOf(url).finally(() => server.close()), expected);
      assert.equal(await outcomeOf(join(root, "dist"), { policy: true }), expected);
    });

    it(`Vite's development server serves a page that runs ${what}`, async () => {
      const root = projects.project(`vite-dev-${name}`, {
        ...files,
        "index.html": page('<script type="module" src="/main.js"></script>'),
      });
      const server = await createServer({ root, ...quiet, server: { port: 0, host: "127.0.0.1" } });
      await server.listen();
      const url = server.resolvedUrls?.local[0] ?? assert.fail("the server has no address");
      assert.equal(await browser.outcomeOf(url).finally(() => server.close()), expected);
    });

    for (const mode of ["production", "development"] as const) {
      it(`webpack builds for ${mode} a page that runs ${what}`, async () => {
        const context = projects.project(`webpack-${mode}-${name}`, files);
        const folder = join(context, "dist");
        assert.deepEqual(
          await webpackBuild({ context, mode, cache, entry: "./main.js", output: { path: folder } }),
          [],
        );
        writeFileSync(join(folder, "index.html"), page('<script src="main.js"></script>'));
        // webpack's development builds consist of eval, which the policy forbids.
        const outcome = await outcomeOf(folder, { policy: mode === "production" });
        // There, names become members that only webpack knows, of something that stays behind: who uses them is told what to do.
        if (program === namesProgram) assert.match(outcome, /fromModule/);
        else assert.equal(outcome, expected);
      });
    }
  }

  for (const format of ["esm", "iife"] as const) {
    it(`esbuild bundles a page as ${format}, without the worker's file beside it`, async () => {
      const root = projects.project(`esbuild-${format}`, { "main.js": moduleProgram });
      const folder = join(root, "dist");
      const { warnings } = await esbuild({
        absWorkingDir: root,
        entryPoints: ["main.js"],
        outdir: folder,
        bundle: true,
        minify: true,
        format,
        logLevel: "silent",
      });
      // esbuild says of every `import.meta` that a script has none; the door knows.
      assert.deepEqual(
        warnings.filter(({ id }) => id !== "empty-import-meta").map(({ text }) => text),
        [],
      );
      const type = format === "esm" ? ' type="module"' : "";
      writeFileSync(join(folder, "index.html"), page(`<script${type} src="main.js"></script>`));
      assert.equal(await outcomeOf(folder, { policy: false }), expected);
    });
  }
});

function listening(warnings: string[]) {
  const warn = (text: string) => void warnings.push(text);
  return {
    hasWarned: false,
    info() {},
    warn,
    warnOnce: warn,
    error: warn,
    clearScreen() {},
    hasErrorLogged: () => false,
  };
}

function webpackBuild(configuration: webpack.Configuration): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const compiler = webpack(configuration);
    compiler.run((error, stats) => {
      compiler.close(() => {
        if (error) reject(error);
        else resolve([...(stats?.compilation.errors ?? []), ...(stats?.compilation.warnings ?? [])].map(String));
      });
    });
  });
}
