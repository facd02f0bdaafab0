/** What a client means to the Node process it is in: when that may end, and what must not end it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./programs.ts";

const done = (output: string) => ({ code: 0, output, errors: "" });

describe("a process with a client", () => {
  it("ends by itself once nothing is pending, though nothing was closed", async () => {
    const ended = await run(`
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 2 });
      const a = client.submit((x) => x + 1, 1);
      console.log(await client.submit((x) => x * 2, a).result());
      const large = client.submit(() => new Float64Array(100_000));
      await large.exception();
      console.log(large.status, (await client.gather(client.map((x) => x, [1, 2, 3]))).length);`);
    assert.deepEqual(ended, done("4\nfinished 3"));
  });

  it("ends by itself when it only made the client", async () => {
    const ended = await run('import { Client } from "manyhands";\nnew Client({ nWorkers: 2 });\nconsole.log("made");');
    assert.deepEqual(ended, done("made"));
  });

  it("stays until what is pending is done", async () => {
    const ended = await run(`
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      const later = async (x) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return x;
      };
      client.submit(later, "told").addDoneCallback((future) => future.result().then(console.log));
      client.submit(later, client.submit(later, "chained")).result().then(console.log);`);
    assert.deepEqual(ended, done("told\nchained"));
  });

  it("stays until a forgotten task has run", async () => {
    const ended = await run(`
      import { Client, fireAndForget } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      const write = async (text) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        process._rawDebug(text);
      };
      fireAndForget(client.submit(write, "kept"));
      const released = client.submit(write, "released");
      fireAndForget(released);
      released.release();`);
    assert.deepEqual(
      { ...ended, errors: ended.errors.split("\n").sort() },
      { ...done(""), errors: ["kept", "released"] },
    );
  });

  it("stays while a wait that has no other reason to end is answered", async () => {
    const ended = await run(`
      import { asCompleted, Client, wait } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      const later = async (x) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return x;
      };
      await wait(client.map(later, [1, 2]));
      for await (const future of asCompleted(client.map(later, [3, 4]))) console.log(await future.result());
      const large = client.submit(() => new Float64Array(100_000));
      await wait([large]);
      console.log((await large.result()).length);`);
    assert.deepEqual(ended, done("3\n4\n100000"));
  });

  it("is not harmed by a task that fails with nobody looking", async () => {
    const ended = await run(`
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      const future = client.submit(() => { throw new Error("nobody looks"); });
      const dependent = client.submit((x) => x, future);
      client.submit(() => process.exit(3));
      client.submit(() => () => 1);
      client.submit(() => missing);`);
    assert.deepEqual(ended, done(""));
  });

  it("is not harmed by closing with everything pending", async () => {
    const ended = await run(`
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 2 });
      await client.submit((x) => x, 1).result();
      client.map((x) => new Promise(() => {}), [1, 2, 3]);
      const pending = client.submit(() => new Promise(() => {}));
      await client.close();
      console.log(pending.status);
      new Client({ nWorkers: 2 }).close();`);
    assert.deepEqual(ended, done("cancelled"));
  });

  it("hears of a rejection of its own, as ever", async () => {
    const { code, errors } = await run(`
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      client.submit(() => { throw new RangeError("looked at, and not handled"); }).result();`);
    assert.equal(code, 1);
    assert.match(errors, /RangeError: looked at, and not handled/);
  });

  it("may await at the top level of a module until a client is ready", async () => {
    const ended = await run(`
      import { Client } from "manyhands";
      const client = new Client({ nWorkers: 1 });
      await client.ready;
      console.log("ready");
      await client.ready;
      console.log(await client.submit(() => 1).result());`);
    assert.deepEqual(ended, done("ready\n1"));
  });
});

describe("values that nobody can ask for any more", () => {
  const collect = `
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
    async function until(isSo) {
      for (let i = 0; i < 400 && !isSo(); i++) {
        gc();
        await turn();
      }
      return isSo();
    }`;

  it("are freed when their futures are collected", async () => {
    const ended = await run(
      `
      import { Client, LocalCluster, wait } from "manyhands";
      ${collect}
      const cluster = new LocalCluster({ nWorkers: 2 });
      const client = new Client(cluster);
      const known = () => [...cluster.scheduler.machine.state.tasks.values()].length;
      const make = (i) => new Float64Array(100_000).fill(i);
      await (async () => {
        const futures = client.map(make, Array.from({ length: 20 }, (_, i) => i));
        await wait(futures);
        console.log(known());
      })();
      console.log(await until(() => known() === 0));
      await client.close();
      await cluster.close();`,
      ["--expose-gc"],
    );
    assert.deepEqual(ended, done("20\ntrue"));
  });

  it("are freed on their workers too", async () => {
    const ended = await run(
      `
      import { Client, wait } from "manyhands";
      ${collect}
      const client = new Client({ nWorkers: 1 });
      const make = () => {
        const array = new Float64Array(100_000);
        globalThis.made ??= [];
        globalThis.made.push(new WeakRef(array));
        return array;
      };
      const left = () => {
        gc();
        return globalThis.made.filter((each) => each.deref() !== undefined).length;
      };
      await (async () => {
        const futures = Array.from({ length: 5 }, () => client.submit(make));
        await wait(futures);
        console.log(await client.submit(left).result());
      })();
      let count;
      for (let i = 0; i < 400 && count !== 0; i++) {
        gc();
        await turn();
        count = await client.submit(left).result();
      }
      console.log(count);
      await client.close();`,
      ["--expose-gc"],
    );
    assert.deepEqual(ended, done("5\n0"));
  });

  it("are let go of however they were come by: named, failed, read, claimed, copied, given back", async () => {
    const ended = await run(
      `
      import { Client, LocalCluster, wait } from "manyhands";
      ${collect}
      const cluster = new LocalCluster({ nWorkers: 2 });
      const client = new Client(cluster);
      const other = new Client(cluster);
      const { state } = cluster.scheduler.machine;
      const known = () => [...state.tasks.values()].length;
      const make = (i) => new Float64Array(20_000).fill(i);
      await client.waitForWorkers(2);
      await (async () => {
        const named = client.with({ key: "named" }).submit(() => 5);
        const failed = client.submit(() => { throw new Error("no"); });
        const large = client.submit(make, 1);
        const moved = client.submit(make, 2);
        const small = client.submit(() => ({ small: true }));
        const hashed = [client.scatter([1, 2], { hash: true }), other.scatter([1, 2], { hash: true })];
        await Promise.all([named.result(), failed.exception(), wait([large]), moved.result(), small.result()]);
        await client.publishDataset("d", { large, moved, small, named });
        await client.replicate([large, moved]);
        const claimed = [other.future(large.key), other.future("named"), other.future("nothing")];
        await wait(claimed);
        const read = [await other.getDataset("d"), await client.getDataset("d")];
        await other.gather(read[0]);
        console.log(hashed.length, claimed.length, known());
        await client.unpublishDataset("d");
      })();
      console.log(await until(() => known() === 0), state.named.size, state.replicas.size, state.kept.size);
      for (const each of [client, other]) await each.close();
      await cluster.close();`,
      ["--expose-gc"],
    );
    assert.deepEqual(ended, done("2 3 6\ntrue 0 0 0"));
  });

  it("leave nothing behind after many rounds", async () => {
    const ended = await run(
      `
      import { Client, LocalCluster } from "manyhands";
      ${collect}
      const cluster = new LocalCluster({ nWorkers: 2 });
      const client = new Client(cluster);
      await (async () => {
        for (let round = 0; round < 20; round++) {
          const scattered = client.scatter(new Float64Array(50_000));
          const parts = client.map((x, i) => x.map((each) => each + i), Array(10).fill(scattered), Array(10).keys());
          await client.submit((...all) => all.length, ...parts).result();
          await client.gather(parts);
        }
      })();
      const { state } = cluster.scheduler.machine;
      console.log(await until(() => [...state.tasks.values()].length === 0));
      await client.close();
      await cluster.close();`,
      ["--expose-gc"],
    );
    assert.deepEqual(ended, done("true"));
  });
});
