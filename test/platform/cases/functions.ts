/** Functions on the way: as source, with what they close over, from modules, inside arguments. */
import { closure, fromModule, getTask } from "manyhands";
import type * as Work from "../work-module.mjs";
import { type Case, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

export const functions: readonly Case[] = [
  {
    name: "functions of every kind travel as source",
    async run({ client }) {
      function declared(x: number) {
        return x + 1;
      }
      function fib(n: number): number {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      }
      const holder = {
        method(x: number) {
          return x + 4;
        },
        async later(x: number) {
          return x + 5;
        },
      };
      const futures = [
        client.submit(declared, 0),
        client.submit((x: number) => x + 2, 0),
        client.submit(async (x: number) => x + 3, 0),
        client.submit(holder.method, 0),
        client.submit(holder.later, 0),
        client.submit((x = 6) => x),
        client.submit(({ x }: { x: number }, ...[y]: number[]) => x + (y ?? 0), { x: 3 }, 4),
        client.submit(fib, 10),
      ];
      equal(await client.gather(futures), [1, 2, 3, 4, 5, 6, 7, 55]);
    },
  },
  {
    name: "built-in functions travel by name",
    async run({ client }) {
      equal(await client.submit(Math.max, 1, 3, 2).result(), 3);
      equal(await client.gather(client.map(Math.sqrt, [4, 9])), [2, 3]);
      equal(await client.submit(JSON.stringify as (x: unknown) => string, { a: 1 }).result(), '{"a":1}');
      equal(await client.submit(structuredClone as (x: unknown) => unknown, [1]).result(), [1]);
    },
  },
  {
    name: "closure() takes along values, functions and classes",
    async run({ client }) {
      const scale = 3;
      const table = new Float64Array([1, 2, 4]);
      const double = (x: number) => x * 2;
      const viaDouble = (x: number) => double(x) + 1;
      class Pair {
        readonly left: number;
        readonly right: number;
        constructor(left: number, right: number) {
          this.left = left;
          this.right = right;
        }
        sum() {
          return this.left + this.right;
        }
      }
      const fn = closure({ scale, table, double, viaDouble, Pair }, (x: number) => [
        double(x) * scale,
        viaDouble(x),
        new Pair(x, table[2] as number).sum(),
      ]);
      equal(await client.submit(fn, 7).result(), [42, 15, 11]);
      equal(fn(7), [42, 15, 11], "called here");
    },
  },
  {
    name: "what closure() took along is as it was then",
    async run({ client }) {
      const table = [1, 2, 3];
      const fn = closure({ table }, () => table.length);
      table.push(4);
      equal(await client.submit(fn).result(), 3);
    },
  },
  {
    name: "functions that only differ in what they close over are different functions",
    async run({ client }) {
      const make = (k: number) => closure({ k }, (x: number) => x * k);
      equal(await client.gather([1, 2, 3].map((k) => client.submit(make(k), 10))), [10, 20, 30]);
    },
  },
  {
    name: "a variable that stayed behind is named in the error, with what to do",
    async run({ client }) {
      const forgotten = Math.random();
      const future = client.submit((x: number) => x + forgotten, 1);
      const error = await rejects(future.result(), "ReferenceError", /forgotten/);
      ok(error.message.includes("closure({ forgotten }"), error.message);
      ok(error.message.includes("fromModule"), error.message);
      const inLater = client.submit(async () => {
        await undefined;
        return forgotten;
      });
      await rejects(inLater.result(), "ReferenceError", /closure\(\{ forgotten \}/);
    },
  },
  {
    name: "exports of a module are imported where they run",
    async run({ client, work }) {
      const { add, viaNested, later } = fromModule<typeof Work>(work);
      equal(await client.submit(add, 1, 2).result(), 3);
      equal(await client.gather(client.map(add, [1, 2], [10, 20])), [11, 22]);
      equal(await client.submit(viaNested, 1).result(), { nested: 1 });
      equal(await client.submit(later, client.submit(add, 2, 3)).result(), 5);
    },
  },
  {
    name: "what a module keeps is kept between tasks of one worker",
    async run({ work }) {
      await using own = start({ nWorkers: 1 });
      const { countCalls } = fromModule<typeof Work>(work);
      equal(await own.client.gather([1, 2, 3].map(() => own.client.submit(countCalls))), [1, 2, 3]);
    },
  },
  {
    name: "an export that is missing, or no function, is named",
    async run({ client, work }) {
      const { gone, notAFunction } = fromModule<Record<"gone" | "notAFunction", () => void>>(work);
      await rejects(client.submit(gone).result(), "TypeError", /"gone".*add/);
      await rejects(client.submit(notAFunction).result(), "TypeError", /"notAFunction"/);
      const missing = fromModule<{ f(): void }>(new URL("./no-such-module.mjs", work));
      const error = await client.submit(missing.f).exception();
      ok(error instanceof Error && error.message.includes("no-such-module.mjs"), `${error} names the module`);
    },
  },
  {
    name: "a reference to a module throws where it is called, and a relative address where it is made",
    run({ work }) {
      const { add } = fromModule<typeof Work>(work);
      throws(() => add(1, 2), "TypeError", /add is a reference/);
      throws(() => fromModule("./work.js"), "TypeError", /import\.meta\.url/);
    },
  },
  {
    name: "functions inside arguments travel too",
    async run({ client, work }) {
      const apply = (f: (x: number) => number, x: number) => f(x);
      equal(await client.submit(apply, (x: number) => x + 1, 1).result(), 2);
      equal(await client.submit(apply, Math.sqrt, 16).result(), 4);
      const k = 10;
      equal(
        await client
          .submit(
            apply,
            closure({ k }, (x: number) => x * k),
            2,
          )
          .result(),
        20,
      );
      const { add } = fromModule<typeof Work>(work);
      const all = (fs: { list: ((x: number, y: number) => number)[] }) => fs.list.map((f) => f(2, 3));
      equal(await client.submit(all, { list: [add, Math.max, (x: number, y: number) => x * y] }).result(), [5, 3, 6]);
    },
  },
  {
    name: "functions inside maps and sets travel too, also those of modules",
    async run({ client, work }) {
      const { add } = fromModule<typeof Work>(work);
      type Binary = (x: number, y: number) => number;
      const inMap = (map: Map<string, Binary>) => [...map].map(([name, f]) => [name, f(2, 3)]);
      equal(
        await client
          .submit(
            inMap,
            new Map<string, Binary>([
              ["add", add],
              ["max", Math.max],
            ]),
          )
          .result(),
        [
          ["add", 5],
          ["max", 3],
        ],
      );
      const inSet = (set: Set<Binary>) => [...set].map((f) => f(2, 3));
      equal(await client.submit(inSet, new Set<Binary>([add, Math.max])).result(), [5, 3]);
      const asKeys = (map: Map<Binary, string>) => [...map].map(([f, name]) => [f(2, 3), name]);
      equal(
        await client
          .submit(
            asKeys,
            new Map<Binary, string>([
              [add, "add"],
              [Math.max, "max"],
            ]),
          )
          .result(),
        [
          [5, "add"],
          [3, "max"],
        ],
      );
    },
  },
  {
    name: "classes inside arguments can be constructed",
    async run({ client, work }) {
      class Counter {
        count = 0;
        increment() {
          this.count += 1;
          return this.count;
        }
      }
      const use = (Type: new () => Counter) => {
        const counter = new Type();
        counter.increment();
        return counter.increment();
      };
      equal(await client.submit(use, Counter).result(), 2);
      const { Point } = fromModule<typeof Work>(work);
      const build = (Type: new (x: number, y: number) => { x: number }, x: number) => new Type(x, 0).x;
      equal(await client.submit(build, Point as new (x: number, y: number) => { x: number }, 6).result(), 6);
    },
  },
  {
    name: "what cannot travel as a function is refused at the call",
    async run({ client }) {
      throws(() => client.submit(((x: number) => x).bind(null), 1), "UnserializableError", /bound or native/);
      throws(() => client.submit((f: () => number) => f(), (() => 1).bind(null)), "UnserializableError", /args\[0\]/);
      equal(await client.submit(() => "still usable").result(), "still usable");
    },
  },
  {
    name: "names of the library are in scope, in functions of functions too",
    async run({ client }) {
      const inner = () => getTask().attempt;
      equal(await client.submit((f: () => number) => [f(), getTask().attempt], inner).result(), [1, 1]);
    },
  },
  {
    name: "getTask() works in functions of modules' company where a worker has several slots",
    async run({ work }) {
      await using own = start({ nWorkers: 1, threadsPerWorker: 2 });
      const { add } = fromModule<typeof Work>(work);
      const key = (f: (x: number, y: number) => number) => [getTask().key, f(1, 1)];
      const future = own.client.submit(key, add);
      equal(await future.result(), [future.key, 2]);
    },
  },
  {
    name: "one function on many workers, many functions on one",
    async run({ client }) {
      const makers = Array.from({ length: 40 }, (_, i) => closure({ i }, () => i));
      equal(
        await client.gather(makers.map((maker) => client.submit(maker))),
        makers.map((_, i) => i),
      );
    },
  },
];
