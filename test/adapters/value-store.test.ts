/** Stores in Node: of memory, and of files. Those of pages are in `test/platform/opfs-store.browser.ts`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileStores, openFileStore } from "../../src/adapters/file-store.ts";
import { MemoryStore } from "../../src/adapters/memory-store.ts";
import { demandThrift, storePromises } from "../compliance/value-store.ts";

const source = new URL("../../src/adapters/file-store.ts", import.meta.url).href;
const directory = mkdtempSync(join(tmpdir(), "manyhands-store-test-"));
after(() => rmSync(directory, { recursive: true }));
let places = 0;
const open = () => openFileStore({ name: `w-${places++}`, directory });
const inside = () => readdirSync(join(directory, "manyhands-values"));

describe("a store in memory", () => {
  for (const { name, run } of storePromises) {
    // It does nothing while it waits, but it waits. A timer would be due at once after a turn that took long.
    const pause = async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    };
    it(name, () => run(async () => new MemoryStore({ pause })));
  }

  it("refuses what it has no room for, and takes what it has", async () => {
    const store = new MemoryStore({ room: 1000 });
    await store.write(1, [new Uint8Array(600)]);
    await assert.rejects(store.write(2, [new Uint8Array(600)]), /no room/);
    await store.write(3, [new Uint8Array(400)]);
    await store.remove(1);
    await store.write(4, [new Uint8Array(600)]);
    assert.equal(store.size, 2);
  });
});

describe("a store of files", () => {
  for (const { name, run } of storePromises) it(name, () => run(open));

  it("leaves nothing behind", async () => {
    assert.deepEqual(inside(), []);
  });

  it("cannot be opened where nothing can be written, and says why", async () => {
    const file = join(directory, "a-file");
    writeFileSync(file, "");
    await assert.rejects(openFileStore({ name: "w", directory: file }), /ENOTDIR|EEXIST/);
  });

  it("leaves nothing of a write that fails, and goes on", async () => {
    const program = `
      import { readdirSync, statSync } from "node:fs";
      import { openFileStore } from ${JSON.stringify(source)};
      process.on("SIGXFSZ", () => {});
      const MB = 2 ** 20;
      const store = await openFileStore({ name: "w", directory: ${JSON.stringify(directory)} });
      const folder = ${JSON.stringify(join(directory, "manyhands-values"))};
      const bytes = () => readdirSync(folder, { recursive: true }).map((name) => statSync(folder + "/" + name))
        .filter((each) => each.isFile()).reduce((sum, { size }) => sum + size, 0);
      await store.write(1, [new Uint8Array(MB).fill(7)]);
      const failures = await Promise.allSettled([2, 3].map((number) => store.write(number, [new Uint8Array(10 * MB)])));
      console.log(failures.map(({ reason }) => reason?.code).join());
      await store.write(4, [new Uint8Array(MB).fill(9)]);
      const [[first], [last]] = [await store.read(1, [MB]), await store.read(4, [MB])];
      console.log(new Uint8Array(first)[MB - 1], new Uint8Array(last)[MB - 1], bytes() / MB);
      await store.close();`;
    // No file may be longer than so many blocks.
    const child = spawn(
      "sh",
      ["-c", 'ulimit -f 8192; exec "$0" --import tsx --input-type=module --eval "$1"', process.execPath, program],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    await once(child, "close");
    assert.equal(output, "EFBIG,EFBIG\n7 9 2\n");
    assert.deepEqual(inside(), []);
  });

  it("goes on with the files it has open when somebody removes its folder, and says so when it needs another", async () => {
    const store = await open();
    await store.write(1, [new Uint8Array(10).fill(1)]);
    rmSync(join(directory, "manyhands-values", inside()[0] as string), { recursive: true });
    await store.write(2, [new Uint8Array(10).fill(2)]);
    await assert.rejects(store.write(3, [new Uint8Array(300 * 2 ** 20)]), /ENOENT/);
    const [one, two] = [await store.read(1, [10]), await store.read(2, [10])];
    assert.deepEqual([new Uint8Array(one[0] as ArrayBuffer)[9], new Uint8Array(two[0] as ArrayBuffer)[9]], [1, 2]);
    await store.close();
    assert.deepEqual(inside(), []);
  });

  it("uses again what was given back, and gives the disk what it does not need", async () => {
    const store = await open();
    const folder = join(directory, "manyhands-values", inside()[0] as string);
    await demandThrift(store, () => readdirSync(folder).map((name) => statSync(join(folder, name)).size));
    await store.close();
  });

  it("is cleared away by its owner, when its thread was ended", async () => {
    const place = { name: "w-ended", directory };
    const clear = fileStores.expect(place);
    const store = await openFileStore(place);
    await store.write(1, [new Uint8Array(10)]);
    await clear();
    assert.deepEqual(inside(), []);
  });

  it("is cleared away also if the process ends while its owner is at it", async () => {
    const program = `
      import { fileStores, openFileStore } from ${JSON.stringify(source)};
      const place = { name: "w", directory: ${JSON.stringify(directory)} };
      const clear = fileStores.expect(place);
      const store = await openFileStore(place);
      await store.write(1, [new Uint8Array(10)]);
      void clear();
      process.exit();`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program]);
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    assert.deepEqual(inside(), []);
  });

  it("of a process that was killed is cleared away by the next, and that of one that lives is not", async () => {
    const program = `
      import { openFileStore } from ${JSON.stringify(source)};
      const store = await openFileStore({ name: "w", directory: ${JSON.stringify(directory)} });
      await store.write(1, [new Uint8Array(10)]);
      console.log("written");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const living = await open();
    try {
      await once(child.stdout, "data");
      assert.equal(inside().length, 2, "both live");
    } finally {
      child.kill("SIGKILL");
    }
    await once(child, "exit");
    const next = await open();
    assert.equal(inside().length, 2, "what was left is gone");
    await living.close();
    await next.close();
    assert.deepEqual(inside(), []);
  });

  it("is cleared away when its process ends", async () => {
    const program = `
      import { fileStores, openFileStore } from ${JSON.stringify(source)};
      const place = { name: "w", directory: ${JSON.stringify(directory)} };
      fileStores.expect(place);
      await (await openFileStore(place)).write(1, [new Uint8Array(10)]);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program]);
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    assert.deepEqual(inside(), []);
    assert.ok(existsSync(directory));
  });
});
