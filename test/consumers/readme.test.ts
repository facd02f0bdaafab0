/** The first example of the README, run as it stands there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { transformSync } from "esbuild";
import { scratch } from "./package.ts";

const projects = scratch();

describe("the README's first example", () => {
  after(() => projects.remove());

  it("prints pi to about a hundredth, and ends", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    assert.match(example, /new Client\(\)/);
    const root = projects.project("readme", {});
    const file = join(root, "example.mjs");
    writeFileSync(file, transformSync(example, { loader: "ts" }).code);
    const printed = Number(execFileSync(process.execPath, [file], { cwd: root, timeout: 20_000, encoding: "utf8" }));
    assert.ok(Math.abs(printed - Math.PI) < 0.01, `it printed ${printed}`);
  });
});
