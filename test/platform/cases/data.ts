/** Where values are, and how they move: scattered, passed from thread to thread, brought to the client. */
import { closure, fromModule, getWorker, transfer, wait } from "manyhands";
import type * as Work from "../work-module.mjs";
import { type Case, channelName, holdersOf, recordOf, start } from "./case.ts";
import { equal, ok, throws } from "./check.ts";

const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
/** An array of 800 kB on a worker that is not the one where the other run of this function is. */
const apart = (channel: string, me: number) =>
  new Promise<Float64Array>((resolve) => {
    const line = new BroadcastChannel(channel);
    const meet = () => {
      line.postMessage(me);
      resolve(new Float64Array(100_000).fill(me));
    };
    line.onmessage = (event) => {
      if ((event as MessageEvent).data !== me) meet();
    };
    line.postMessage(me);
  });
/** How many different objects this worker was given under that name, counting this one. */
const countObjects = (x: object, name: string) => {
  const kept = globalThis as unknown as Record<string, Set<object> | undefined>;
  kept[name] ??= new Set();
  const seen = kept[name];
  seen.add(x);
  return [getWorker().address, seen.size] as const;
};

export const data: readonly Case[] = [
  {
    name: "scatter() gives a future on a value that tasks can use",
    async run({ client }) {
      const small = client.scatter([1, 2, 3]);
      const large = client.scatter(new Float64Array(100_000).fill(1));
      equal([small.status, large.status], ["finished", "finished"]);
      equal(await client.submit((x: number[]) => x.length, small).result(), 3);
      equal(await client.submit(sum, large).result(), 100_000);
      equal(await client.gather({ small, again: await large.result().then(({ length }) => length) }), {
        small: [1, 2, 3],
        again: 100_000,
      });
    },
  },
  {
    name: "scatterAll() gives one future for each value",
    async run({ client }) {
      const futures = client.scatterAll([new Float64Array(3), "b", { c: 3 }]);
      equal(futures.length, 3);
      equal(await client.gather(futures), [new Float64Array(3), "b", { c: 3 }]);
      equal(await client.gather(client.map((x: number) => x + 1, client.scatterAll(new Set([1, 2])))), [2, 3]);
    },
  },
  {
    name: "what is scattered is as it was at the call",
    async run({ client }) {
      const list = [1, 2];
      const array = new Float64Array(50_000).fill(1);
      const [first, second] = [client.scatter(list), client.scatter(array)];
      list.push(3);
      array.fill(2);
      equal(await client.submit((x: number[]) => x.length, first).result(), 2);
      equal(await client.submit(sum, second).result(), 50_000);
    },
  },
  {
    name: "transfer() moves buffers instead of copying them",
    async run({ client }) {
      const array = new Float64Array(100_000).fill(1);
      const scattered = client.scatter(transfer(array, [array.buffer]));
      equal(array.byteLength, 0, "what was scattered");
      equal(await client.submit(sum, scattered).result(), 100_000);
      const other = new Float64Array(10).fill(1);
      const future = client.submit(sum, transfer(other, [other.buffer]));
      equal(other.byteLength, 0, "what was an argument");
      equal(await future.result(), 10);
      const two = [new Float64Array(3).fill(1), new Float64Array(4).fill(1)] as const;
      const kept = client.scatterAll(two.map((each) => transfer(each, [each.buffer])));
      equal([two[0].byteLength, two[1].byteLength], [0, 0]);
      equal(await client.gather(client.map(sum, kept)), [3, 4]);
    },
  },
  {
    name: "transfer() moves buffers that stand beside futures and functions",
    async run({ client }) {
      const array = new Float64Array(1000).fill(1);
      const three = client.submit(() => 3);
      const f = ({ x, k, g }: { x: Float64Array; k: number; g: (x: number) => number }) => g(x.length * k);
      const future = client.submit(f, transfer({ x: array, k: three, g: (x: number) => x + 1 }, [array.buffer]));
      equal(array.byteLength, 0);
      equal(await future.result(), 3001);
      const large = new Float64Array(50_000).fill(1);
      const mixed = client.submit(
        (x: Float64Array, [k]: number[]) => x.length * (k ?? 0),
        transfer(large, [large.buffer]),
        [three],
      );
      equal(large.byteLength, 0);
      equal(await mixed.result(), 150_000);
    },
  },
  {
    name: "a scattered value reaches each worker at most once",
    async run({ client }) {
      const name = `objects-${Math.random()}`;
      const scattered = client.scatter(new Float64Array(100_000));
      const counts = await client.gather(
        Array.from({ length: 40 }, () => client.submit(countObjects, scattered, name)),
      );
      equal(
        counts.filter(([, count]) => count !== 1),
        [],
      );
    },
  },
  {
    name: "broadcast sends a value to all workers before any task needs it",
    async run() {
      await using own = start();
      await own.client.submit(() => 1).result();
      await Promise.all(
        [own.client.submit(apart, "broadcast", 1), own.client.submit(apart, "broadcast", 2)].map((f) => f.exception()),
      );
      const value = own.client.scatter(new Float64Array(100_000).fill(1), { broadcast: true });
      await own.client.submit(() => 1).result();
      equal(holdersOf(own.cluster, value).length, 2);
      equal(await own.client.submit(sum, value).result(), 100_000);
    },
  },
  {
    name: "an array passed again and again is sent once to each worker",
    async run({ client }) {
      const name = `noticed-${Math.random()}`;
      const array = new Float64Array(100_000).fill(1);
      const counts = await client.gather(
        Array.from({ length: 40 }, () => client.submit(countObjects, array as object, name)),
      );
      equal(
        counts.filter(([, count]) => count !== 1),
        [],
      );
      equal(array.length, 100_000, "it is still ours");
    },
  },
  {
    name: "a large result stays on its worker until somebody asks for it",
    async run() {
      await using own = start();
      const future = own.client.submit(() => new Float64Array(100_000).fill(1));
      await wait([future]);
      equal(holdersOf(own.cluster, future).length, 1);
      equal(typeof recordOf(own.cluster, future)?.value, "symbol", "the scheduler has not seen it");
      equal((await future.result()).length, 100_000);
    },
  },
  {
    name: "an input moves from thread to thread, and never by way of the client",
    async run() {
      await using own = start();
      const channel = channelName();
      const a = own.client.submit(apart, channel, 1);
      const b = own.client.submit(apart, channel, 2);
      await wait([a, b]);
      const before = [holdersOf(own.cluster, a), holdersOf(own.cluster, b)];
      equal(
        before.map((holders) => holders.length),
        [1, 1],
      );
      ok(before[0]?.[0] !== before[1]?.[0], "they are on different workers");
      const both = (x: Float64Array, y: Float64Array) => x.length + y.length + (x[0] as number) + (y[0] as number);
      equal(await own.client.submit(both, a, b).result(), 200_003);
      equal([...holdersOf(own.cluster, a), ...holdersOf(own.cluster, b)].length, 3, "one of them has a copy now");
      for (const future of [a, b]) {
        const task = recordOf(own.cluster, future);
        equal([typeof task?.value, task?.atClient], ["symbol", false], "neither scheduler nor client has it");
      }
    },
  },
  {
    name: "a task goes where its largest input is",
    async run() {
      await using own = start();
      const channel = channelName();
      const [a, b] = [own.client.submit(apart, channel, 1), own.client.submit(apart, channel, 2)];
      await wait([a, b]);
      const where = (_: Float64Array) => getWorker().address;
      for (const future of [a, b, a, b]) {
        equal([await own.client.submit(where, future).result()], holdersOf(own.cluster, future));
      }
    },
  },
  {
    name: "a large result moves to the client rather than being copied",
    async run() {
      await using own = start({ nWorkers: 1 });
      const future = own.client.submit(() => {
        const array = new Float64Array(1_000_000).fill(1);
        (globalThis as unknown as { seen: WeakRef<ArrayBuffer> }).seen = new WeakRef(array.buffer as ArrayBuffer);
        return array;
      });
      equal((await future.result())[999_999], 1);
      const left = await own.client
        .submit(() => (globalThis as unknown as { seen: WeakRef<ArrayBuffer> }).seen.deref()?.byteLength ?? 0)
        .result();
      equal(left, 0, "bytes left behind");
    },
  },
  {
    name: "a value that was moved to the client can still be an input",
    async run() {
      await using own = start();
      const future = own.client.submit(() => new Float64Array(100_000).fill(1));
      await future.result();
      equal(await own.client.submit(sum, future).result(), 100_000);
      equal(await own.client.submit(sum, future).result(), 100_000, "again");
      const early = own.client.submit(() => new Float64Array(100_000).fill(2));
      const value = early.result();
      const dependent = own.client.submit(sum, early);
      equal([(await value).length, await dependent.result()], [100_000, 200_000], "asked for both at once");
    },
  },
  {
    name: "a value that the user transferred away is made again for tasks that need it",
    async run() {
      await using own = start();
      const future = own.client.submit(() => new Float64Array(100_000).fill(1));
      const value = await future.result();
      structuredClone(value, { transfer: [value.buffer as ArrayBuffer] });
      equal(value.length, 0);
      equal(await own.client.submit(sum, future).result(), 100_000);
    },
  },
  {
    name: "what a task keeps on the global object is not moved away from it",
    async run() {
      await using own = start({ nWorkers: 1 });
      const kept = () => {
        const place = globalThis as unknown as { cache?: { list: unknown[] } };
        place.cache ??= { list: [() => 1, new Float64Array(100_000).fill(7)] };
        return place.cache.list[1] as Float64Array;
      };
      for (let i = 0; i < 3; i++) {
        const value = await own.client.submit(kept).result();
        equal([value.length, value[99_999]], [100_000, 7]);
      }
    },
  },
  {
    name: "what a task keeps in what it closes over is not moved away from it",
    async run() {
      await using own = start({ nWorkers: 1 });
      const cache = new Map<string, Float64Array>();
      const kept = closure({ cache }, (name: string) => {
        const value = cache.get(name) ?? new Float64Array(100_000).fill(7);
        cache.set(name, value);
        return value;
      });
      const viaHelper = closure({ kept }, (name: string) => kept(name));
      function onItself(): Float64Array {
        const place = onItself as unknown as { cache?: Float64Array };
        place.cache ??= new Float64Array(100_000).fill(7);
        return place.cache;
      }
      class Store {
        static value: Float64Array | undefined;
        static get() {
          Store.value ??= new Float64Array(100_000).fill(7);
          return Store.value;
        }
        readonly own = 1;
      }
      const inClass = closure({ Store }, () => Store.get());
      for (let i = 0; i < 3; i++) {
        const futures = [
          own.client.submit(kept, "a"),
          own.client.submit(viaHelper, "a"),
          own.client.submit(onItself),
          own.client.submit(inClass),
        ];
        for (const value of await own.client.gather(futures)) equal([value.length, value[99_999]], [100_000, 7]);
      }
    },
  },
  {
    name: "what a module keeps is not moved away from it",
    async run({ work }) {
      await using own = start({ nWorkers: 1 });
      const { cached, sumOfCache } = fromModule<typeof Work>(work);
      for (let i = 0; i < 3; i++) equal((await own.client.submit(cached).result()).length, 100_000);
      equal(await own.client.submit(sumOfCache).result(), 700_000);
    },
  },
  {
    name: "an input that is handed on as a result is there for both",
    async run({ client }) {
      const input = client.submit(() => new Float64Array(100_000).fill(1));
      const same = client.submit((x: Float64Array) => x, input);
      const part = client.submit((x: Float64Array) => ({ part: x.subarray(0, 50_000), more: "text" }), input);
      equal((await same.result()).length, 100_000);
      equal((await part.result()).part.length, 50_000);
      equal(await client.submit(sum, input).result(), 100_000);
      equal((await input.result())[99_999], 1);
    },
  },
  {
    name: "scattered data cannot be taken away by a task that returns it",
    async run({ client }) {
      const scattered = client.scatter(new Float64Array(100_000).fill(1));
      for (let i = 0; i < 3; i++)
        equal((await client.submit((x: Float64Array) => x, scattered).result()).length, 100_000);
      equal(await client.submit(sum, scattered).result(), 100_000);
    },
  },
  {
    name: "small views on large buffers travel as what they show",
    async run({ client }) {
      const whole = new Float64Array(1_000_000).fill(1);
      const scattered = client.scatter(whole.subarray(10, 12));
      equal(await client.submit((x: Float64Array) => [x.length, x.buffer.byteLength], scattered).result(), [2, 16]);
    },
  },
  {
    name: "functions are refused as data, with what to do",
    run({ client }) {
      throws(() => client.scatter({ f: () => 1 }), "UnserializableError", /closure/);
    },
  },
];
