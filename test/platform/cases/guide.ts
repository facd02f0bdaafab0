/** What a guide to futures shows, example by example, as it is written here; what `patterns.ts` has already is not repeated. */
import {
  asCompleted,
  Client,
  closure,
  Event,
  type Future,
  fireAndForget,
  getClient,
  LocalCluster,
  Lock,
  Queue,
  Variable,
} from "manyhands";
import { type Case, start } from "./case.ts";
import { equal, ok } from "./check.ts";

const add = (x: number, y: number) => x + y;
const square = (x: number) => x ** 2;

export const guide: readonly Case[] = [
  {
    name: "setting up: a client of its own, with so many workers and threads, or of a cluster that exists",
    limitMs: 20_000,
    async run() {
      await using plain = new Client();
      equal(await plain.submit(add, 1, 2).result(), 3);
      const cores = globalThis.navigator?.hardwareConcurrency;
      await plain.waitForWorkers(1);
      ok(
        cores === undefined || cores >= Object.keys((await plain.schedulerInfo()).workers).length,
        "one for each core",
      );
      await using client = new Client({ nWorkers: 3, threadsPerWorker: 2 });
      await client.waitForWorkers(3);
      equal(
        Object.values((await client.schedulerInfo()).workers).map(({ nThreads }) => nThreads),
        [2, 2, 2],
      );
      await using cluster = new LocalCluster({ nWorkers: 1 });
      await using guest = new Client(cluster);
      equal(await guest.submit(add, 1, 2).result(), 3);
    },
  },
  {
    name: "looking without waiting: the status before, and the result once it is done",
    async run({ client }) {
      const future = client.submit(add, 20, 1);
      const seen: string[] = [];
      const handleResult = async (done: Future<number>) => seen.push(`Result: ${await done.result()}`);
      const called = new Promise((resolve) => future.addDoneCallback((done) => resolve(handleResult(done))));
      equal([future.done(), future.status], [false, "pending"]);
      while (!future.done()) await new Promise((resolve) => setTimeout(resolve));
      equal([await future.result(), future.status], [21, "finished"]);
      await called;
      equal(seen, ["Result: 21"]);
    },
  },
  {
    name: "gathering gives what asking one after the other gives",
    async run({ client }) {
      const futures = client.map(square, Array(50).keys());
      const together = await client.gather(futures);
      const results: number[] = [];
      for (const future of futures) results.push(await future.result());
      equal(together, results);
    },
  },
  {
    name: "an important result is kept while its future is held, and two tasks use it",
    async run() {
      await using t = start({ nWorkers: 2 });
      const expensive = (data: number) => new Float64Array(50_000).fill(data);
      {
        using important = t.client.submit(expensive, 3);
        const f1 = t.client.submit((x: Float64Array) => x.length, important);
        const f2 = t.client.submit((x: Float64Array) => x[0], important);
        equal(await t.client.gather([f1, f2]), [50_000, 3]);
        equal(Object.values(await t.client.whoHas(important)).flat().length >= 1, true);
      }
      equal(await t.client.whoHas(), {}, "nobody holds it any more");
    },
  },
  {
    name: "a queue without a name between a producer and a consumer, on however few workers",
    async run() {
      for (const nWorkers of [1, 2]) {
        await using t = start({ nWorkers });
        const queue = new Queue<number>({ client: t.client });
        const producer = async (queue: Queue<number>) => {
          for (let i = 0; i < 10; i++) await queue.put(i);
        };
        const consumer = async (queue: Queue<number>) => {
          const results: number[] = [];
          for (let i = 0; i < 10; i++) results.push(await queue.get());
          return results;
        };
        const consumed = t.client.submit(consumer, queue);
        t.client.submit(producer, queue);
        equal(await consumed.result(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      }
    },
  },
  {
    name: "a lock without a name around a critical section, taken along by the function",
    async run({ client }) {
      const lock = new Lock({ client });
      const total = new Variable<number>({ client });
      await total.set(0);
      const criticalSection = closure({ lock, total }, async (amount: number) => {
        await lock.acquire();
        await total.set((await total.get()) + amount);
        await lock.release();
      });
      await client.gather(client.map(criticalSection, [1, 2, 3, 4, 5, 6]));
      equal(await total.get(), 21);
    },
  },
  {
    name: "an event that one task waits for and another sets",
    async run({ client }) {
      const event = new Event({ client });
      const waiter = async (event: Event) => {
        await event.wait();
        return "Event occurred";
      };
      const setter = async (event: Event) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await event.set();
      };
      const waited = client.submit(waiter, event);
      client.submit(setter, event);
      equal(await waited.result(), "Event occurred");
    },
  },
  {
    name: "a variable that a task reads by its name",
    async run() {
      await using t = start();
      const variable = new Variable<number>("my-var", { client: t.client });
      await variable.set(42);
      const reader = () => new Variable<number>("my-var").get();
      equal(await t.client.submit(reader).result(), 42);
    },
  },
  {
    name: "an embarrassingly parallel computation over a thousand items",
    async run({ client }) {
      const processItem = (item: number) => Math.sqrt(item) ** 2;
      const results = await client.gather(client.map(processItem, Array(1000).keys()));
      equal([results.length, Math.round(results[999] as number)], [1000, 999]);
    },
  },
  {
    name: "a task that splits its data and submits itself, five deep",
    async run({ client }) {
      const process = (data: readonly number[]) => data.reduce((a, b) => a + b, 0);
      const split = (data: readonly number[]) => [data.slice(0, data.length / 2), data.slice(data.length / 2)] as const;
      const combine = (left: number, right: number) => left + right;
      async function recursiveCompute(data: readonly number[], depth: number): Promise<number> {
        if (depth === 0) return process(data);
        const [left, right] = split(data);
        const leftFuture = getClient().submit(recursiveCompute, left, depth - 1);
        const rightFuture = getClient().submit(recursiveCompute, right, depth - 1);
        return combine(await leftFuture.result(), await rightFuture.result());
      }
      const compute = closure({ process, split, combine }, recursiveCompute);
      const data = Array.from({ length: 64 }, (_, i) => i);
      equal(await client.submit(compute, data, 5).result(), 2016);
    },
  },
  {
    name: "a sweep over all of a thousand combinations, each result handled as it arrives",
    async run({ client }) {
      const runSimulation = (a: number, b: number, c: number) => a * 100 + b * 10 + c;
      const digits = [...Array(10).keys()];
      const params = digits.flatMap((a) => digits.flatMap((b) => digits.map((c) => [a, b, c] as const)));
      const futures = params.map((each) => client.submit(runSimulation, ...each));
      let sum = 0;
      for await (const future of asCompleted(futures)) sum += await future.result();
      equal(sum, (999 * 1000) / 2);
    },
  },
  {
    name: "debugging: the traceback of what failed names the function, and what was cancelled has none to show",
    async run({ client }) {
      function mightFail(x: number) {
        if (x < 0) throw new RangeError("Negative value");
        return x ** 2;
      }
      const future = client.submit(mightFail, -5);
      try {
        await future.result();
        ok(false, "it fails");
      } catch (error) {
        equal([(error as Error).name, (error as Error).message], ["RangeError", "Negative value"]);
        ok((await future.traceback())?.includes("mightFail"), "the function is named");
      }
      equal([future.status, future.done()], ["error", true]);
      equal(await client.submit(mightFail, 5).traceback(), undefined);
    },
  },
  {
    name: "side effects without a result: forgotten at once, and done all the same",
    async run() {
      await using t = start();
      const log = new Queue<string>("log", { client: t.client });
      const logToDatabase = (entry: string) => new Queue<string>("log").put(entry);
      for (const entry of ["one", "two"]) {
        using future = t.client.submit(logToDatabase, entry);
        fireAndForget(future);
      }
      equal([await log.get(), await log.get()].sort(), ["one", "two"]);
    },
  },
];
