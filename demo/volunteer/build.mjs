// @ts-check
/** Builds the pages into a folder that any web server can hand out as it is. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
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

/** The file in which strangers' work is put into a box. */
const BOX = "sandbox-box";

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
    entryPoints: [
      ...["organiser", "join", "playground"].map((out) => ({ in: here(`${out}.tsx`), out })),
      // So that it is in a file of its own, whose text depends on nothing else.
      { in: here("../../src/adapters/sandbox-box.ts"), out: BOX },
    ],
    outdir,
    alias: {
      "manyhands/peer": here("../../src/peer.ts"),
      "manyhands/dashboard": here("../../src/dashboard.ts"),
      manyhands: here("../../src/index.ts"),
    },
    loader: { ".css": "text" },
    define: { "process.env.NODE_ENV": '"production"' },
    mainFields: ["browser", "module", "main"],
    jsx: "automatic",
    jsxImportSource: "preact",
    platform: "browser",
    format: "esm",
    splitting: true,
    plugins: [...plugins, tracerAsFunction, staticFiles(outdir)],
  };
}

/** @param {string} outdir @returns {import("esbuild").Plugin} */
function staticFiles(outdir) {
  return {
    name: "static-files",
    setup({ onEnd }) {
      onEnd(async ({ errors }) => {
        if (errors.length > 0) return;
        await mkdir(outdir, { recursive: true });
        const files = ["index.html", "playground.html", "style.css"];
        await Promise.all(files.map((name) => copyFile(here(name), `${outdir}/${name}`)));
        // The only inline script there is: that of the box in which others' work runs. The policy names it by its hash.
        const { boxScript } = await import(`${pathToFileURL(resolve(outdir, `${BOX}.js`))}?${performance.now()}`);
        const hash = createHash("sha256").update(boxScript()).digest("base64");
        const page = await readFile(here("join.html"), "utf8");
        await writeFile(`${outdir}/join.html`, page.replace("HASH_OF_THE_BOX", `sha256-${hash}`));
      });
    },
  };
}
