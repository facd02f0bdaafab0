/** submit: arguments, dependencies, results, and what can be seen of a future meanwhile. */
import { type Future, getTask, getWorker } from "manyhands";
import { begun, type Case, channelName, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

export const submitting: readonly Case[] = [
  {
    name: "submit() runs a function on a worker",
    async run({ client }) {
      equal(await client.submit((x: number, y: number) => x + y, 1, 2).result(), 3);
    },
  },
  {
    name: "what a task has left to timers and promises goes on while others come one soon after the other",
    async run() {
      await using own = start({ nWorkers: 1 });
      const { client } = own;
      await client
        .submit(() => {
          const left = { ticks: 0, turns: 0, timer: setInterval(() => left.ticks++, 5) };
          const turn = async () => {
            for (; left.ticks < 10; left.turns++) await new Promise((resolve) => setTimeout(resolve));
          };
          void turn();
          Object.assign(globalThis, { left });
        })
        .result();
      const until = performance.now() + 300;
      for (let i = 0; performance.now() < until; i++)
        equal(await client.submit((x: number) => x + 1, i).result(), i + 1);
      const [ticks, turns] = (await client
        .submit(() => {
          const { left } = globalThis as unknown as { left: { ticks: number; turns: number; timer: number } };
          clearInterval(left.timer);
          return [left.ticks, left.turns];
        })
        .result()) as [number, number];
      ok(ticks >= 10 && turns >= 5, `${ticks} ticks and ${turns} turns in 300 ms`);
    },
  },
  {
    name: "a future is an input, and its value takes its place",
    async run({ client }) {
      const add = (x: number, y: number) => x + y;
      const one = client.submit(add, 1, 2);
      const two = client.submit(add, one, 10);
      const three = client.submit(add, two, 100);
      equal(await three.result(), 113);
      equal(await client.submit(add, one, two).result(), 16, "an ended future");
    },
  },
  {
    name: "futures are found anywhere inside the arguments",
    async run({ client }) {
      const value = (x: unknown) => x;
      const one = client.submit(value, 1) as Future<number>;
      const big = client.submit((n: number) => new Float64Array(n).fill(2), 5000);
      const inside = {
        list: [one, [one, big]],
        map: new Map<unknown, unknown>([["key", one]]),
        keyed: new Map<unknown, unknown>([[one, "value"]]),
        set: new Set<unknown>([one]),
        deep: { deeper: [{ deepest: one }] },
        plain: "text",
      };
      const two = new Float64Array(5000).fill(2);
      equal(await client.submit(value, inside as unknown).result(), {
        list: [1, [1, two]],
        map: new Map([["key", 1]]),
        keyed: new Map([[1, "value"]]),
        set: new Set([1]),
        deep: { deeper: [{ deepest: 1 }] },
        plain: "text",
      });
    },
  },
  {
    name: "a list of futures is an argument like any other",
    async run({ client }) {
      const parts = Array.from({ length: 50 }, (_, i) => client.submit((x: number) => x, i));
      equal(await client.submit((all: readonly number[]) => all.reduce((a, b) => a + b, 0), parts).result(), 1225);
    },
  },
  {
    name: "many futures can be many arguments",
    async run({ client }) {
      const parts = Array.from({ length: 30 }, (_, i) => client.submit((x: number) => x, i));
      equal(await client.submit((...all: number[]) => all.reduce((a, b) => a + b, 0), ...parts).result(), 435);
    },
  },
  {
    name: "the same future twice is the same value twice",
    async run({ client }) {
      const list = client.submit(() => new Array(2000).fill("same"));
      equal(
        await client
          .submit((a: string[], b: string[], { c }: { c: string[] }) => a === b && b === c, list, list, {
            c: list,
          })
          .result(),
        true,
      );
    },
  },
  {
    name: "async functions are waited for",
    async run({ client }) {
      const later = async (x: number) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return x * 2;
      };
      equal(await client.submit(later, 21).result(), 42);
      equal(await client.submit((x: number) => x + 1, client.submit(later, 21)).result(), 43);
    },
  },
  {
    name: "values of every kind come and go",
    async run({ client }) {
      const echo = (x: unknown) => x;
      const values: unknown[] = [
        undefined,
        null,
        true,
        -0,
        Number.NaN,
        "tëxt",
        12345678901234567890n,
        new Date(12345),
        /x+/gi,
        new Map<unknown, unknown>([[{ a: 1 }, new Set([1, "2"])]]),
        new Uint8Array([1, 2, 3]),
        new Float32Array([1.5]).buffer,
        new BigInt64Array([5n]),
        new DataView(new ArrayBuffer(8)),
        [1, [2, [3]]],
        { a: { b: { c: [null, undefined] } } },
        "long ".repeat(5000),
        Array.from({ length: 3000 }, (_, i) => ({ i })),
        new Error("as a value"),
      ];
      const results = await client.gather(values.map((value) => client.submit(echo, value)));
      equal(results, values);
    },
  },
  {
    name: "arguments keep their shape: shared parts and circles",
    async run({ client }) {
      const shared = { text: "shared" };
      const circle: { self?: unknown; shared: unknown[] } = { shared: [shared, shared] };
      circle.self = circle;
      const look = (x: typeof circle) => x.self === x && x.shared[0] === x.shared[1];
      equal(await client.submit(look as (x: unknown) => boolean, circle).result(), true);
    },
  },
  {
    name: "what is done to an argument after the call is not seen",
    async run({ client }) {
      const list = [1, 2, 3];
      const map = new Map([["a", { deep: [1] }]]);
      const small = new Float64Array(4).fill(1);
      const large = new Float64Array(100_000).fill(1);
      const futures = [
        client.submit((x: number[]) => x.length, list),
        client.submit((x: Map<string, { deep: number[] }>) => x.get("a")?.deep.length, map),
        client.submit((x: Float64Array) => x[0], small),
        client.submit((x: Float64Array) => x[99_999], large),
        ...client.map((x: readonly number[]) => x[0], [list]),
      ];
      list.length = 0;
      map.get("a")?.deep.push(2, 3);
      small[0] = 9;
      large[99_999] = 9;
      equal(await client.gather(futures), [3, 1, 1, 1, 1]);
      equal(await client.submit((x: Float64Array) => x[99_999], large).result(), 9, "passed again, changed");
    },
  },
  {
    name: "a task cannot change its input for others",
    async run({ client }) {
      const list = client.submit(() => [1, 2, 3]);
      equal(await list.result(), [1, 2, 3]);
      await client.submit((x: number[]) => x.push(4), list).result();
      equal(await client.submit((x: number[]) => x.length, list).result(), 3);
    },
  },
  {
    name: "status goes from pending through running to finished",
    async run() {
      await using own = start({ nWorkers: 1 });
      const channel = channelName();
      const first = own.client.submit(onWord, channel);
      const second = own.client.submit((x: unknown) => x, first);
      equal([first.status, first.done(), second.status], ["pending", false, "pending"]);
      await begun(first);
      equal([first.status, first.done(), second.status, second.done()], ["running", false, "pending", false]);
      sayOn(channel, "go on");
      equal(await second.result(), "go on");
      equal([first.status, first.done(), first.cancelled()], ["finished", true, false]);
      equal([second.status, second.done()], ["finished", true]);
    },
  },
  {
    name: "result() can be asked for again and again, and is the same object",
    async run({ client }) {
      const small = client.submit(() => ({ some: "thing" }));
      const [first, second] = [await small.result(), await small.result()];
      ok(first === second, "small results are one object");
      const large = client.submit(() => new Float64Array(100_000));
      const [one, two] = await Promise.all([large.result(), large.result()]);
      ok(one === two && two === (await large.result()), "large results are one object");
    },
  },
  {
    name: "type and nbytes are known without the value being fetched",
    async run({ client }) {
      const large = client.submit(() => new Float64Array(50_000));
      await large.exception();
      equal([large.type, large.nbytes !== undefined && large.nbytes >= 400_000], ["Float64Array", true]);
      const small = client.submit(() => "text");
      await small.result();
      equal(small.type, "string");
    },
  },
  {
    name: "done callbacks are called after success, failure and cancelling, also when it is over already",
    async run({ client }) {
      const called = (future: Future) =>
        new Promise<string>((resolve) =>
          future.addDoneCallback((ended) => resolve(`${ended === future} ${ended.status}`)),
        );
      const good = client.submit(() => 1);
      equal(await called(good), "true finished");
      equal(await called(good), "true finished");
      const bad = client.submit(() => {
        throw new Error("bad");
      });
      equal(await called(bad), "true error");
      const given = client.submit(
        () =>
          new Promise((_, reject) => getTask().signal.addEventListener("abort", () => reject(new Error("given up")))),
      );
      const heard = called(given);
      given.cancel();
      equal(await heard, "true cancelled");
    },
  },
  {
    name: "listeners that throw harm nobody",
    async run() {
      await using own = start({ nWorkers: 1 });
      const { error } = console;
      const reported: unknown[] = [];
      console.error = (...words: unknown[]) => reported.push(words);
      try {
        const talking = own.client.submit(() => {
          getTask().progress(0.5);
          return 1;
        });
        talking.onProgress(() => {
          throw new Error("a listener's own");
        });
        talking.addDoneCallback(() => {
          throw new Error("a callback's own");
        });
        equal(await talking.result(), 1);
        equal(await own.client.submit(() => 2).result(), 2);
        equal(reported.length, 2, "what they threw is reported");
      } finally {
        console.error = error;
      }
    },
  },
  {
    name: "progress is heard, with notes",
    async run({ client }) {
      const heard: unknown[] = [];
      const future = client.submit(() => {
        getTask().progress(0.25);
        getTask().progress(0.75, "nearly");
      });
      future.onProgress((progress) => heard.push(progress));
      await future.result();
      equal(heard, [
        { fraction: 0.25, note: undefined },
        { fraction: 0.75, note: "nearly" },
      ]);
    },
  },
  {
    name: "a task knows its key, its attempt and its worker",
    async run({ client }) {
      const future = client.submit(function who() {
        return [getTask().key, getTask().attempt, typeof getWorker().address, getWorker().nThreads];
      });
      equal(await future.result(), [future.key, 1, "string", 1]);
      ok(/^who-/.test(future.key), `${future.key} begins with the name of its function`);
    },
  },
  {
    name: "getTask() and getWorker() outside a task say where they belong",
    run() {
      throws(() => getTask(), "Error", /outside a task/);
      throws(() => getWorker(), "Error", /outside a worker/);
    },
  },
  {
    name: "what is no function is refused at the call",
    run({ client }) {
      throws(() => client.submit("text" as unknown as () => void), "TypeError", /function/);
      throws(() => client.map(() => 1), "TypeError", /iterable/);
      throws(() => client.map((x: number) => x, 5 as unknown as number[]), "TypeError", /iterable/);
    },
  },
  {
    name: "a wait given up by a signal leaves the task alone",
    async run({ client }) {
      const channel = channelName();
      const future = client.submit(onWord, channel);
      await begun(future);
      const controller = new AbortController();
      const waits = [future.result(controller), future.exception(controller)];
      controller.abort(new RangeError("no more patience"));
      for (const wait of waits) await rejects(wait, "RangeError", /no more patience/);
      await rejects(future.result(controller), "RangeError");
      sayOn(channel, "still there");
      equal(await future.result(), "still there");
    },
  },
  {
    name: "a future is not thenable",
    async run({ client }) {
      const future = client.submit(() => 1);
      ok((await future) === future, "awaiting a future gives the future");
    },
  },
  {
    name: "tasks interleave at await where a worker has several slots",
    async run() {
      await using own = start({ nWorkers: 1, threadsPerWorker: 2 });
      const channel = channelName();
      const first = own.client.submit(onWord, channel);
      await begun(first);
      const second = own.client.submit((name: string) => {
        const mouth = new BroadcastChannel(name);
        mouth.postMessage("from the slot beside");
        mouth.close();
        return getTask().key;
      }, channel);
      equal(await first.result(), "from the slot beside");
      equal(await second.result(), second.key);
    },
  },
  {
    name: "thousands of tasks come back each with its own result",
    async run({ client }) {
      const futures = Array.from({ length: 5000 }, (_, i) => client.submit((x: number) => x * 2, i));
      const results = await client.gather(futures);
      ok(
        results.every((value, i) => value === i * 2),
        "each result is that of its task",
      );
    },
  },
  {
    name: "a chain of a thousand tasks",
    async run({ client }) {
      let value: Future<number> = client.submit(() => 0);
      for (let i = 0; i < 1000; i++) value = client.submit((x: number) => x + 1, value);
      equal(await value.result(), 1000);
    },
  },
  {
    name: "a tree of sums",
    async run({ client }) {
      const add = (x: number, y: number) => x + y;
      let level: Future<number>[] = client.map(
        (x: number) => x,
        Array.from({ length: 256 }, (_, i) => i),
      );
      while (level.length > 1) {
        const next: Future<number>[] = [];
        for (let i = 0; i < level.length; i += 2)
          next.push(client.submit(add, level[i] as Future<number>, level[i + 1] as Future<number>));
        level = next;
      }
      equal(await level[0]?.result(), 32640);
    },
  },
];
