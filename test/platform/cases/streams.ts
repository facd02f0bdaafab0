/** Many items, one after the other: mapStream(). */
import { asCompleted, getTask } from "manyhands";
import { type Case, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

const double = (x: number) => x * 2;

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Counts, and tells how far it came. */
function counting(end: number) {
  const source = {
    count: 0,
    isClosed: false,
    async *[Symbol.asyncIterator]() {
      try {
        while (source.count < end) yield source.count++;
      } finally {
        source.isClosed = true;
      }
    },
  };
  return source;
}

export const streams: readonly Case[] = [
  {
    name: "mapStream() gives the results of a source in order",
    async run({ client }) {
      equal(await listOf(client.mapStream(double, [1, 2, 3])), [2, 4, 6]);
      const many = await listOf(client.mapStream(double, counting(500), { limit: 7 }));
      equal(
        many,
        Array.from({ length: 500 }, (_, i) => i * 2),
      );
      equal(await listOf(client.mapStream(double, [])), []);
    },
  },
  {
    name: "mapStream() gives all results in any order, if told to",
    async run({ client }) {
      const results = await listOf(client.mapStream(double, counting(50), { ordered: false }));
      equal(
        results.sort((a, b) => a - b),
        Array.from({ length: 50 }, (_, i) => i * 2),
      );
    },
  },
  {
    name: "mapStream() takes futures among the items, and futures as they end",
    async run({ client }) {
      const futures = client.map(double, [1, 2, 3]);
      equal(await listOf(client.mapStream(double, futures)), [4, 8, 12]);
      const results = await listOf(client.mapStream(double, asCompleted(futures)));
      equal(results.sort(), [12, 4, 8]);
    },
  },
  {
    name: "streams of streams hold the first source back",
    async run({ client }) {
      const source = counting(1000);
      const twice = client.mapStream(double, client.mapStream(double, source, { limit: 4 }), { limit: 4 });
      const seen: number[] = [];
      for await (const value of twice) {
        seen.push(value);
        ok(source.count <= seen.length + 8, `${source.count} were taken for ${seen.length}`);
        if (seen.length === 10) break;
      }
      equal(
        seen,
        Array.from({ length: 10 }, (_, i) => i * 4),
      );
      ok(source.isClosed, "the first source is closed");
    },
  },
  {
    name: "mapStream() that is given up, or fails, leaves nothing in the cluster",
    async run() {
      await using t = start();
      const wait = (i: number) => {
        const { signal } = getTask();
        if (i === 0 || signal.aborted) return i;
        return new Promise<number>((resolve) => signal.addEventListener("abort", () => resolve(i)));
      };
      const source = counting(1000);
      for await (const value of t.client.mapStream(wait, source)) {
        equal(value, 0);
        break;
      }
      ok(source.isClosed, "the source is closed");
      const again = counting(1000);
      const refuse = (i: number) => {
        if (i === 3) throw new RangeError("three");
        return i;
      };
      const seen: number[] = [];
      const read = async () => {
        for await (const value of t.client.mapStream(refuse, again)) seen.push(value);
      };
      await rejects(read(), "RangeError", /three/);
      equal(seen, [0, 1, 2]);
      ok(again.isClosed, "the source is closed");
      await t.client.schedulerInfo();
      const waiting = [...t.cluster.scheduler.machine.state.tasks.values()].map(({ key }) => key);
      equal(waiting, []);
    },
  },
];
