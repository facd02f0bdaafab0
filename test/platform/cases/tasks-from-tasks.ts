/** Tasks that submit tasks: getClient(), slots that are free while a task waits, and futures that travel. */

import * as library from "manyhands";
import {
  asCompleted,
  closure,
  Future,
  fireAndForget,
  fromModule,
  getClient,
  getTask,
  getWorker,
  rejoin,
  secede,
  transfer,
  wait,
} from "manyhands";
import type * as Work from "../work-module.mjs";
import {
  begun,
  type Case,
  channelName,
  holdersOf,
  knownTasks,
  listenOn,
  nextTurn,
  onWord,
  sayOn,
  start,
} from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

export const tasksFromTasks: readonly Case[] = [
  {
    name: "tasks submit tasks to a depth of twelve on two workers",
    limitMs: 20_000,
    async run({ client }) {
      const split = ({ from, to }: Range) =>
        [
          { from, to: (from + to) / 2 },
          { from: (from + to) / 2, to },
        ] as const;
      const only = ({ from }: Range) => from;
      const combine = (a: number, b: number) => a + b;
      async function recursiveCompute(data: Range, depth: number): Promise<number> {
        if (depth === 0) return only(data);
        const client = getClient();
        const [left, right] = split(data);
        const a = client.submit(recursiveCompute, left, depth - 1);
        const b = client.submit(recursiveCompute, right, depth - 1);
        return combine(await a.result(), await b.result());
      }
      const compute = closure({ split, only, combine }, recursiveCompute);
      equal(await client.submit(compute, { from: 0, to: 2 ** 12 }, 12).result(), (4096 * 4095) / 2);
    },
  },
  {
    name: "one worker with one slot is enough, also for functions that were taken along",
    async run() {
      await using t = start({ nWorkers: 1 });
      const base = 1;
      async function leaf(n: number): Promise<number> {
        return n === 0 ? base : await getClient().submit(branch, n).result();
      }
      async function branch(n: number): Promise<number> {
        const results = await getClient().gather(getClient().map(leaf, [n - 1, n - 1]));
        return results.reduce((a, b) => a + b, 0);
      }
      equal(
        await t.client
          .submit(
            closure({ base, leaf, branch }, (n: number) => branch(n)),
            6,
          )
          .result(),
        64,
      );
    },
  },
  {
    name: "fibonacci by tasks",
    async run({ client }) {
      async function fib(n: number): Promise<number> {
        if (n < 2) return n;
        const client = getClient();
        const [a, b] = await client.gather([client.submit(fib, n - 1), client.submit(fib, n - 2)]);
        return a + b;
      }
      equal(await client.submit(fib, 12).result(), 144);
    },
  },
  {
    name: "gather(), asCompleted(), wait() and exception() give the slot back too",
    async run() {
      await using t = start({ nWorkers: 1 });
      const all = async () => {
        const client = getClient();
        const square = (x: number) => x * x;
        const gathered = await client.gather({ a: client.submit(square, 2), list: client.map(square, [3, 4]) });
        const completed: number[] = [];
        for await (const [, value] of asCompleted(client.map(square, [1, 2, 3]), { withResults: true })) {
          completed.push(value as number);
        }
        for await (const future of asCompleted(client.map(square, [5, 6]))) completed.push(await future.result());
        const { done } = await wait(client.map(square, [7, 8]), { returnWhen: 1 });
        const failing = client.submit(() => {
          throw new RangeError("no");
        });
        const error = (await failing.exception()) as Error;
        return [
          gathered,
          completed.sort((a, b) => a - b),
          done.size >= 1,
          error.name,
          (await client.schedulerInfo()).queued,
        ];
      };
      equal(await t.client.submit(all).result(), [{ a: 4, list: [9, 16] }, [1, 4, 9, 25, 36], true, "RangeError", 0]);
    },
  },
  {
    name: "a task that awaits something else keeps its slot",
    async run() {
      await using t = start({ nWorkers: 1 });
      const name = channelName();
      const waiting = t.client.submit(
        closure({ onWord }, (name: string) => onWord(name)),
        name,
      );
      await begun(waiting);
      const other = t.client.submit(() => 1);
      await nextTurn();
      const [worker] = t.cluster.scheduler.machine.state.workers.values();
      equal(worker?.running, 1, "one task is in its slot, the other waits");
      sayOn(name, "go on");
      equal(await t.client.gather([waiting, other]), ["go on", 1]);
    },
  },
  {
    name: "secede() leaves the slot to others until rejoin()",
    async run() {
      await using t = start({ nWorkers: 1 });
      const name = channelName();
      const service = closure({ onWord }, async (name: string) => {
        const back = secede();
        const word = await onWord(name);
        back();
        return word;
      });
      const seceded = t.client.submit(service, name);
      await begun(seceded);
      equal(await t.client.submit(() => "meanwhile").result(), "meanwhile");
      equal(seceded.status, "running");
      sayOn(name, "back");
      equal(await seceded.result(), "back");
      const both = () => {
        secede();
        rejoin();
        return getTask().attempt;
      };
      equal(await t.client.submit(both).result(), 1);
    },
  },
  {
    name: "what a task scatters stays where it is",
    async run() {
      await using t = start({ nWorkers: 2 });
      const give = () => {
        const array = new Float64Array(100_000).fill(3);
        return {
          data: getClient().scatter(transfer(array, [array.buffer])),
          left: array.byteLength,
          at: getWorker().address,
        };
      };
      const { data, left, at } = await t.client.submit(give).result();
      equal(left, 0, "the task has it no more");
      equal(data.nbytes, 800_032);
      equal(holdersOf(t.cluster, data), [at]);
      const task = [...t.cluster.scheduler.machine.state.tasks.values()].find(({ key }) => key === data.key);
      equal(typeof task?.value, "symbol", "the scheduler does not hold it");
      const sum = (array: Float64Array) => [array.reduce((a, b) => a + b, 0), getWorker().address];
      equal(await t.client.submit(sum, data).result(), [300_000, at], "the task goes where the data is");
      equal((await data.result()).length, 100_000);
    },
  },
  {
    name: "small values that a task scatters, and large ones that are used elsewhere, are what they were",
    async run({ client }) {
      const share = async () => {
        const client = getClient();
        const [small, large] = [client.scatter({ a: 1 }), client.scatter(new Float64Array(50_000).fill(2))];
        const use = (x: { a: number }, y: Float64Array, z: number) => x.a + (y[z] as number) + z;
        return await client.gather(
          client.map((z: number) => z, [1, 2, 3]).map((z) => client.submit(use, small, large, z)),
        );
      };
      equal(await client.submit(share).result(), [4, 5, 6]);
    },
  },
  {
    name: "exports of a module submit each other",
    async run({ client, work }) {
      const { fibonacci, viaHelper } = fromModule<typeof Work>(work);
      equal(await client.submit(fibonacci, 8).result(), 21);
      equal(await client.submit(viaHelper, 3).result(), 9);
    },
  },
  {
    name: "a returned future arrives as a future on the same task",
    async run({ client }) {
      const double = (x: number) => 2 * x;
      const make = closure({ double }, (x: number) => getClient().submit(double, x));
      const outer = client.submit(make, 21);
      const inner = await outer.result();
      ok(inner instanceof Future, "what came is a future");
      equal(await inner.result(), 42);
      ok(inner === (await outer.result()), "asked again, it is the same");
      outer.release();
      equal(await client.submit((x: number) => x + 1, inner).result(), 43, "it outlives what brought it");
    },
  },
  {
    name: "futures are found in whatever a task returns, finished, failed or still running",
    async run({ client }) {
      const make = async () => {
        const client = getClient();
        const finished = client.submit(() => ({ deep: [1, 2] }));
        await finished.result();
        const large = client.submit(() => new Float64Array(20_000).fill(4));
        await wait([large]);
        const fails = client.submit(() => {
          throw new TypeError("no");
        });
        await wait([fails]);
        const later = client.submit((x: { deep: number[] }) => x.deep.length, finished);
        return { finished, list: [large, { fails }], map: new Map([["later", later]]), set: new Set([later]) };
      };
      const result = await client.submit(make).result();
      equal(await result.finished.result(), { deep: [1, 2] });
      const [large, { fails }] = result.list as [Future<Float64Array>, { fails: Future }];
      equal((await large.result())[7], 4);
      await rejects(fails.result(), "TypeError", /^no$/);
      const later = result.map.get("later") as Future<number>;
      ok(result.set.has(later), "one future is one object");
      equal(await later.result(), 2);
    },
  },
  {
    name: "a value that holds futures can be an input of tasks, and be large",
    async run({ client }) {
      const make = (n: number) => ({
        data: new Float64Array(n).fill(1),
        inner: getClient().submit(() => "inner"),
      });
      const use = async ({ data, inner }: { data: Float64Array; inner: Future<string> }) => [
        data.length,
        await inner.result(),
      ];
      for (const n of [10, 30_000]) {
        const future = client.submit(make, n);
        equal(await client.submit(use as never, future as never).result(), [n, "inner"]);
        const { data, inner } = await future.result();
        equal([data.length, await inner.result()], [n, "inner"]);
      }
    },
  },
  {
    name: "futures in scattered values and in closures arrive as futures, and lose nothing",
    async run({ client }) {
      const name = channelName();
      const slow = client.submit(
        closure({ onWord }, (name: string) => onWord(name)),
        name,
      );
      await begun(slow);
      const box = client.scatter({ slow });
      const open = async (box: { slow: Future<unknown> }) => await box.slow.result();
      const fromBox = client.submit(open as never, box as never);
      const quick = client.submit((x: number) => x + 1, 1);
      const fromClosure = client.submit(
        closure({ quick, slow }, async () => [await quick.result(), await slow.result()]),
      );
      for (const future of [slow, quick, box]) future.release();
      sayOn(name, "said");
      equal(await client.gather([fromBox, fromClosure]), ["said", [2, "said"]]);
    },
  },
  {
    name: "futures that travelled are forgotten when the last of them is released",
    async run() {
      await using t = start({ nWorkers: 1 });
      const outer = t.client.submit(() => [getClient().submit(() => 1), getClient().scatter(new Float64Array(9_000))]);
      const inner = (await outer.result()) as Future<unknown>[];
      await t.client.gather(inner);
      outer.release();
      for (const future of inner) future.release();
      await nextTurn();
      // Of the worker's own claims, its garbage collection is in charge.
      const { state } = t.cluster.scheduler.machine;
      for (const task of state.tasks.values()) ok(task.client.worker !== undefined, `${task.key} is the worker's`);
      equal(state.kept.size, 0, "nothing is kept");
    },
  },
  {
    name: "a child's error comes through its parent with class, message and cause",
    async run({ client }) {
      class Special extends RangeError {
        override readonly name = "Special";
        readonly code = 7;
      }
      const child = closure({ Special }, () => {
        throw new Special("deep down", { cause: new Error("because") });
      });
      const parent = closure({ child }, async () => {
        try {
          return await getClient().submit(child).result();
        } catch (error) {
          if (!(error instanceof RangeError)) throw new Error("not as it was");
          throw error;
        }
      });
      const error = (await rejects(client.submit(parent).result(), "Special", /deep down/)) as Special;
      ok(error instanceof RangeError, "it is a RangeError still");
      equal(error.code, 7);
      equal((error.cause as Error).message, "because");
    },
  },
  {
    name: "what a task leaves unawaited runs on, and its failures harm nothing",
    async run() {
      await using t = start({ nWorkers: 1 });
      const name = channelName();
      const ears = await listenOn(name);
      const leave = closure({ sayOn, name }, () => {
        const client = getClient();
        fireAndForget(client.submit(closure({ sayOn, name }, () => sayOn(name, "ran"))));
        for (let i = 0; i < 3; i++) void client.submit(() => Promise.reject(new Error("unheard"))).result();
        return "left";
      });
      equal(await t.client.submit(leave).result(), "left");
      equal(await ears.word, "ran");
      equal(await t.client.submit(() => getWorker().name).result(), "worker-0", "its thread is the first still");
    },
  },
  {
    name: "cancelling a parent lets go of the children it waits for",
    async run() {
      await using t = start({ nWorkers: 2 });
      const name = channelName();
      const parent = closure({ onWord, name }, async () => {
        const client = getClient();
        const task = getTask();
        const children = [client.submit(onWord, name), client.submit(onWord, name), client.submit(onWord, name)];
        children[0]?.onProgress(() => task.progress(0.5));
        const results = children.map((child) => child.result());
        for (const result of results) await result;
      });
      const future = t.client.submit(parent);
      await begun(future);
      future.cancel();
      await rejects(future.result(), "CancelledError");
      const { state } = t.cluster.scheduler.machine;
      // Once the worker has said that it has let go, nobody wants any of them.
      while (knownTasks(t.cluster) > 0) await nextTurn();
      sayOn(name, "end");
      const again = setInterval(() => sayOn(name, "end"), 5);
      while ([...state.workers.values()].some(({ inFlight }) => inFlight > 0)) await nextTurn();
      clearInterval(again);
      equal(await t.client.gather(t.client.map((x: number) => x, [1, 2])), [1, 2], "both workers are well");
    },
  },
  {
    name: "a cancelled task can submit nothing more",
    async run() {
      await using t = start({ nWorkers: 1 });
      const name = channelName();
      const ears = await listenOn(`${name}-after`);
      const parent = closure({ name, sayOn }, async () => {
        const client = getClient();
        const task = getTask();
        await new Promise((resolve) => {
          task.signal.addEventListener("abort", resolve);
          task.progress(0);
        });
        try {
          client.submit(() => 1);
        } catch (error) {
          sayOn(`${name}-after`, (error as Error).name);
        }
      });
      const future = t.client.submit(parent);
      await begun(future);
      future.cancel();
      equal(await ears.word, "CancelledError");
    },
  },
  {
    name: "a hundred children of one parent are spread over both workers",
    async run() {
      await using t = start({ nWorkers: 2 });
      await t.client.waitForWorkers(2);
      const parent = async () => {
        const client = getClient();
        const where = (ms: number) => {
          for (const until = performance.now() + ms; performance.now() < until; );
          return getWorker().address;
        };
        return await client.gather(client.map(where, new Array(100).fill(2)));
      };
      const counts = new Map<string, number>();
      for (const address of await t.client.submit(parent).result()) counts.set(address, (counts.get(address) ?? 0) + 1);
      equal(counts.size, 2);
      for (const [address, count] of counts) ok(count > 5, `${address} ran ${count}`);
    },
  },
  {
    name: "a parent whose worker dies while it waits runs again, and submits again",
    limitMs: 20_000,
    async run({ isNode }) {
      await using t = start({ nWorkers: 2 });
      const parent = async (isNode: boolean) => {
        const { attempt } = getTask();
        const client = getClient();
        const add = (x: number, attempt: number) => (attempt === 1 ? new Promise<number>(() => {}) : x + 1);
        const child = client.submit(add, 1, attempt);
        const end = isNode ? () => process.exit() : () => (globalThis as unknown as { close(): void }).close();
        if (attempt === 1) setTimeout(end, 20);
        return [attempt, await child.result()];
      };
      equal(await t.client.submit(parent, isNode).result(), [2, 2]);
    },
  },
  {
    name: "a parent and child that die together again and again end as KilledWorkerError",
    limitMs: 20_000,
    async run({ isNode }) {
      await using t = start({ nWorkers: 1 });
      const die = (isNode: boolean) => {
        if (isNode) process.exit();
        else (globalThis as unknown as { close(): void }).close();
        return new Promise(() => {});
      };
      const parent = closure({ die }, async (isNode: boolean) => await getClient().submit(die, isNode).result());
      await rejects(t.client.submit(parent, isNode).result(), "KilledWorkerError");
    },
  },
  {
    name: "all names of the library are in scope, and travel on by name",
    async run({ client }) {
      const names = library;
      const list = Object.keys(names);
      const kinds = new Function(`return [${list.map((name) => `typeof ${name}`)}]`) as () => string[];
      equal(
        await client.submit(kinds).result(),
        list.map((name) => typeof names[name as keyof typeof names]),
      );
      const further = (wrap: (f: () => string) => Future<string>) => wrap(() => getTask().key).result();
      equal(typeof (await client.submit(further, (f: () => string) => getClient().submit(f)).result()), "string");
      const pass = () =>
        getClient()
          .submit((kind: unknown) => typeof kind, getWorker)
          .result();
      equal(await client.submit(pass).result(), "function");
      const { Client } = library;
      const isClient = () => (getClient() as unknown) instanceof Client;
      equal([await client.submit(isClient).result(), client.with({ priority: 1 }) instanceof Client], [true, true]);
      await rejects(client.submit(() => new Client()).result(), "TypeError", /getClient\(\)/);
    },
  },
  {
    name: "a module's own copy of the library knows the worker's futures and what closure() binds there",
    async run({ client, work }) {
      const { viaCopy } = fromModule<typeof Work>(work);
      equal(await client.submit(viaCopy, 4).result(), [true, [4, 16], 64, 1]);
    },
  },
  {
    name: "a parent that fails lets go of its other children",
    async run() {
      await using t = start({ nWorkers: 2 });
      const name = channelName();
      const parent = closure({ onWord, name }, async () => {
        const client = getClient();
        const endless = client.submit(onWord, name);
        await new Promise<void>((resolve) => endless.onProgress(() => resolve()));
        await client.gather([
          endless,
          client.submit(() => {
            throw new TypeError("no");
          }),
        ]);
      });
      const future = t.client.submit(parent);
      await rejects(future.result(), "TypeError", /^no$/);
      future.release();
      while (knownTasks(t.cluster) > 0) await nextTurn();
      // The endless one hears of it by its signal, which it does not look at.
      const again = setInterval(() => sayOn(name, "end"), 5);
      const { state } = t.cluster.scheduler.machine;
      while ([...state.workers.values()].some(({ inFlight }) => inFlight > 0)) await nextTurn();
      clearInterval(again);
    },
  },
  {
    name: "getClient() throws outside of tasks, and says what to do",
    run() {
      throws(() => getClient(), "Error", /outside a task.*new Client/);
      throws(() => secede(), "Error", /outside a task/);
      throws(() => rejoin(), "Error", /outside a task/);
    },
  },
  {
    name: "each task has its client, with options of its own, and all speak for one",
    async run({ client }) {
      const look = () => {
        const client = getClient();
        return [client === getClient(), client.id, getWorker().address];
      };
      const [same, id, address] = (await client.submit(look).result()) as [boolean, string, string];
      ok(same, "it is made once for a task");
      equal(id, address);
      const options = async () => {
        const own = getClient().with({ key: `own-${Math.random()}`, retries: 1 });
        const future = own.submit(() => getTask().attempt);
        const claimed = getClient().future<number>(future.key);
        const results = [await future.result(), await claimed.result()];
        await getClient().close();
        return results;
      };
      equal(await client.submit(options).result(), [1, 1]);
    },
  },
  {
    name: "in a worker with several slots, clients asked for late work as well",
    async run() {
      await using t = start({ nWorkers: 1, threadsPerWorker: 2 });
      const late = async (n: number): Promise<number> => {
        await new Promise((resolve) => setTimeout(resolve));
        if (n === 0) return 1;
        const client = getClient();
        const child = closure({}, late);
        return (await client.submit(child, n - 1).result()) + (await client.submit(child, n - 1).result());
      };
      equal(await t.client.gather(t.client.map(late, [3, 3, 3])), [8, 8, 8]);
    },
  },
  {
    name: "arguments of tasks in tasks are captured, and refused where they cannot travel",
    async run({ client }) {
      const parent = async () => {
        const client = getClient();
        const array = [1, 2];
        const future = client.submit((x: number[]) => x.length, array);
        array.push(3);
        let refusal = "";
        try {
          client.submit((x: unknown) => x, new WeakMap());
        } catch (error) {
          refusal = (error as Error).name;
        }
        return [await future.result(), refusal];
      };
      equal(await client.submit(parent).result(), [2, "UnserializableError"]);
    },
  },
];
