/** Weighs what a page has to load: the door with all it imports statically, and what a bundler keeps of it for `Client` alone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

/** Bytes after gzip of what is loaded before anything is done. What is imported dynamically comes when it is needed, to few. */
async function weigh(source: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: dist },
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: "out",
    format: "esm",
    target: "es2022",
    logLevel: "silent",
    plugins: [
      { name: "static-only", setup: (here) => here.onResolve({ filter: /-inline\.js$/ }, () => ({ external: true })) },
    ],
  });
  const loaded = Object.keys(metafile.outputs).filter((path): boolean => path === "out/stdin.js");
  for (const path of loaded) {
    for (const { path: other, kind } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && !loaded.includes(other)) loaded.push(other);
    }
  }
  const contents = loaded.map((path) => outputFiles.find((file) => file.path.endsWith(`/${path}`))?.contents ?? "");
  return contents.reduce((sum, each) => sum + gzipSync(each, { level: 9 }).length, 0);
}

describe("size", () => {
  // The aim for the core is 25 KB. Until what few programs need of it comes later, and the cluster apart from the client,
  // these keep it from growing.
  const budgets = [
    { what: "the core: Client", source: 'import { Client } from "./index.js"; new Client();', limit: 40_500 },
    { what: "all names of the door for pages", source: 'export * from "./index.js";', limit: 43_500 },
    { what: "the script for <script src>, with its worker", source: 'import "./manyhands.js";', limit: 112_000 },
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
