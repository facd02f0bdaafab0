/** What users of futures write every day, from the first line to whole algorithms. */
import { asCompleted, type Future, fireAndForget, wait } from "manyhands";
import { type Case, channelName, listenOn } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

const add = (x: number, y: number) => x + y;
const square = (x: number) => x ** 2;
const mightFail = (x: number) => {
  if (x < 0) throw new RangeError("Negative value");
  return x ** 2;
};

export const patterns: readonly Case[] = [
  {
    name: "submitting one task",
    async run({ client }) {
      const future = client.submit(add, 1, 2);
      equal(await future.result(), 3);
    },
  },
  {
    name: "submitting independent tasks in a loop, and gathering them",
    async run({ client }) {
      const futures: Future<number>[] = [];
      for (let i = 0; i < 10; i++) futures.push(client.submit(add, i, i));
      equal(await client.gather(futures), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    },
  },
  {
    name: "mapping over inputs",
    async run({ client }) {
      const futures = client.map(square, Array(100).keys());
      const squares = await client.gather(futures);
      equal([squares.length, squares[99]], [100, 9801]);
    },
  },
  {
    name: "asking whether it is done, without waiting",
    async run({ client }) {
      const future = client.submit(add, 1, 1);
      equal([future.done(), future.status], [false, "pending"]);
      await future.result();
      equal([future.done(), future.status], [true, "finished"]);
    },
  },
  {
    name: "a callback for the result",
    async run({ client }) {
      const future = client.submit(add, 3, 4);
      const heard = new Promise((resolve) => future.addDoneCallback((done) => done.result().then(resolve)));
      equal(await heard, 7);
    },
  },
  {
    name: "catching what a task throws",
    async run({ client }) {
      const future = client.submit(mightFail, -5);
      await rejects(future.result(), "RangeError", /Negative value/);
      ok((await future.traceback())?.includes("mightFail"), "the traceback tells where");
    },
  },
  {
    name: "chains of dependencies",
    async run({ client }) {
      const future1 = client.submit(add, 1, 2);
      const future2 = client.submit(add, future1, 10);
      const future3 = client.submit(add, future2, 100);
      equal(await future3.result(), 113);
    },
  },
  {
    name: "a task with two dependencies",
    async run({ client }) {
      const a = client.submit(square, 3);
      const b = client.submit(square, 4);
      equal(await client.submit(add, a, b).result(), 25);
    },
  },
  {
    name: "data scattered once and used by a hundred tasks",
    async run({ client }) {
      const bigData = Float64Array.from({ length: 200_000 }, (_, i) => i);
      const dataset = client.scatter(bigData);
      const futures = Array.from({ length: 100 }, (_, i) =>
        client.submit((data: Float64Array, at: number) => (data[at] as number) * 2, dataset, i),
      );
      equal(
        await client.gather(futures),
        Array.from({ length: 100 }, (_, i) => i * 2),
      );
    },
  },
  {
    name: "fire and forget",
    async run({ client }) {
      const channel = channelName();
      const ears = await listenOn(channel);
      const log = (name: string, entry: string) => {
        const database = new BroadcastChannel(name);
        database.postMessage(entry);
        database.close();
      };
      fireAndForget(client.submit(log, channel, "an entry"));
      equal(await ears.word, "an entry");
    },
  },
  {
    name: "a parameter sweep, gathered as results come",
    async run({ client }) {
      const simulate = (a: number, b: number, c: number) => a * 100 + b * 10 + c;
      const futures: Future<number>[] = [];
      for (let a = 0; a < 6; a++)
        for (let b = 0; b < 6; b++) for (let c = 0; c < 6; c++) futures.push(client.submit(simulate, a, b, c));
      const seen = new Set<number>();
      for await (const future of asCompleted(futures)) seen.add(await future.result());
      equal([seen.size, Math.max(...seen)], [216, 555]);
    },
  },
  {
    name: "a pipeline in three stages",
    async run({ client }) {
      const load = (file: string) => Array.from({ length: 1000 }, (_, i) => i + file.length);
      const clean = (rows: readonly number[]) => rows.filter((row) => row % 2 === 0);
      const aggregate = (tables: readonly (readonly number[])[]) => tables.flat().reduce((a, b) => a + b, 0);
      const files = ["a.csv", "bb.csv", "ccc.csv"];
      const loaded = files.map((file) => client.submit(load, file));
      const cleaned = loaded.map((table) => client.submit(clean, table));
      const expected = aggregate(files.map(load).map(clean));
      equal(await client.submit(aggregate, cleaned).result(), expected);
    },
  },
  {
    name: "an iterative algorithm that stops when it has converged",
    async run({ client }) {
      const update = (state: Float64Array) => state.map((x) => (x + 2 / x) / 2);
      const hasConverged = (state: Float64Array) => state.every((x) => Math.abs(x * x - 2) < 1e-12);
      let state: Future<Float64Array> = client.scatter(new Float64Array(10_000).fill(1));
      let rounds = 0;
      for (; rounds < 50; rounds++) {
        state = client.submit(update, state);
        if (await client.submit(hasConverged, state).result()) break;
      }
      ok(rounds < 10, `it took ${rounds} rounds`);
      ok(Math.abs(((await state.result())[9999] as number) - Math.SQRT2) < 1e-12, "it is the root of two");
    },
  },
  {
    name: "conditional steps that depend on what came out before",
    async run({ client }) {
      const first = client.submit(square, 3);
      const next = (await first.result()) > 5 ? client.submit(add, first, 1) : client.submit(add, first, -1);
      equal(await next.result(), 10);
    },
  },
  {
    name: "sorting good results from errors as they come",
    async run({ client }) {
      const [results, errors]: [number[], unknown[]] = [[], []];
      for await (const future of asCompleted(client.map(mightFail, [1, -2, 3, -4]))) {
        try {
          results.push(await future.result());
        } catch (error) {
          errors.push(error);
        }
      }
      equal([results.sort(), errors.length], [[1, 9], 2]);
    },
  },
  {
    name: "an important result used more than once, then let go",
    async run({ client }) {
      const important = client.submit((n: number) => Array.from({ length: n }, (_, i) => i), 20_000);
      const length = client.submit((x: readonly number[]) => x.length, important);
      const last = client.submit((x: readonly number[]) => x.at(-1) as number, important);
      important.release();
      equal(await client.gather([length, last]), [20_000, 19_999]);
    },
  },
  {
    name: "a tree reduction of partial sums",
    async run({ client }) {
      let level: Future<number>[] = client.map(
        square,
        Array.from({ length: 64 }, (_, i) => i),
      );
      while (level.length > 1) {
        level = Array.from({ length: level.length / 2 }, (_, i) =>
          client.submit(add, level[2 * i] as Future<number>, level[2 * i + 1] as Future<number>),
        );
      }
      equal(await level[0]?.result(), 85_344);
    },
  },
  {
    name: "waiting for the first of many, and dropping the rest",
    async run({ client }) {
      const futures = client.map(square, [1, 2, 3, 4, 5]);
      const { done, notDone } = await wait(futures, { returnWhen: "FIRST_COMPLETED" });
      equal([done.size >= 1, done.size + notDone.size], [true, 5]);
      client.cancel(notDone);
      await wait(futures);
    },
  },
];
