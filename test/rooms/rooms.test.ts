/** Holds the source to the rules of the house, and holds each rule to what it is for by showing it something bad. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as house from "./house.ts";
import { readSource } from "./source-file.ts";

const top = new URL("../../", import.meta.url).href;
const src = house.readHouse(top, "src");
const everything = [...src, ...house.readHouse(top, "demo")];

/** Files that exist nowhere, for a rule to complain about. Text without an opening comment gets one. */
function imagine(files: Record<string, string>) {
  return Object.entries(files).map(([path, text]) => readSource(path, text));
}

describe("the house", () => {
  it("is not empty", () => {
    assert.ok(src.length > 0, "no source file was found");
  });

  it("lets each room know only the rooms below it", () => {
    assert.deepEqual(house.everyImportIsAllowed(src), []);
    const bad = imagine({
      "src/worker/machine.ts": 'import type { Client } from "../client/client.ts";',
      "src/client/client.ts": `const text = \`\${import("../index.ts")}\`;`,
      "src/runtime/host.ts":
        'import { settle } from "../scheduler/compute.ts";\nimport { handle } from "../scheduler/machine.ts";',
      "src/adapters/peer-comm.ts": 'import { x } from "./websocket-comm.ts";\nimport { y } from "./peer-signaling.ts";',
      "src/attic/box.ts": 'export * from "../protocol/identity.ts";',
      "src/index.ts": 'export { Client } from "./client/client.ts";',
    });
    assert.deepEqual(house.everyImportIsAllowed(bad), [
      "src/worker/machine.ts:1 imports src/client/client.ts: worker does not know client",
      "src/client/client.ts:1 imports src/index.ts: no room imports a door",
      "src/runtime/host.ts:1 imports src/scheduler/compute.ts: runtime does not know scheduler",
      "src/adapters/peer-comm.ts:1 imports src/adapters/websocket-comm.ts: peer and websocket are different technologies",
      "src/attic/box.ts:1 imports src/protocol/identity.ts: the room attic is not in the table",
    ]);
  });

  it("imports its own files by their full name", () => {
    assert.deepEqual(house.everyImportNamesAFile(src), []);
    const bad = imagine({
      "src/index.ts": 'import "./a.js";\nimport "./b.ts";\nconst text = () => import("./web-worker-inline.js");',
    });
    assert.deepEqual(house.everyImportNamesAFile(bad), [
      'src/index.ts:1 imports "./a.js", which does not end in .ts',
      'src/index.ts:2 imports "./b.ts", which does not exist',
    ]);
  });

  it("keeps every package in the adapters of its technology", () => {
    assert.deepEqual(house.everyPackageIsAtHome(src), []);
    const bad = imagine({
      "src/adapters/comlink-comm.ts":
        'import * as Comlink from "comlink";\nimport { Worker } from "node:worker_threads";',
      "src/adapters/worker-thread-spawner.ts": 'import { Worker } from "node:worker_threads";',
      "src/node.ts": 'import { availableParallelism } from "node:os";\nimport "comlink";',
      "src/shipping/frames.ts": 'export type P = import("comlink").Remote<unknown>;',
      "src/web-worker.ts": 'import "node:os";',
    });
    assert.deepEqual(house.everyPackageIsAtHome(bad), [
      'src/adapters/comlink-comm.ts:2 imports the package "node:worker_threads"',
      'src/node.ts:2 imports the package "comlink"',
      'src/shipping/frames.ts:1 imports the package "comlink"',
      'src/web-worker.ts:1 imports the package "node:os"',
    ]);
  });

  it("names each adapter after its technology", () => {
    assert.deepEqual(house.everyAdapterNamesItsTechnology(src), []);
    const bad = imagine({ "src/adapters/fast-comm.ts": "", "src/adapters/memory-comm.ts": "" });
    assert.deepEqual(house.everyAdapterNamesItsTechnology(bad), [
      "src/adapters/fast-comm.ts names no technology of the table",
    ]);
  });

  it("has no import that leads back to where it started", () => {
    assert.deepEqual(house.nothingGoesInCircles(src), []);
    const bad = imagine({
      "src/worker/a.ts": 'import type { B } from "./b.ts";',
      "src/worker/b.ts": 'import { c } from "./c.ts";',
      "src/worker/c.ts": 'export { a } from "./a.ts";',
    });
    assert.deepEqual(house.nothingGoesInCircles(bad), [
      "src/worker/a.ts -> src/worker/b.ts -> src/worker/c.ts -> src/worker/a.ts",
    ]);
  });

  it("passes names on at its doors only, and gives every export a name", () => {
    assert.deepEqual(house.onlyDoorsPassNamesOn(src), []);
    assert.deepEqual(house.exportsHaveNames(everything), []);
    const bad = imagine({
      "src/client/index.ts":
        'import { Future } from "./future.ts";\nexport * from "./client.ts";\nexport default Future;',
      "src/index.ts": 'export * from "./client/client.ts";',
    });
    assert.deepEqual(house.onlyDoorsPassNamesOn(bad), ['src/client/index.ts:2 passes on the names of "./client.ts"']);
    assert.deepEqual(house.exportsHaveNames(bad), ["src/client/index.ts:3 has a default export"]);
  });

  it("decides without clock, dice or waiting", () => {
    assert.deepEqual(house.decisionsKnowNoTime(src), []);
    const bad = imagine({
      "src/scheduler/placement.ts": "// Date\nconst now = Date.now();\nconst dice = Math.random() + other.random();",
      "src/collections/relation.ts": 'const a = /["`]Date/.test(b) && c / async / "Promise";',
      "src/runtime/host.ts": "await new Promise(() => Date.now());",
    });
    assert.deepEqual(house.decisionsKnowNoTime(bad), [
      "src/scheduler/placement.ts:2 uses Date",
      "src/scheduler/placement.ts:3 uses Math.random",
      "src/collections/relation.ts:1 uses async",
    ]);
  });

  it("gives a file one subject, and one sentence at its head that says which", () => {
    assert.deepEqual(house.filesHaveOneSubject(everything), []);
    assert.deepEqual(house.filesSayWhatTheyAreFor(everything), []);
    const bad = imagine({
      "src/client/client.ts": `// The client.\n${"x();\n".repeat(400)}`,
      "src/client/future.ts": `/** A future. */\n${"x();\n".repeat(399)}`,
      "src/client/ledger.ts": "export const x = 1;",
    });
    assert.deepEqual(house.filesHaveOneSubject(bad), ["src/client/client.ts has 401 lines, more than 400"]);
    assert.deepEqual(house.filesSayWhatTheyAreFor(bad), [
      "src/client/ledger.ts does not open with a sentence on what it is for",
    ]);
  });

  it("names files and folders so that they say something", () => {
    assert.deepEqual(house.namesSaySomething(everything), []);
    const bad = imagine({
      "src/utils/deque.ts": "",
      "src/client/taskManager.ts": "",
      "src/client/task-manager.ts": "",
      "src/protocol/types.ts": "",
      "src/protocol/task-types.ts": "",
      "src/web-worker-inline.d.ts": "",
    });
    assert.deepEqual(house.namesSaySomething(bad), [
      "src/utils: the name says nothing",
      "src/client/taskManager.ts is not in kebab-case",
      "src/client/task-manager.ts: the name says nothing",
      "src/protocol/types.ts: the name says nothing",
    ]);
  });
});
