/** Weighs what a page has to load: the door with all it imports statically, and what a bundler keeps of it for `Client` alone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

/** Bytes after gzip. What is imported dynamically (the inlined worker) is loaded by few, and not counted. */
async function weigh(source: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: dist },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
    plugins: [
      { name: "static-only", setup: (here) => here.onResolve({ filter: /-inline\.js$/ }, () => ({ external: true })) },
    ],
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

describe("size", () => {
  const budgets = [
    { what: "all names of the door for pages", source: 'export * from "./index.js";', limit: 25_000 },
    {
      what: "a page that imports Client alone",
      source: 'import { Client } from "./index.js"; new Client();',
      limit: 25_000,
    },
    { what: "the script for <script src>, with its worker", source: 'import "./manyhands.js";', limit: 45_000 },
  ];
  for (const { what, source, limit } of budgets) {
    it(`${what} fit into ${limit / 1000} KB gzip`, async (test) => {
      const bytes = await weigh(source);
      test.diagnostic(`${what}: ${bytes} bytes`);
      assert.ok(bytes <= limit, `${what}: ${bytes} bytes, ${bytes - limit} too many`);
    });
  }

  it("notices what is too heavy", async () => {
    assert.ok((await weigh('export * from "./index.js";')) > 100, "an empty door would fit into any budget");
  });
});
