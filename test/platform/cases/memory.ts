/** Workers that may not hold as much as they like: values are written out and come back, and what fits nowhere is refused. */
import { Client, type Future, LocalCluster } from "manyhands";
import { type Case, nextTurn } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

const MB = 2 ** 20;

/** A cluster with that limit, and a client of it. */
function limited(options: { nWorkers: number; memoryLimit: number; spill?: boolean }) {
  const cluster = new LocalCluster(options);
  const client = new Client(cluster);
  return {
    client,
    cluster,
    async [Symbol.asyncDispose]() {
      await client.close();
      await cluster.close();
    },
  };
}

async function memoryOf(client: Client) {
  const { workers } = await client.schedulerInfo();
  const all = Object.values(workers);
  const sum = (of: (worker: (typeof all)[number]) => number | undefined) =>
    all.reduce((bytes, worker) => bytes + (of(worker) ?? 0), 0);
  return { held: sum((worker) => worker.heldBytes), spilled: sum((worker) => worker.spilledBytes) };
}

export const memory: readonly Case[] = [
  {
    name: "values that there is no room for are written out, and are as they were when they are wanted",
    limitMs: 15_000,
    async run() {
      await using t = limited({ nWorkers: 2, memoryLimit: 8 * MB });
      const length = MB / 8;
      const arrays = t.client.map(
        (seed: number, n: number) => new Float64Array(n).fill(seed),
        range(32),
        fill(32, length),
      );
      const odd = t.client.submit(() => ({
        map: new Map([["list", Array.from({ length: 20_000 }, (_, i) => i)]]),
        when: new Date(5),
        bytes: new Uint8Array([1, 2, 3]),
      }));
      equal(await t.client.gather(t.client.map((a: Float64Array) => a.length, arrays)), fill(32, length));
      // What is still being written has to be waited for.
      let found = await memoryOf(t.client);
      for (; found.held > 2 * 8 * MB; found = await memoryOf(t.client)) await nextTurn();
      ok(found.spilled > 10 * MB, `${found.spilled} bytes are written out`);
      // By tasks where they are, by tasks elsewhere, which fetch them, and by the client.
      const sums = t.client.map(
        (a: Float64Array, b: Float64Array) => (a[7] as number) + (b[9] as number),
        arrays,
        [...arrays].reverse(),
      );
      equal(await t.client.gather(sums), fill(32, 31));
      const back = await t.client.gather(arrays);
      for (const [seed, array] of back.entries())
        ok(array.length === length && array.every((each) => each === seed), `array ${seed}`);
      const value = await odd.result();
      equal([value.map.get("list")?.length, value.when, [...value.bytes]], [20_000, new Date(5), [1, 2, 3]]);
    },
  },
  {
    name: "one task may need more values at once than are held otherwise",
    limitMs: 15_000,
    async run() {
      await using t = limited({ nWorkers: 1, memoryLimit: 10 * MB });
      const parts = t.client.map((seed: number) => new Float64Array(131_072).fill(seed), range(9));
      const sum = t.client.submit(
        (...all: Float64Array[]) => all.reduce((s, each) => s + (each[5] as number), 0),
        ...parts,
      );
      equal(await sum.result(), 36);
    },
  },
  {
    name: "a task that needs more than any worker may hold fails before it is sent, and says so",
    limitMs: 15_000,
    async run() {
      await using t = limited({ nWorkers: 2, memoryLimit: 4 * MB });
      await t.client.waitForWorkers(2);
      // One that has only just come, and has not said yet how much it may hold, might be larger.
      const limits = async () =>
        Object.values((await t.client.schedulerInfo()).workers).map((each) => each.memoryLimit);
      while ((await limits()).includes(undefined)) await nextTurn();
      const parts = t.client.map((seed: number) => new Float64Array(131_072).fill(seed), range(6));
      const sum = t.client.submit((...all: Float64Array[]) => all.length, ...parts);
      const error = await rejects(
        sum.result(),
        "MemoryLimitError",
        /was not sent.*no worker may hold more than 4194304/,
      );
      ok((error as Error & { nbytes: number }).nbytes >= 6 * MB, "it says how much it is");
      equal(await t.client.submit((a: Float64Array) => a[0], parts[5] as Future<Float64Array>).result(), 5);
    },
  },
  {
    name: "where nothing is to be written out, results beyond the limit are refused, and nothing is lost",
    limitMs: 15_000,
    async run() {
      await using t = limited({ nWorkers: 1, memoryLimit: 4 * MB, spill: false });
      const arrays = t.client.map((seed: number) => new Float64Array(131_072).fill(seed), range(8));
      const outcomes = await Promise.allSettled(
        arrays.map((future) => t.client.submit((a: Float64Array) => a[3], future).result()),
      );
      const fine = outcomes.flatMap((each, i) => (each.status === "fulfilled" ? [[each.value, i]] : []));
      ok(fine.length >= 3 && fine.length < 8, `${fine.length} of 8 found room`);
      for (const [value, i] of fine) equal(value, i);
      const refused = outcomes.find((each) => each.status === "rejected") as PromiseRejectedResult;
      await rejects(Promise.reject(refused.reason), "MemoryLimitError", /no room.*spill: false.*release futures/);
      for (const future of arrays) future.release();
      equal(
        await t.client
          .submit(() => new Float64Array(131_072).fill(9))
          .result()
          .then((a) => a[0]),
        9,
      );
    },
  },
  {
    name: "schedulerInfo() tells the limit, and limits that make no sense are refused at once",
    async run() {
      await using t = limited({ nWorkers: 1, memoryLimit: 64 * MB });
      await t.client.waitForWorkers(1);
      equal(await t.client.submit(() => 1).result(), 1);
      const [worker] = Object.values((await t.client.schedulerInfo()).workers);
      equal(worker?.memoryLimit, 64 * MB);
      equal(worker?.spilledBytes, 0);
      throws(() => new LocalCluster({ memoryLimit: -1 }), "RangeError", /memoryLimit/);
      throws(() => new LocalCluster({ memoryLimit: 1.5 }), "RangeError", /memoryLimit/);
      throws(() => new LocalCluster({ spill: true }), "RangeError", /memoryLimit/);
    },
  },
];

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function fill<T>(n: number, value: T): T[] {
  return new Array<T>(n).fill(value);
}
