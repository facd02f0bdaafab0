/** The package in Node: imported, required, bundled into one file, and as the compiler of a user sees its types. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { scratch } from "./package.ts";
import { expected, importProgram, moduleProgram, workModule } from "./programs.ts";

/** What npm would install beside it: what is loaded when it is needed, such as `ws`. */
const { dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const projects = scratch(Object.keys(dependencies));
const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

/** What a program printed. It has to end by itself: a thread left behind would keep it alive. */
function run(folder: string, file: string): string {
  return execFileSync(process.execPath, [file], { cwd: folder, encoding: "utf8", timeout: 20_000 }).trim();
}

describe("Node", () => {
  after(() => projects.remove());

  it("imports the package", () => {
    const folder = projects.project("import", {
      "main.js": moduleProgram,
      "module.js": importProgram,
      "work.js": workModule,
    });
    assert.equal(run(folder, "main.js"), `outcome: ${expected}`);
    assert.equal(run(folder, "module.js"), `outcome: ${expected}`);
  });

  it("requires the package", () => {
    const program = moduleProgram.replace(/^import .*$/m, 'const { Client } = require("manyhands");');
    assert.equal(run(projects.project("require", { "main.cjs": program }), "main.cjs"), `outcome: ${expected}`);
  });

  for (const format of ["esm", "cjs"] as const) {
    it(`runs a bundle of one ${format} file, without the worker's file beside it`, async () => {
      const folder = projects.project(`bundle-${format}`, { "main.js": moduleProgram });
      const outfile = join("out", format === "esm" ? "main.mjs" : "main.cjs");
      await build({
        absWorkingDir: folder,
        entryPoints: ["main.js"],
        outfile,
        bundle: true,
        platform: "node",
        format,
        logLevel: "silent",
      });
      assert.equal(run(folder, outfile), `outcome: ${expected}`);
    });
  }

  for (const [resolution, flags] of Object.entries({
    nodenext: ["--module", "nodenext"],
    bundler: ["--module", "esnext", "--moduleResolution", "bundler"],
  })) {
    it(`gives the compiler its types (${resolution})`, () => {
      const folder = projects.project(`types-${resolution}`, {
        "main.ts": `
          import { Client, type Future } from "manyhands";
          const client = new Client({ nWorkers: 1 });
          const sum: Future<number> = client.submit((x: number, y: number) => x + y, 1, 2);
          const text: Future<string> = client.submit((x: number) => String(x), sum);
          // @ts-expect-error a future of a string is not one of a number
          const wrong: Future<number> = text;
          // @ts-expect-error the function wants a number
          client.submit((x: number) => x, "1");
          export const all = [await text.result(), wrong];`,
      });
      const strict = [
        "--noEmit",
        "--strict",
        "--target",
        "es2022",
        "--lib",
        "es2023,esnext.disposable,dom",
        "--types",
        "",
      ];
      assert.equal(compile(folder, [...strict, ...flags, "main.ts"]), "");
    });
  }
});

function compile(folder: string, args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [compiler, ...args], { cwd: folder, encoding: "utf8" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
