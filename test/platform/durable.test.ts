/** Durable clusters in processes that are killed: what the next process finds, and what it does not do again. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { run } from "./programs.ts";

const scratch = mkdtempSync(join(tmpdir(), "manyhands-durable-"));
after(() => rmSync(scratch, { recursive: true }));

/** What programs begin with: a cluster of that name, and a task that notes each time that it runs. */
const begin = (name: string, nWorkers = 2) => `
  import { Client, fireAndForget, LocalCluster, Queue, Variable } from "manyhands";
  const cluster = new LocalCluster({ nWorkers: ${nWorkers}, durable: { name: "${name}", directory: ${JSON.stringify(scratch)} } });
  const client = new Client(cluster);
  const note = async (i, ms, ...inputs) => {
    const { appendFileSync } = await import("node:fs");
    appendFileSync(${JSON.stringify(join(scratch, `${name}.log`))}, i + "\\n");
    await new Promise((resolve) => setTimeout(resolve, ms));
    return inputs.reduce((sum, each) => sum + each, 10 * i);
  };
  const die = () => process.kill(process.pid, "SIGKILL");`;

/** How often each task has run. */
function runsOf(name: string): Map<string, number> {
  const runs = new Map<string, number>();
  for (const line of readFileSync(join(scratch, `${name}.log`), "utf8")
    .trim()
    .split("\n")) {
    runs.set(line, (runs.get(line) ?? 0) + 1);
  }
  return runs;
}

describe("a durable cluster whose process is killed", () => {
  it("goes on with what was not done, and does not do again what was", async () => {
    const job = 'client.with({ key: "job" }).map(note, Array.from({ length: 40 }, (_, i) => i), Array(40).fill(20))';
    const killed = await run(`${begin("job")}
      const futures = ${job};
      const sum = client.with({ key: "sum" }).submit((values) => values.reduce((a, b) => a + b), futures);
      await futures[15].result();
      await cluster.saved();
      console.log(futures.filter((future) => future.done()).length);
      die();`);
    const done = Number(killed.output);
    assert.ok(done >= 16 && done < 40, killed.errors);
    const ended = await run(`${begin("job")}
      console.log(await client.future("sum").result());
      const futures = ${job};
      console.log((await client.gather(futures)).join());
      await client.close();
      await cluster.close();`);
    const values = Array.from({ length: 40 }, (_, i) => 10 * i);
    assert.deepEqual(ended, { code: 0, output: `7800\n${values.join()}`, errors: "" });
    const runs = runsOf("job");
    assert.equal(runs.size, 40);
    // Two were at work when it was killed, and a few were done that had not been written down.
    const again = [...runs.values()].filter((times) => times > 1).length;
    assert.ok(again <= 6, `${again} tasks ran twice`);
    assert.ok([...runs.values()].every((times) => times <= 2));
  });

  it("has datasets, queues and variables, large values and failures, and futures by their keys", async () => {
    const killed = await run(`${begin("places")}
      const large = client.submit(() => new Float64Array(100_000).map((_, i) => i));
      const failed = client.submit(() => { throw new RangeError("as it should"); });
      const scattered = client.scatter(new Uint8Array(300_000).fill(9));
      const late = client.submit(note, 1, 60_000);
      await client.publishDataset("set", { large, list: [failed, scattered] });
      const queue = new Queue("queue", { client, maxSize: 5 });
      for (const item of ["first", new Map([[1n, large]]), "last"]) await queue.put(item);
      await queue.get();
      await new Variable("variable", { client }).set({ at: new Date(5) });
      await large.exception();
      await failed.exception();
      const unnamed = client.submit(note, 2, 0, 1);
      await unnamed.result();
      await cluster.saved();
      console.log(unnamed.key, scattered.key, late.key);
      die();`);
    const [unnamed, scattered, late] = killed.output.split(" ");
    const ended = await run(`${begin("places")}
      const { large, list } = await client.getDataset("set");
      const [failed, scattered] = list;
      console.log((await large.result())[99_999], (await failed.exception()).message, (await scattered.result())[299_999]);
      const queue = new Queue("queue", { client });
      const [[key, inner]] = await queue.get();
      console.log(key, inner.key === large.key, await queue.get(), await queue.size());
      console.log((await new Variable("variable", { client }).get()).at.getTime());
      console.log(await client.future("${unnamed}").result(), (await client.future("${scattered}").result()).length);
      const unfinished = client.future("${late}");
      unfinished.release();
      console.log(await client.listDatasets());
      await client.close();
      await cluster.close();`);
    assert.equal(
      ended.output,
      "99999 as it should 9\n1n true last 0\n5\n21 300000\n[ 'set' ]",
      `${ended.errors}\n${killed.errors}`,
    );
    assert.equal(runsOf("places").get("2"), 1);
  });

  it("runs what was to be run whoever wants it, and what tasks had submitted with what submitted it", async () => {
    const killed = await run(`${begin("forgotten", 1)}
      import { readFileSync } from "node:fs";
      const blocker = client.submit(note, "blocker", 0);
      await blocker.result();
      const outer = client.with({ key: "outer" }).submit(async (note) => {
        const inner = getClient().submit(note, "inner", 0);
        await inner.result();
        const last = getClient().submit(note, "last", 60_000 * getTask().attempt);
        return last.result();
      }, note);
      const forgotten = client.with({ priority: -1 }).submit(note, "forgotten", 0);
      fireAndForget(forgotten);
      forgotten.release();
      const log = () => readFileSync(${JSON.stringify(join(scratch, "forgotten.log"))}, "utf8");
      while (!log().includes("last")) await new Promise(setImmediate);
      await cluster.saved();
      die();`);
    assert.equal(killed.code, null, killed.errors);
    const ended = await run(`${begin("forgotten", 1)}
      import { readFileSync } from "node:fs";
      await client.ready;
      client.future("outer").release();
      const log = () => readFileSync(${JSON.stringify(join(scratch, "forgotten.log"))}, "utf8");
      while (!log().includes("forgotten")) await new Promise(setImmediate);
      await client.close();
      await cluster.close();
      console.log("ran");`);
    assert.deepEqual(ended, { code: 0, output: "ran", errors: "" });
    assert.equal(runsOf("forgotten").get("forgotten"), 1);
  });
});

describe("a durable cluster's name", () => {
  it("is one process's at a time: the second is told so, and harms nothing", async () => {
    const program = `${begin("taken")}
      const future = client.with({ key: "kept" }).submit(note, 1, 0);
      await future.result();
      await cluster.saved();
      console.log("open");
      process.stdin.once("data", async () => {
        await client.publishDataset("set", { future });
        await cluster.close();
        process.exit();
      });`;
    const file = new URL(`./.program-taken-${process.pid}.mjs`, import.meta.url);
    writeFileSync(file, program);
    try {
      const holder = spawn(process.execPath, [file.pathname], { stdio: ["pipe", "pipe", "inherit"] });
      await once(holder.stdout, "data");
      const second = await run(`${begin("taken")}
        const future = client.submit(() => 1);
        console.log(await cluster.ready.then(() => "ready", ({ message }) => message));
        console.log(await future.result().catch(({ name }) => name));
        await cluster.close();`);
      assert.match(second.output, new RegExp(`"taken" .* is in use by process ${holder.pid}: one at a time`));
      assert.match(second.output, /CommClosedError$/);
      holder.stdin.end("go on\n");
      await once(holder, "exit");
      const third = await run(`${begin("taken")}
        console.log(await client.listDatasets(), await client.future("kept").result());
        await client.close();
        await cluster.close();`);
      assert.equal(third.output, "[ 'set' ] 10");
    } finally {
      rmSync(file);
    }
  });

  it("stands for what a client that was closed has not let go of: datasets, and no futures", async () => {
    await run(`${begin("closed")}
      const kept = client.with({ key: "kept" }).submit(note, 1, 0);
      const gone = client.with({ key: "gone" }).submit(note, 2, 0);
      await client.publishDataset("set", [kept]);
      await client.gather([kept, gone]);
      await client.close();
      await cluster.close();`);
    const next = await run(`${begin("closed")}
      const [kept] = await client.getDataset("set");
      console.log(await kept.result(), (await client.future("gone").exception()).name);
      await client.close();
      await cluster.close();`);
    assert.deepEqual(next, { code: 0, output: "10 CancelledError", errors: "" });
  });

  it("of a journal that another version wrote is refused, and the journal stays as it is", async () => {
    await run(`${begin("newer")}
      await client.submit(note, 1, 0).result();
      await cluster.close();`);
    const journal = join(scratch, "newer", "journal");
    const bytes = readFileSync(journal);
    bytes[8] = 99;
    writeFileSync(journal, bytes);
    const refused = await run(`${begin("newer")}
      console.log(await cluster.ready.catch(({ message }) => message));
      await cluster.close();`);
    assert.match(refused.output, /the journal in .*newer is of version 99, and this manyhands knows version 1/);
    assert.deepEqual(readFileSync(journal), bytes);
  });
});
