/** Many items, one after the other: mapStream(), and stream() for generators. */
import { asCompleted, Client, closure, type Future, fromModule, getTask, transfer } from "manyhands";
import type * as Work from "../work-module.mjs";
import { type Case, nextTurn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

/** What the functions below find where they run. */
declare const close: (() => void) | undefined;

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

function* countTo(end: number) {
  for (let i = 1; i <= end; i++) yield i;
  return "done";
}

/** Yields three items, and reports how far it came; the first time it ends its thread after the first. */
async function* mortal() {
  const task = getTask();
  yield task.attempt;
  task.progress(0.5);
  if (task.attempt === 1) {
    // What it has yielded is to leave the thread before that ends.
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (typeof process === "object") process.exit(1);
    (close as () => void)();
    await new Promise(() => {});
  }
  yield 2;
  yield 3;
}

/** Settles when the task reports progress in this attempt. */
function reported(future: Future, times: number): Promise<void> {
  let count = 0;
  return new Promise((resolve) => {
    future.onProgress(() => {
      count += 1;
      if (count === times) resolve();
    });
  });
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
  {
    name: "stream() gives what a generator yields, and its future what it returns",
    async run({ client, work }) {
      const stream = client.stream(countTo, 3);
      equal(await listOf(stream), [1, 2, 3]);
      equal(await stream.future.result(), "done");
      equal(await stream.next(), { done: true, value: undefined });
      const later = client.stream(
        async function* (texts: string[]) {
          for (const text of texts) yield await Promise.resolve(text.toUpperCase());
        },
        ["a", "b"],
      );
      equal(await listOf(later), ["A", "B"]);
      const factor = 3;
      const bound = closure({ factor, countTo }, function* (end: number) {
        for (const i of countTo(end)) yield i * factor;
      });
      equal(await listOf(client.stream(bound, client.submit(double, 2))), [3, 6, 9, 12]);
      const { countTo: elsewhere } = fromModule<typeof Work>(work);
      equal(await listOf(client.stream(elsewhere, 2)), [1, 2]);
      equal(await listOf(client.stream(() => [1, 2])), [1, 2]);
      equal(await listOf(client.stream(countTo, 0)), []);
    },
  },
  {
    name: "what a stream returns is an input like any other",
    async run({ client }) {
      const stream = client.stream(countTo, 3);
      equal(await client.submit((text: string) => text.length, stream.future).result(), 4);
      equal(await listOf(stream), [1, 2, 3], "its items are there all the same");
    },
  },
  {
    name: "a stream brings many items, and large ones",
    async run({ client }) {
      let count = 0;
      for await (const i of client.with({ limit: 300 }).stream(countTo, 5000)) equal(i, ++count);
      equal(count, 5000);
      const large = client.stream(function* () {
        const same = new Float64Array(50_000);
        for (let i = 0; i < 20; i++) {
          same.fill(i);
          yield same;
        }
        yield transfer(same, [same.buffer]);
      });
      const seen = (await listOf(large)).map((array) => [array.length, array[49_999]]);
      equal(
        seen,
        Array.from({ length: 21 }, (_, i) => [50_000, Math.min(i, 19)]),
      );
    },
  },
  {
    name: "a generator waits when its items are not taken, and its worker does something else",
    async run() {
      await using t = start({ nWorkers: 1 });
      const stream = t.client.with({ limit: 3 }).stream(function* () {
        for (let i = 1; ; i++) {
          getTask().progress(i);
          yield i;
        }
      });
      let made = 0;
      stream.future.onProgress(({ fraction }) => {
        made = fraction;
      });
      equal(await t.client.submit(double, 1).result(), 2, "there is a slot for others");
      equal([made, stream.future.status], [3, "running"]);
      for await (const i of stream) {
        equal(await t.client.submit(double, i).result(), i * 2);
        ok(made <= i + 3, `${made} were made when ${i} was taken`);
        if (i === 10) break;
      }
      equal(stream.future.status, "cancelled");
    },
  },
  {
    name: "more streams than slots are read in step",
    async run() {
      await using t = start({ nWorkers: 1 });
      const all = [1, 2, 3, 4, 5].map(() => t.client.with({ limit: 1 }).stream(countTo, 3));
      for (let i = 1; i <= 3; i++) {
        const row = await Promise.all(all.map(async (stream) => (await stream.next()).value));
        equal(row, [i, i, i, i, i]);
      }
      for (const stream of all) equal((await stream.next()).done, true);
    },
  },
  {
    name: "an error of a generator is thrown after the items before it",
    async run({ client }) {
      const stream = client.stream(async function* () {
        yield 1;
        yield 2;
        throw Object.assign(new RangeError("three"), { code: 3 });
      });
      const seen: number[] = [];
      const read = async () => {
        for await (const i of stream) seen.push(i);
      };
      const error = (await rejects(read(), "RangeError", /three/)) as Error & { code: number };
      equal([seen, error.code, stream.future.status], [[1, 2], 3, "error"]);
      equal((await stream.next()).done, true, "it is thrown once");
      const wrong = client.stream((() => 5) as unknown as () => number[]);
      await rejects(listOf(wrong), "TypeError", /generator/);
      await rejects(
        listOf(
          client.stream(function* () {
            yield { deep: [() => 1] };
          }),
        ),
        "UnserializableError",
        /items\[0\]\.deep\[0\]/,
      );
    },
  },
  {
    name: "a failed stream that is retried gives what it returns, and its items no more",
    async run({ client }) {
      const stream = client.stream(async function* () {
        yield getTask().attempt;
        if (getTask().attempt === 1) throw new RangeError("the first time");
        for (let i = 0; i < 99; i++) yield i;
        return "end";
      });
      await rejects(listOf(stream), "RangeError");
      stream.future.retry();
      equal(await stream.future.result(), "end");
      equal(await listOf(stream), []);
    },
  },
  {
    name: "break ends a generator: its signal is aborted, and it cleans up",
    async run() {
      await using t = start({ nWorkers: 1 });
      const name = `manyhands-${Math.random()}`;
      const stream = t.client.stream(function* (name: string) {
        const { signal } = getTask();
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          Reflect.set(globalThis, name, signal.aborted);
        }
      }, name);
      for await (const i of stream) if (i === 40) break;
      equal(stream.future.status, "cancelled");
      equal(await t.client.submit((name: string) => Reflect.get(globalThis, name) as boolean, name).result(), true);
      await t.client.schedulerInfo();
      equal([...t.cluster.scheduler.machine.state.tasks.values()].length, 0);
      equal((await stream.next()).done, true);
    },
  },
  {
    name: "a stream that is cancelled elsewhere ends with that",
    async run({ cluster }) {
      const client = new Client(cluster);
      const controller = new AbortController();
      const stream = client.with({ signal: controller.signal }).stream(countTo, 1e9);
      const read = (async () => {
        for await (const i of stream) if (i === 20) controller.abort(new Error("enough"));
      })();
      await rejects(read, "CancelledError", /enough/);
      const other = client.stream(countTo, 1e9);
      await other.next();
      const waiting = (async () => {
        for await (const _ of other) await nextTurn();
      })();
      await client.close();
      await rejects(waiting, "CancelledError", /closed/);
    },
  },
  {
    name: "a generator whose worker dies starts over, if nothing of it was taken",
    async run() {
      await using t = start();
      const stream = t.client.stream(mortal);
      await reported(stream.future, 2);
      equal(await listOf(stream), [2, 2, 3]);
    },
  },
  {
    name: "a stream ends with the death of its worker, if something of it was taken",
    async run() {
      await using t = start();
      const stream = t.client.stream(mortal);
      equal((await stream.next()).value, 1);
      await rejects(stream.next(), "KilledWorkerError", /after 1 of its items had been used/);
      equal((await stream.next()).done, true);
      equal(stream.future.status, "error");
    },
  },
  {
    name: "the items of a stream can be the source of mapStream()",
    async run({ client }) {
      equal(await listOf(client.mapStream(double, client.stream(countTo, 40), { limit: 3 })), [
        ...Array.from({ length: 40 }, (_, i) => 2 * (i + 1)),
      ]);
    },
  },
  {
    name: "a name in use has no items for others",
    async run({ cluster, client }) {
      await using other = new Client(cluster);
      const key = `stream-${Math.random()}`;
      const mine = client.with({ key, limit: 1 }).stream(countTo, 3);
      equal((await mine.next()).value, 1);
      const theirs = other.with({ key }).stream(countTo, 3);
      await rejects(listOf(theirs), "Error", /has no items for this client/);
      equal(await listOf(mine), [2, 3]);
      equal(await theirs.future.result(), "done");
    },
  },
  {
    name: "submit(), map() and mapStream() refuse generators, and say what takes them",
    async run({ client, work }) {
      throws(() => client.submit(countTo, 3), "TypeError", /countTo is a generator function: client\.stream\(\)/);
      throws(() => client.submit(async function* () {}), "TypeError", /client\.stream\(\)/);
      throws(() => client.map(closure({}, countTo), [3]), "TypeError", /client\.stream\(\)/);
      throws(() => client.mapStream(countTo, [3]), "TypeError", /client\.stream\(\)/);
      throws(() => client.with({ limit: 0 }).stream(countTo, 3), "TypeError", /limit/);
      throws(() => client.stream(5 as unknown as () => number[]), "TypeError", /must be a function/);
      const { countTo: elsewhere } = fromModule<typeof Work>(work);
      await rejects(client.submit(elsewhere, 3).result(), "UnserializableError", /client\.stream\(\)/);
    },
  },
];
