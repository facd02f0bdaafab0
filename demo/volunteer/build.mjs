// @ts-check
/** Builds the pages into a folder that any web server can hand out as it is. */
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @type {import("esbuild").Plugin} Makes `tracer.js`: the render's tasks, with all they use, inside of one function. */
const tracerAsFunction = {
  name: "tracer-as-function",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/tracer\.js$/ }, () => ({ path: here("../render/trace.mjs"), namespace: "function" }));
    onLoad({ filter: /.*/, namespace: "function" }, async ({ path }) => {
      const { outputFiles, metafile } = await build({
        entryPoints: [path],
        bundle: true,
        minify: true,
        format: "iife",
        globalName: "exported",
        target: "es2022",
        legalComments: "none",
        metafile: true,
        write: false,
      });
      // Made once in each thread, however many functions bring it along.
      const contents = `export function tracer() {
        const place = Symbol.for("manyhands.demo.tracer");
        return (globalThis[place] ??= (() => { ${outputFiles[0]?.text} return exported; })());
      }`;
      return { contents, watchFiles: Object.keys(metafile.inputs).map((input) => `${process.cwd()}/${input}`) };
    });
  },
};

/**
 * How the pages are built.
 *
 * @param {import("esbuild").BuildOptions} shared what all builds have in common
 * @param {string} outdir where the pages go
 * @param {readonly import("esbuild").Plugin[]} plugins what building the library takes
 * @returns {import("esbuild").BuildOptions}
 */
export function pagesBuild(shared, outdir, plugins) {
  return {
    ...shared,
    sourcemap: false,
    // Functions that travel as source refer to what they take along by its name.
    minifyIdentifiers: false,
    entryPoints: ["organiser", "playground"].map((name) => here(`${name}.tsx`)),
    outdir,
    alias: { manyhands: here("../../src/index.ts") },
    define: { "process.env.NODE_ENV": '"production"' },
    mainFields: ["browser", "module", "main"],
    jsx: "automatic",
    jsxImportSource: "preact",
    platform: "browser",
    format: "esm",
    splitting: true,
    plugins: [
      ...plugins,
      tracerAsFunction,
      { name: "static-files", setup: ({ onEnd }) => onEnd(() => copyStatic(outdir)) },
    ],
  };
}

/** @param {string} outdir */
async function copyStatic(outdir) {
  await mkdir(outdir, { recursive: true });
  const pages = ["index.html", "playground.html", "style.css"];
  await Promise.all(pages.map((name) => copyFile(here(name), `${outdir}/${name}`)));
}
