/** Values that are published under a name, and outlive whoever published them. */
import { Client, type Future, wait } from "manyhands";
import { type Case, knownTasks, nextTurn, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
const ones = () => new Float64Array(100_000).fill(1);

export const datasets: readonly Case[] = [
  {
    name: "a dataset outlives the client that published it; another gets live futures",
    async run() {
      await using own = start();
      const one = new Client(own.cluster);
      const large = one.submit(ones);
      const small = one.submit(() => ({ list: [1] }));
      const pending = one.submit(sum, large);
      await small.result();
      const value = {
        large,
        deep: [small, new Map([["sum", pending]])],
        plain: new Uint8Array([7]),
        date: new Date(5),
      };
      await one.publishDataset("points", value);
      await one.close();
      equal(await own.client.listDatasets(), ["points"]);
      const read = await own.client.getDataset<typeof value>("points");
      const [theirSmall, theirMap] = read.deep as [Future<{ list: number[] }>, Map<string, Future<number>>];
      equal([read.plain, read.date], [new Uint8Array([7]), new Date(5)]);
      equal(read.large.key, large.key);
      equal(theirSmall.key, small.key, "even of what had been delivered");
      equal(await own.client.submit(sum, read.large).result(), 100_000, "as an input");
      equal((await read.large.result()).length, 100_000);
      equal(await theirMap.get("sum")?.result(), 100_000);
      (await theirSmall.result()).list.push(2);
      const again = (await own.client.getDataset<typeof value>("points")).deep[0] as typeof theirSmall;
      equal(await again.result(), { list: [1] }, "each reader has a copy of its own");
      equal(await own.client.unpublishDataset("points"), true);
      equal(await own.client.unpublishDataset("points"), false, "unknown is quiet");
      equal(await own.client.submit(sum, read.large).result(), 100_000, "what was read is the reader's");
      for (const future of [read.large, theirSmall, again, theirMap.get("sum")]) future?.release();
    },
  },
  {
    name: "what nobody has and nobody publishes is forgotten",
    async run() {
      await using own = start();
      const one = new Client(own.cluster);
      const future = one.submit(ones);
      await wait([future]);
      await one.publishDataset("ones", [future]);
      future.release();
      await one.close();
      await nextTurn();
      equal(knownTasks(own.cluster), 1);
      await own.client.unpublishDataset("ones");
      await nextTurn();
      equal(knownTasks(own.cluster), 0);
    },
  },
  {
    name: "a future, plain data and undefined are datasets, too",
    async run({ client }) {
      const name = (i: number) => `plain ${i}`;
      const values = [5, undefined, null, "text", { a: [1] }];
      for (const [i, value] of values.entries()) await client.publishDataset(name(i), value);
      for (const [i, value] of values.entries()) equal(await client.getDataset(name(i)), value);
      await client.publishDataset(
        "future",
        client.submit(() => 5),
      );
      const future = await client.getDataset<Future<number>>("future");
      equal(await future.result(), 5);
      for (const each of await client.listDatasets()) await client.unpublishDataset(each);
    },
  },
  {
    name: "names are told apart, and errors say what to do",
    async run({ client }) {
      await client.publishDataset("a", 1);
      await rejects(client.publishDataset("a", 2), "Error", /there is a dataset "a" already.*override/);
      equal(await client.getDataset("a"), 1);
      await client.publishDataset("a", 2, { override: true });
      equal(await client.getDataset("a"), 2);
      await rejects(client.getDataset("b"), "Error", /no dataset "b"; there are "a"/);
      equal(await client.getDataset("b", { default: "none" }), "none");
      await client.unpublishDataset("a");
      await rejects(client.getDataset("a"), "Error", /nothing is published/);
      await rejects(client.publishDataset("f", [() => 1]), "UnserializableError", /holds functions/);
      const released = client.submit(() => 1);
      released.release();
      await rejects(client.publishDataset("r", released), "CancelledError", /released or cancelled/);
    },
  },
  {
    name: "the value is captured at the call",
    async run({ client }) {
      const list = [1];
      const publishing = client.publishDataset("captured", { list, future: client.scatter("data") });
      list.push(2);
      await publishing;
      const { list: read, future } = await client.getDataset<{ list: number[]; future: Future<string> }>("captured");
      equal(read, [1]);
      equal(await future.result(), "data");
      ok(await client.unpublishDataset("captured"), "it was there");
    },
  },
];
