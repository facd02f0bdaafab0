/** What Dask's own tests ask for beside what is tried elsewhere, named by behaviour; `test/DASK.md` says which of them are tried where. */
import { Client, closure, type Future, fromModule, getClient, getTask, getWorker, LocalCluster, wait } from "manyhands";
import { begun, type Case, channelName, knownTasks, nextTurn, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

export const ported: readonly Case[] = [
  {
    name: "of many tasks with retries each has its own: those that come good in time do, others end with their last error",
    async run({ client }) {
      const comesGoodAt = (good: number) => {
        const { attempt } = getTask();
        if (attempt < good) throw new RangeError(`attempt ${attempt} of ${good}`);
        return good;
      };
      const futures = client.with({ retries: 2 }).map(comesGoodAt, [1, 2, 3, 4, 9]);
      equal(await client.gather(futures, { errors: "skip" }), [1, 2, 3]);
      await rejects((futures[3] as Future).result(), "RangeError", /^attempt 3 of 4$/);
      await rejects((futures[4] as Future).result(), "RangeError", /^attempt 3 of 9$/);
    },
  },
  {
    name: "a task that runs out of stack, or throws a very long text, fails with that, and its worker goes on",
    async run({ client }) {
      function deep(n: number): number {
        return deep(n + 1) + 1;
      }
      const error = await client.submit(deep, 0).exception();
      ok(error instanceof Error, "an error, of whatever class the engine has for it");
      ok(/stack|recursion/i.test(error.message), error.message);
      const long = await rejects(
        client
          .submit(() => {
            throw new Error("x".repeat(300_000));
          })
          .result(),
        "Error",
      );
      equal(long.message.length, 300_000);
      equal(await client.submit(() => 1).result(), 1);
    },
  },
  {
    name: "a module that throws while it is imported fails the tasks that need it with its error, and no others",
    async run({ client }) {
      const broken = fromModule<{ f(): number }>(
        new URL("data:text/javascript,export const f = () => 1; throw new RangeError('not today')"),
      );
      const [failing, fine] = [client.submit(broken.f), client.submit(() => 1)];
      await rejects(failing.result(), "RangeError", /not today/);
      equal(await fine.result(), 1);
    },
  },
  {
    name: "keys are any texts, and tell tasks apart whatever is in them",
    async run({ client }) {
      const keys = [
        "ключ",
        "鍵 と 値",
        "🗝",
        "a/b?c#d",
        "a-1-2",
        "line\nbreak",
        `${"long".repeat(300)}`,
        "toString",
        "__proto__",
      ];
      const made = client.with({ key: keys }).map((i: number) => ({ i }), keys.keys());
      equal(
        made.map(({ key }) => key),
        keys,
      );
      const found = keys.map((key) => client.future<{ i: number }>(key));
      equal(
        (await client.gather(found)).map(({ i }) => i),
        [...keys.keys()],
      );
    },
  },
  {
    name: "a scope that an error leaves closes its client at once, and passes the error on",
    async run({ cluster }) {
      const channel = channelName();
      let left: Future | undefined;
      const scope = async () => {
        await using own = new Client(cluster);
        left = own.submit(onWord, channel);
        await begun(left);
        throw new RangeError("out of here");
      };
      await rejects(scope(), "RangeError", /^out of here$/);
      equal(left?.status, "cancelled");
      sayOn(channel, "it is over");
    },
  },
  {
    name: "what clients and clusters cannot be made of, and what they cannot do, is said at the call",
    async run({ client }) {
      for (const wrong of [LocalCluster, 5, true, null])
        throws(() => new Client(wrong as unknown as LocalCluster), "TypeError");
      await rejects(new Client("nonsense").ready, "TypeError", /no address/);
      for (const count of [-1, 1.5, Number.NaN, "2", undefined, null])
        await rejects(client.waitForWorkers(count as number), "RangeError", /count must be a whole number/);
      const future = client.submit(() => 1);
      for (const wrong of [[[future]], [5], ["x"], [null]]) {
        throws(() => client.cancel(wrong as unknown as Future[]), "TypeError", /takes futures/);
        throws(() => client.retry(wrong as unknown as Future[]), "TypeError", /takes futures/);
      }
      equal(await future.result(), 1);
    },
  },
  {
    name: "closing a client or a cluster again, or at the same time, is closing it once",
    async run() {
      const cluster = new LocalCluster({ nWorkers: 1 });
      const client = new Client(cluster);
      const pending = client.submit(onWord, channelName());
      await Promise.all([client.close(), client.close(), cluster.close(), cluster.close()]);
      await Promise.all([client.close(), cluster.close()]);
      equal(pending.status, "cancelled");
    },
  },
  {
    name: "what is submitted on a cancelled or a lost input ends with the reason, at once, and so does what is built on that",
    async run({ client }) {
      const gone = client.submit(onWord, channelName());
      gone.cancel({ reason: "not wanted after all" });
      const next = client.submit((x: unknown) => [x], gone);
      const last = client.submit((x: unknown) => [x], next);
      await rejects(next.result(), "CancelledError", /released or cancelled before/);
      await rejects(last.result(), "CancelledError");
      equal(await client.gather([gone, next, last, client.submit(() => 4)], { errors: "skip" }), [4]);
    },
  },
  {
    name: "tasks that take long are begun on as many workers as there are, one each",
    async run({ client }) {
      await client.waitForWorkers(2);
      const channel = channelName();
      const where = closure({ onWord }, async (channel: string) => {
        await onWord(channel);
        return getWorker().address;
      });
      // None of them ends before all have begun.
      const futures = [1, 2].map(() => client.submit(where, channel));
      await Promise.all(futures.map(begun));
      sayOn(channel, "go on");
      equal(new Set(await client.gather(futures)).size, 2);
    },
  },
  {
    name: "a graph is forgotten from its ends, as its futures are let go of, and an input no sooner than what needs it",
    async run() {
      await using t = start({ nWorkers: 1 });
      const add = (...all: readonly Float64Array[]) => new Float64Array(20_000).fill(all.length);
      const [a, b, c] = [1, 2, 3].map(() => t.client.submit(add)) as [
        Future<Float64Array>,
        Future<Float64Array>,
        Future<Float64Array>,
      ];
      const ab = t.client.submit(add, a, b);
      const bc = t.client.submit(add, b, c);
      const all = t.client.submit(add, ab, bc);
      await wait([all, a, b, c, ab, bc]);
      const counts: number[] = [];
      for (const future of [b, ab, all, a, bc, c]) {
        future.release();
        await t.client.schedulerInfo();
        counts.push(Object.keys(await t.client.nbytes()).length);
      }
      equal(counts, [5, 4, 3, 2, 1, 0], "values that nobody wants are not kept");
      while (knownTasks(t.cluster) > 0) await nextTurn();
    },
  },
  {
    name: "values that lead to each other are looked into as far as somebody asks, also where one leads to itself",
    async run() {
      await using t = start();
      type Link = readonly [Future<Link>];
      const self = t.client.submit((): Link => [getClient().future<Link>(getTask().key)]);
      const first = await self.result();
      equal(first[0].key, self.key);
      await wait([first[0]]);
      equal([first[0].status, first[0].type], ["finished", "Array"]);
      const second = await first[0].result();
      equal(second[0].key, self.key);
      // By name, and by way of another.
      const named = (key: string, other: string) =>
        t.client.with({ key }).submit((other: string): Link => [getClient().future<Link>(other)], other);
      const one = named("one", "other");
      const other = named("other", "one");
      await wait([one, other]);
      let link: Future<Link> = one;
      for (const key of ["other", "one", "other", "one"]) {
        [link] = await link.result();
        equal(link.key, key);
      }
      equal(
        (await t.client.gather([one, other])).map(([{ key }]) => key),
        ["other", "one"],
      );
      // Nothing goes round behind this: the cluster has time for other things.
      await t.client.schedulerInfo();
      equal(await t.client.submit(() => 1).result(), 1);
    },
  },
];
