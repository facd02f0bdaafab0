/** replay(): a task of the cluster, run here. */
import { Client, closure, type Future, fromModule, futuresOf, getClient, getTask, getWorker } from "manyhands";
import type * as Work from "../work-module.mjs";
import { type Case, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

/** Fails on workers only. */
const failThere = (x: number, options: { add: number[] }) => {
  if (getTask().attempt > 0) throw new RangeError(`${x} failed`);
  return x + options.add.reduce((a, b) => a + b, 0);
};

const large = (value: number) => new Float64Array(20_000).fill(value);

async function failed<T>(future: Future<T>): Promise<Future<T>> {
  ok((await future.exception()) instanceof Error, "it has failed");
  return future;
}

export const replays: readonly Case[] = [
  {
    name: "replay() calls the function itself with the task's real arguments",
    async run({ client }) {
      const seen: unknown[] = [];
      const watch = (x: number, array: Float64Array, deep: { list: (number | string)[] }) => {
        if (getTask().attempt > 0) throw new RangeError("on a worker");
        seen.push(x, array[9], deep.list);
        return x + 1;
      };
      const [small, bulk] = [client.submit((x: number) => x + 1, 4), client.submit(large, 7)];
      const future = await failed(client.submit(watch, small, bulk, { list: [small, "text"] }));
      equal(await client.replay(future), 6);
      equal(seen, [5, 7, [5, "text"]]);
      equal(future.status, "error", "what became of it is left as it is");
    },
  },
  {
    name: "replay() rejects with what the function throws here",
    async run({ client }) {
      const thrown = new RangeError("the very object");
      const future = await failed(
        client.submit((x: number) => {
          throw x > 0 ? thrown : new Error("never");
        }, 1),
      );
      const error = await rejects(client.replay(future), "RangeError", /the very object/);
      ok(error === thrown, "the function saw what is around it here");
    },
  },
  {
    name: "replay() leaves what the task was given as it was",
    async run({ client }) {
      const spoil = (list: { items: number[] }) => {
        list.items.push(list.items.length);
        if (getTask().attempt === 1) throw new Error("the first time");
        return list.items;
      };
      const future = await failed(client.submit(spoil, { items: [7] }));
      equal(await client.replay(future), [7, 1]);
      equal(await client.replay(future), [7, 1]);
      future.retry();
      equal(await future.result(), [7, 1]);
    },
  },
  {
    name: "replay() has inputs made again that were released",
    async run() {
      await using t = start();
      const one = t.client.submit(large, 3);
      const two = t.client.submit(large, 4);
      const future = t.client.submit(
        (all: { deep: Float64Array[] }, scale: number) => {
          if (getTask().attempt > 0) throw new Error("on a worker");
          return all.deep.map((each) => (each[5] as number) * scale);
        },
        { deep: [one, two] },
        2,
      );
      one.release();
      two.release();
      await failed(future);
      equal(await t.client.replay(future), [6, 8]);
      await t.client.schedulerInfo();
      equal(
        [...t.cluster.scheduler.machine.state.tasks.values()].map(({ key }) => key),
        [future.key],
      );
    },
  },
  {
    name: "replay() of a task that failed because of an input runs the input",
    async run({ client }) {
      const bad = client.submit(failThere, 1, { add: [2, 3] });
      const next = client.submit((x: number) => [x], bad);
      const last = await failed(client.submit((x: number[]) => x.length, next));
      equal(await client.replay(last as unknown as Future<number>), 6);
    },
  },
  {
    name: "replay() of what another client submitted makes the function of its source",
    async run({ cluster, client }) {
      await using other = new Client(cluster);
      const factor = 3;
      const helper = (x: number) => x * 2;
      const bound = closure({ factor, helper }, function scaled(x: number) {
        const { key, attempt } = getTask();
        if (attempt > 0) throw new RangeError("on a worker");
        return [helper(x) * factor, key];
      });
      const theirs = await failed(
        client.submit(
          bound,
          client.submit((x: number) => x, 5),
        ),
      );
      const mine = other.future<[number, string]>(theirs.key);
      equal(await other.replay(mine), [30, theirs.key]);
      const listed = (futures: Future[]) => {
        if (getTask().attempt > 0) throw new RangeError("on a worker");
        return futuresOf({ futures }).length;
      };
      const late = other.future<number>((await failed(client.submit(listed, []))).key);
      await rejects(other.replay(late), "ReferenceError", /futuresOf/);
      equal(await other.replay(late, { names: { futuresOf } }), 0);
    },
  },
  {
    name: "replay() imports functions of modules, and calls built-in ones",
    async run({ client, work }) {
      const { fail, countTo } = fromModule<typeof Work>(work);
      await rejects(client.replay(await failed(client.submit(fail))), "RangeError", /from the module/);
      const parsed = await failed(client.submit(JSON.parse, "{"));
      await rejects(client.replay(parsed), "SyntaxError");
      // With items that nobody takes it goes on for as long as is needed.
      const stream = client.with({ limit: 1 }).stream(countTo, 50);
      equal(await client.replay(stream.future), "done");
      await stream.return?.();
    },
  },
  {
    name: "a replayed task knows its key, its attempt, a worker and a client, and nobody else does",
    async run({ client }) {
      const curious = async () => {
        const { key, attempt, signal } = getTask();
        if (attempt > 0) throw new Error("on a worker");
        getTask().progress(0.5);
        const sum = await getClient()
          .submit((a: number, b: number) => a + b, 1, 2)
          .result();
        return [key, attempt, signal.aborted, getWorker().name, sum];
      };
      const future = await failed(client.submit(curious));
      equal(await client.replay(future), [future.key, 0, false, "replay", 3]);
      let isOutside = false;
      try {
        getTask();
      } catch {
        isOutside = true;
      }
      ok(isOutside, "this is no task");
    },
  },
  {
    name: "replay() can be given up, and says what is not to be had",
    async run({ client, cluster }) {
      const good = client.submit((x: number) => x, 1);
      await good.result();
      await client.schedulerInfo();
      await rejects(client.replay(good), "Error", /has ended well|nobody knows/);
      await rejects(client.replay(client.scatter(5)), "Error", /is data/);
      const cancelled = client.submit((x: number) => x, 2);
      cancelled.cancel();
      await rejects(client.replay(cancelled), "Error", /nobody knows any more/);
      await rejects(client.replay(good, { signal: AbortSignal.abort(new RangeError("no")) }), "RangeError", /^no$/);
      await using other = new Client(cluster);
      await rejects(other.replay(good), "TypeError", /another client/);
      const controller = new AbortController();
      const future = await failed(
        client.submit(() => {
          const { attempt, signal } = getTask();
          if (attempt > 0) throw new Error("on a worker");
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        }),
      );
      const replayed = client.replay(future, { signal: controller.signal });
      controller.abort(new RangeError("enough"));
      await rejects(replayed, "RangeError", /enough/);
    },
  },
  {
    name: "replay() runs a task whose large result is still there",
    async run({ client }) {
      const future = client.submit(large, 2);
      await future.exception();
      equal((await client.replay(future))[3], 2);
    },
  },
];
