/** map, gather, asCompleted and wait: many futures at once. */
import { asCompleted, type Future, wait } from "manyhands";
import { begun, type Case, channelName, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

const double = (x: number) => x * 2;
const refuse = (x: number) => {
  if (x < 0) throw new RangeError(`${x} is negative`);
  return x;
};

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const byKey = (futures: Iterable<Future>) => [...futures].map(({ key }) => key).sort();

export const collections: readonly Case[] = [
  {
    name: "map() makes one task for each element, in order",
    async run({ client }) {
      const futures = client.map(double, [1, 2, 3]);
      equal(futures.length, 3);
      equal(await client.gather(futures), [2, 4, 6]);
      equal(client.map(double, []), []);
    },
  },
  {
    name: "map() takes any iterable, and several in step to the end of the shortest",
    async run({ client }) {
      function* numbers() {
        yield* [1, 2, 3];
      }
      equal(await client.gather(client.map(double, numbers())), [2, 4, 6]);
      equal(await client.gather(client.map(double, new Set([5, 6]))), [10, 12]);
      equal(await client.gather(client.map((x: string) => x + x, "abc")), ["aa", "bb", "cc"]);
      const add = (x: number, y: number) => x + y;
      equal(await client.gather(client.map(add, [1, 2, 3], numbers())), [2, 4, 6]);
      equal(await client.gather(client.map(add, [1, 2, 3], [10])), [11]);
    },
  },
  {
    name: "map() takes futures among the elements, and inside them",
    async run({ client }) {
      const first = client.map(double, [1, 2]);
      equal(await client.gather(client.map(double, first)), [4, 8]);
      const sum = ({ all }: { all: readonly number[] }) => all.reduce((a, b) => a + b, 0);
      equal(await client.gather(client.map(sum, [{ all: first }, { all: [1] }])), [6, 1]);
    },
  },
  {
    name: "keys name the tasks of map(), and one key is where their names begin",
    async run() {
      await using own = start();
      const named = own.client.with({ key: ["a", "b"] }).map(double, [1, 2]);
      equal(
        named.map(({ key }) => key),
        ["a", "b"],
      );
      equal(await own.client.gather(named), [2, 4]);
      const alike = own.client.with({ key: "row" }).map(double, [1, 2]);
      equal(await own.client.gather(alike), [2, 4]);
      ok(alike[0]?.key !== alike[1]?.key, "two tasks have two names");
      ok(
        alike.every(({ key }) => key.startsWith("row")),
        "that begin alike",
      );
    },
  },
  {
    name: "gather() keeps any nesting, and leaves what is no future as it is",
    async run({ client }) {
      const [one, two] = [client.submit(double, 1), client.submit(double, 2)];
      const day = new Date(0);
      const nested = {
        list: [one, [two, [one]]],
        map: new Map<unknown, unknown>([
          ["k", one],
          [two, "v"],
        ]),
        set: new Set([one, two]),
        object: { a: { b: two } },
        day,
        text: "text",
        nothing: null,
      };
      const gathered = await client.gather(nested);
      equal(gathered, {
        list: [2, [4, [2]]],
        map: new Map<unknown, unknown>([
          ["k", 2],
          [4, "v"],
        ]),
        set: new Set([2, 4]),
        object: { a: { b: 4 } },
        day,
        text: "text",
        nothing: null,
      });
      equal(await client.gather(one), 2, "a single future");
      equal(await client.gather(5), 5);
      equal(await client.gather([]), []);
    },
  },
  {
    name: "gather() brings large and small values, each key once",
    async run({ client }) {
      const large = client.submit(() => new Float64Array(50_000).fill(3));
      const small = client.submit(double, 1);
      const [a, b, c] = await client.gather([large, small, large]);
      ok(a === c, "the same future is the same object");
      equal([a.length, a[49_999], b], [50_000, 3, 2]);
    },
  },
  {
    name: "gather() rejects with the first error, and skips failed ones if told to",
    async run({ client }) {
      const futures = client.map(refuse, [1, -2, 3]);
      await rejects(client.gather(futures), "RangeError", /-2 is negative/);
      equal(await client.gather(futures, { errors: "skip" }), [1, 3]);
      const bad = futures[1] as Future<number>;
      const shape = {
        list: [futures[0], bad],
        set: new Set([bad, futures[2]]),
        map: new Map([["x", bad]]),
        field: bad,
      };
      equal(await client.gather(shape, { errors: "skip" }), {
        list: [1],
        set: new Set([3]),
        map: new Map(),
        field: undefined,
      });
    },
  },
  {
    name: "gather() is about what it was given, whatever becomes of the list meanwhile",
    async run({ client }) {
      const futures = client.map(double, [1, 2]);
      const gathered = client.gather(futures);
      futures.push(client.submit(double, 3));
      futures.shift();
      equal(await gathered, [2, 4]);
    },
  },
  {
    name: "gather() takes futures of another client",
    async run({ cluster }) {
      const { Client } = await import("manyhands");
      const [one, two] = [new Client(cluster), new Client(cluster)];
      try {
        const small = one.submit(double, 4);
        const large = one.submit(() => new Float64Array(50_000).fill(1));
        const other = two.submit(double, 5);
        const [a, b, c] = await two.gather([small, large, other]);
        equal([a, b.length, c], [8, 50_000, 10]);
      } finally {
        await one.close();
        await two.close();
      }
    },
  },
  {
    name: "asCompleted() yields futures as they end, failed and cancelled ones too",
    async run() {
      await using own = start();
      const [slow, given] = [channelName(), channelName()];
      const first = own.client.submit(onWord, slow);
      const second = own.client.submit(onWord, given);
      await Promise.all([begun(first), begun(second)]);
      const seen: string[] = [];
      const ended = asCompleted([first, second]);
      equal(ended.count(), 2);
      sayOn(given, 1);
      for await (const future of ended) {
        seen.push(`${future === second} ${future.status}`);
        if (future === second) sayOn(slow, 2);
      }
      equal(seen, ["true finished", "false finished"]);
      const bad = own.client.submit(refuse, -1);
      const cancelled = own.client.submit(onWord, channelName());
      cancelled.cancel({ force: true });
      equal(byKey(await listOf(asCompleted([bad, cancelled]))), byKey([bad, cancelled]));
      equal([bad.status, cancelled.status], ["error", "cancelled"]);
    },
  },
  {
    name: "asCompleted() can grow while it is iterated, and yields as often as it was given",
    async run({ client }) {
      const ended = asCompleted<number>([client.submit(double, 1)]);
      const seen: number[] = [];
      for await (const future of ended) {
        seen.push(await future.result());
        if (seen.length === 1) {
          const again = client.submit(double, 2);
          ended.add(again);
          ended.update([again, future]);
          equal(ended.count(), 3);
        }
      }
      equal(seen.sort(), [2, 2, 4, 4]);
      equal(ended.count(), 0);
    },
  },
  {
    name: "asCompleted() gives values along if asked, and errors as the case may be",
    async run({ client }) {
      const futures = client.map(refuse, [1, 2]);
      const pairs = await listOf(asCompleted(futures, { withResults: true }));
      equal(pairs.map(([future, value]) => [futures.includes(future), value]).sort(), [
        [true, 1],
        [true, 2],
      ]);
      const large = client.submit(() => new Float64Array(50_000).fill(2));
      for await (const [future, value] of asCompleted([large], { withResults: true })) {
        equal([future === large, value.length, value[9]], [true, 50_000, 2]);
      }
      const bad = client.submit(refuse, -7);
      await rejects(listOf(asCompleted([bad], { withResults: true })), "RangeError", /-7/);
      const outcomes = await listOf(asCompleted([bad], { withResults: true, raiseErrors: false }));
      equal(outcomes, [[bad, { status: "rejected", reason: new RangeError("-7 is negative") }]]);
      const good = await listOf(asCompleted([futures[0] as Future<number>], { withResults: true, raiseErrors: false }));
      equal(good, [[futures[0], { status: "fulfilled", value: 1 }]]);
    },
  },
  {
    name: "asCompleted() in batches: all that has ended since",
    async run({ client }) {
      const futures = client.map(double, [1, 2, 3, 4]);
      await wait(futures);
      const ended = asCompleted(futures);
      const batches = await listOf(ended.batches());
      equal(batches, [futures]);
      const later = client.map(double, [5, 6, 7]);
      const sizes = (await listOf(asCompleted(later).batches())).map((batch) => batch.length);
      equal(
        sizes.reduce((a, b) => a + b, 0),
        3,
      );
    },
  },
  {
    name: "asCompleted().clear() ends iterations",
    async run({ client }) {
      const channel = channelName();
      const held = client.submit(onWord, channel);
      const ended = asCompleted<unknown>([held]);
      const iterated = listOf(ended);
      ended.clear();
      equal(await iterated, []);
      equal(ended.count(), 0);
      await begun(held);
      ended.add(held);
      sayOn(channel, "over");
      equal(await listOf(ended), [held], "it can be used again");
    },
  },
  {
    name: "asCompleted() ends for a future that is cancelled while waited for",
    async run() {
      await using own = start({ nWorkers: 1 });
      const held = own.client.submit(onWord, channelName());
      const behind = own.client.submit(double, 1);
      await begun(held);
      const ended = asCompleted([held, behind]);
      held.cancel({ force: true });
      equal((await listOf(ended)).length, 2);
      equal([held.status, behind.status], ["cancelled", "finished"]);
    },
  },
  {
    name: "asCompleted() takes futures only",
    run() {
      throws(() => asCompleted([5 as unknown as Future]), "TypeError", /futures/);
    },
  },
  {
    name: "wait() waits for all, and throws for none",
    async run({ client }) {
      const futures = client.map(refuse, [1, -1, 2]);
      const given = client.submit(double, 5);
      given.cancel();
      const { done, notDone } = await wait([...futures, given]);
      equal([done.size, notDone.size], [4, 0]);
      equal(
        [...futures, given].map(({ status }) => status),
        ["finished", "error", "finished", "cancelled"],
      );
      equal(await wait([]), { done: new Set(), notDone: new Set() });
    },
  },
  {
    name: "wait() returns with the first, or with as many as were asked for",
    async run() {
      await using own = start();
      const channel = channelName();
      const held = own.client.submit(onWord, channel);
      const running = begun(held);
      const quick = own.client.submit(double, 1);
      const first = await wait<unknown>([held, quick], { returnWhen: "FIRST_COMPLETED" });
      equal([first.done, first.notDone], [new Set([quick]), new Set([held])]);
      const third = own.client.submit(double, 2);
      const two = await wait<unknown>([held, quick, third], { returnWhen: 2 });
      equal([two.done, two.notDone], [new Set([quick, third]), new Set([held])]);
      equal((await wait([quick], { returnWhen: 0 })).done.size, 1);
      await running;
      sayOn(channel, "over");
      equal((await wait<unknown>([held, quick], { returnWhen: 99 })).done.size, 2);
    },
  },
  {
    name: "wait() is given up by its signal, and refuses what it does not know",
    async run({ client }) {
      const channel = channelName();
      const held = client.submit(onWord, channel);
      await begun(held);
      const controller = new AbortController();
      const waited = wait([held], controller);
      controller.abort(new RangeError("enough"));
      await rejects(waited, "RangeError", /enough/);
      throws(() => wait([], { returnWhen: "SOME" as "ALL_COMPLETED" }), "TypeError", /returnWhen/);
      sayOn(channel, "over");
      await wait([held]);
    },
  },
];
