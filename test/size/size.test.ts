/**
 * Weighs what a page has to load: what a bundler keeps of the door for `Client` alone, what a plain program asks for besides, and all
 * names. That plain programs ask for no more is seen to by `test/consumers/requests.test.ts`, in browsers.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { type Chunk, type Chunks, chunksOf, closure, isEntry, isPlain } from "../support/chunks.ts";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

/** What a page that consists of `source` becomes, as Vite would have it, but for Vite's own code. */
async function bundle(source: string): Promise<Chunks> {
  const entry = `${dist}/entry.js`;
  const build = await rolldown({
    input: entry,
    cwd: dist,
    platform: "browser",
    external: /-inline\.js$/,
    preserveEntrySignatures: "allow-extension",
    plugins: [
      {
        name: "entry-of-text",
        resolveId: (id) => (id === entry ? entry : undefined),
        load: (id) => (id === entry ? source : undefined),
      },
    ],
  });
  const output = await build.generate({ format: "esm", minify: true });
  await build.close();
  return chunksOf(output);
}

/** Bytes after gzip. */
function weigh(chunks: Iterable<Chunk>): number {
  return Array.from(chunks, ({ code }) => gzipSync(code, { level: 9 }).length).reduce((sum, each) => sum + each, 0);
}

describe("size", () => {
  const client = 'import { Client } from "./index.js"; globalThis.client = new Client();';
  const budgets = [
    { what: "the core: Client", source: client, isLoaded: isEntry, limit: 25_000 },
    {
      what: "what a plain program loads: the core and the scheduler",
      source: client,
      isLoaded: isPlain,
      limit: 43_500,
    },
    {
      what: "all names of the door for pages",
      source: 'export * from "./index.js";',
      isLoaded: isEntry,
      limit: 30_300,
    },
    {
      what: "the script for <script src>, with its worker",
      source: 'import "./manyhands.js";',
      isLoaded: isEntry,
      limit: 207_500,
    },
  ];
  for (const { what, source, isLoaded, limit } of budgets) {
    it(`${what}: at most ${limit / 1000} KB gzip`, async (test) => {
      const chunks = await bundle(source);
      const bytes = weigh(closure(chunks, isLoaded));
      test.diagnostic(`${what}: ${bytes} bytes`);
      assert.ok(bytes <= limit, `${what}: ${bytes} bytes, ${bytes - limit} too many`);
      assert.ok(bytes > 10_000, "something was left out");
    });
  }
});
