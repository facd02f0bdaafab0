/** Holds the lockfile to what `npm ci` needs of it on every machine, whichever registry it was written from. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
const packages: Readonly<Record<string, Entry>> = read("package-lock.json").packages;

describe("the lockfile", () => {
  it("names no registry", () => {
    const hosted = Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined);
    assert.deepEqual(hosted, []);
  });

  it("knows the packages of platforms other than the one it was written on", () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(name, path)),
    );
    assert.deepEqual(missing, [], "npm left out what its registry did not have, and npm ci will refuse the lockfile");
  });

  it("has every dependency of package.json at one exact version", () => {
    const { dependencies, devDependencies } = read("package.json");
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.equal(packages[`node_modules/${name}`]?.version, version, name);
    }
  });
});

/** Whether `name` is found from the package at `path` as Node looks for it: in its own folder, and in those around it. */
function isLocked(name: string, path: string): boolean {
  const around = path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/")));
  return `${path && `${path}/`}node_modules/${name}` in packages || (path !== "" && isLocked(name, around));
}
