// @ts-check
/** Builds the pages into a folder that any web server can hand out as it is. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
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
    entryPoints: ["organiser", "join", "playground"].map((name) => here(`${name}.tsx`)),
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
    metafile: true,
  };
}

/** @param {string} outdir @returns {import("esbuild").Plugin} */
function staticFiles(outdir) {
  return {
    name: "static-files",
    setup({ initialOptions, onEnd }) {
      onEnd(async ({ errors, metafile }) => {
        if (errors.length > 0) return;
        await mkdir(outdir, { recursive: true });
        const files = ["index.html", "playground.html", "style.css"];
        await Promise.all(files.map((name) => copyFile(here(name), `${outdir}/${name}`)));
        // The only inline script there is: that of the box in which others' work runs. The policy names it by its hash.
        const script = await boxScript(initialOptions);
        await demandParts(script, Object.keys(metafile?.outputs ?? {}));
        const hash = createHash("sha256").update(script).digest("base64");
        const page = await readFile(here("join.html"), "utf8");
        await writeFile(`${outdir}/join.html`, page.replace("HASH_OF_THE_BOX", `sha256-${hash}`));
      });
    },
  };
}

/**
 * The script of the box, as the pages will have it.
 *
 * @param {import("esbuild").BuildOptions} options those of the pages
 * @returns {Promise<string>}
 */
async function boxScript({ minifyWhitespace = false, minifySyntax = false, target = "es2022" }) {
  const { outputFiles } = await build({
    stdin: { contents: 'export { boxScript } from "./sandbox-box.ts";', resolveDir: here("../../src/adapters") },
    bundle: true,
    minifyWhitespace,
    minifySyntax,
    target,
    format: "esm",
    write: false,
  });
  const text = Buffer.from(outputFiles[0]?.text ?? "").toString("base64");
  return (await import(`data:text/javascript;base64,${text}`)).boxScript();
}

/** The hash is good for nothing if the pages have other text. @param {string} script @param {readonly string[]} outputs */
async function demandParts(script, outputs) {
  const middle = script.indexOf(")(function ");
  const parts = [script.slice(1, middle), script.slice(middle + 2, -1)];
  const texts = await Promise.all(outputs.filter((path) => path.endsWith(".js")).map((path) => readFile(path, "utf8")));
  if (middle < 0 || !texts.some((text) => parts.every((part) => text.includes(part))))
    throw new Error("the script of the box is another in the pages: look at boxScript() in sandbox-box.ts");
}
