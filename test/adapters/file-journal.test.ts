/** Journals as files: what all stores promise, and what only files can meet. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileJournals, stateDirectory } from "../../src/adapters/file-journal.ts";
import { promisesOfJournalStore, text, textOf } from "../compliance/journal-store.ts";
import { FaultyJournals } from "../support/faulty-journal.ts";

const directory = mkdtempSync(join(tmpdir(), "manyhands-journals-"));
after(() => rmSync(directory, { recursive: true }));

describe("a store of journals, as files", () => {
  for (const [i, { name, run }] of promisesOfJournalStore.entries()) {
    it(name, () => run({ stores: fileJournals(directory) }, `case ${i}`));
  }
});

describe("a store of journals, in memory", () => {
  for (const [i, { name, run }] of promisesOfJournalStore.entries()) {
    const stores = new FaultyJournals();
    it(name, () => run({ stores, abandon: () => stores.crash(`case ${i}`) }, `case ${i}`));
  }
});

/** Opens a journal in another process, appends to it, and stays until it is killed. */
async function holder(name: string) {
  const program = `
    const { fileJournals } = await import(${JSON.stringify(new URL("../../src/adapters/file-journal.ts", import.meta.url).href)});
    const store = await fileJournals(${JSON.stringify(directory)}).open(${JSON.stringify(name)});
    await store.append(new TextEncoder().encode("from there"));
    console.log("open");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--import=tsx", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("a journal's lock", () => {
  it("is held by another process while that lives, and taken over when it was killed", async () => {
    const child = await holder("elsewhere");
    await assert.rejects(fileJournals(directory).open("elsewhere"), new RegExp(`in use by process ${child.pid}`));
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    const store = await fileJournals(directory).open("elsewhere");
    assert.equal(textOf(await store.read()), "from there");
    await store.close();
    assert.deepEqual(readdirSync(join(directory, "elsewhere")).sort(), ["journal", "values"]);
  });

  it("goes to one of those who find it abandoned at the same time", async () => {
    const lock = join(directory, "contested", "lock");
    const first = await fileJournals(directory).open("contested");
    await first.close();
    // No process has such a number.
    writeFileSync(lock, JSON.stringify({ pid: 2 ** 30, began: "", id: "dead" }));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => fileJournals(directory).open("contested")),
    );
    const opened = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    assert.equal(opened.length, 1);
    await opened[0]?.close();
    assert.ok(!existsSync(lock));
  });

  it("that was cut short when the power went is nobody's", async () => {
    const store = await fileJournals(directory).open("cut");
    await store.append(text("kept"));
    await store.close();
    writeFileSync(join(directory, "cut", "lock"), '{"pid":');
    const again = await fileJournals(directory).open("cut");
    assert.equal(textOf(await again.read()), "kept");
    await again.close();
  });
});

describe("a journal's files", () => {
  it("that were being written when the process ended are not taken for whole", async () => {
    const store = await fileJournals(directory).open("torn");
    await store.replace(text("whole"));
    await store.keep("1", text("value"));
    await store.close();
    writeFileSync(join(directory, "torn", "journal.unfinished~"), "half");
    writeFileSync(join(directory, "torn", "values", "2.unfinished~"), "half");
    const again = await fileJournals(directory).open("torn");
    assert.equal(textOf(await again.read()), "whole");
    assert.deepEqual(await again.names(), ["1"]);
    await again.replace(text("new"));
    await again.close();
    assert.equal(readFileSync(join(directory, "torn", "journal"), "utf8"), "new");
  });

  it("lie where the system has programs keep their state, unless said otherwise", () => {
    const before = process.env["XDG_STATE_HOME"];
    try {
      process.env["XDG_STATE_HOME"] = "/somewhere";
      if (process.platform !== "win32") assert.equal(stateDirectory(), join("/somewhere", "manyhands"));
      delete process.env["XDG_STATE_HOME"];
      assert.match(stateDirectory(), /manyhands$/);
    } finally {
      if (before === undefined) delete process.env["XDG_STATE_HOME"];
      else process.env["XDG_STATE_HOME"] = before;
    }
  });
});
