/** What the compiler makes of submitting and of futures. Never run: that it compiles is the test. */
import {
  type AsCompleted,
  asCompleted,
  Client,
  closure,
  type Future,
  fromModule,
  getClient,
  LocalCluster,
  rejoin,
  secede,
  type TaskStream,
  transfer,
  wait,
} from "manyhands";
import type * as Work from "../platform/work-module.mjs";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two are the same type. */
function expectType<Expected>() {
  return <Actual>(_: Actual, __: Equal<Actual, Expected>) => {};
}

export async function inTasks(client: Client) {
  const outer = client.submit(() => getClient().submit((x: number) => x, 1));
  expectType<Future<Future<number>>>()(outer, true);
  expectType<Future<number>>()(await outer.result(), true);
  expectType<Future<{ list: Future<string>[] }>>()(
    client.submit(() => ({ list: getClient().map((x: number) => String(x), [1]) })),
    true,
  );
  expectType<() => void>()(secede(), true);
  expectType<void>()(rejoin(), true);
  expectType<Future<Future<number>[]>>()(client.scatter([client.submit(() => 1)]), true);
}

export async function submitting(client: Client) {
  const sum = client.submit((x: number, y: number) => x + y, 1, 2);
  expectType<Future<number>>()(sum, true);
  expectType<number>()(await sum.result(), true);
  expectType<Future<string>>()(
    client.submit(async (x: number) => String(x), sum),
    true,
  );
  expectType<Future<number>>()(
    client.submit((x: { a: number[] }) => x.a.length, { a: [sum, 2] }),
    true,
  );
  expectType<Future<number>>()(
    client.submit((x: Map<string, number>) => x.size, new Map([["a", sum]])),
    true,
  );
  expectType<Future<number>>()(
    client.submit((x: Set<number>) => x.size, new Set([sum])),
    true,
  );
  expectType<Future<number>>()(
    client.submit((...all: number[]) => all.length, sum, 1, sum),
    true,
  );
  expectType<Future<number>>()(
    client.submit((x: number, y?: number) => x + (y ?? 2), 1),
    true,
  );
  expectType<Future<number>>()(
    client.submit((f: (x: number) => number) => f(1), Math.sqrt),
    true,
  );
  expectType<Future<number>>()(
    client.submit((x: Float64Array) => x.length, new Float64Array(1)),
    true,
  );
  expectType<Future<number>>()(
    client.submit((x: Date) => x.getTime(), new Date()),
    true,
  );
  const [one, text] = [(x: number) => x, client.submit(() => "text")];
  // @ts-expect-error a text is no number
  client.submit(one, "1");
  // @ts-expect-error a future of a text is none of a number
  client.submit(one, text);
  // @ts-expect-error an argument is missing
  client.submit((x: number, y: number) => x + y, 1);
  // @ts-expect-error there is one too many
  client.submit((x: number) => x, 1, 2);
  // @ts-expect-error what is submitted is a function
  client.submit("text");
  // @ts-expect-error futures are made by clients
  new (Object as unknown as typeof Future)();
}

/** What functions may look like, and what they are given. */
export function shapes(client: Client, one: Future<number>, both: Future<{ a: number; b: string }>) {
  const identity = <T>(x: T): T => x;
  class Point {
    readonly x: number;
    constructor(x: number) {
      this.x = x;
    }
  }
  const numbers: readonly Future<number>[] = [
    client.submit((x: number, y = 2) => x + y, 1),
    client.submit((x: number, y = 2) => x + y, one, one),
    client.submit((x?: number) => x ?? 0),
    client.submit((x?: number) => x ?? 0, undefined),
    client.submit((x) => x + 1, 5),
    client.submit(Math.max, 1, one, 2),
    client.submit(Number.parseInt, "5"),
    client.submit(identity, 5),
    client.submit((all: number[]) => all.length, [one, 2]),
    client.submit((all: readonly number[]) => all.length, [one, 2] as const),
    client.submit((all: Iterable<number>) => [...all].length, [one, 2]),
    client.submit((all: Iterable<number>) => [...all].length, new Set([one])),
    client.submit((pair: [number, string]) => pair[0], [one, "a"]),
    client.submit((first: number, ...rest: string[]) => first + rest.length, one, "a", "b"),
    client.submit((x: { a: number; b?: string }) => x.a, { a: one }),
    client.submit((x: { a: number }) => x.a, both),
    client.submit((x: Record<string, number>) => Object.keys(x).length, { a: one, b: 1 }),
    client.submit((x: { kind: "a"; n: number } | { kind: "b" }) => x.kind.length, { kind: "a", n: one }),
    client.submit((x: number | string) => String(x).length, one),
    client.submit((P: typeof Point) => new P(1).x, Point),
    client.submit((x: unknown) => Number(x), { deep: [one] }),
    client.submit(async (x: number) => x, one),
  ];
  expectType<Future<number>>()(client.submit(identity, 5), true);
  expectType<Future<number>>()(
    client.submit((x: number, y = 2) => x + y, 1),
    true,
  );
  expectType<Future<void>>()(
    client.submit(async () => {}),
    true,
  );
  // @ts-expect-error a parameter with a default still has a type
  client.submit((x: number, y = 2) => x + y, 1, "2");
  // @ts-expect-error there is one too many, a default or not
  client.submit((x: number, y = 2) => x + y, 1, 2, 3);
  // @ts-expect-error the rest are texts
  client.submit((first: number, ...rest: string[]) => first + rest.length, 1, 2);
  // @ts-expect-error a typed array is not made of futures
  client.submit((x: Float64Array) => x.length, [one]);
  // @ts-expect-error a future deep inside is of another type
  client.submit((x: { a: string[] }) => x.a, { a: [one] });
  // @ts-expect-error a field is missing
  client.submit((x: { a: number; b: string }) => x.a, { a: one });
  return numbers;
}

export async function streaming(client: Client, one: Future<number>) {
  for await (const text of client.mapStream((x: number) => String(x), [1, one])) expectType<string>()(text, true);
  async function* source() {
    yield 1;
  }
  for await (const x of client.mapStream(async (x: number) => x, source(), { limit: 2 })) expectType<number>()(x, true);
  client.mapStream((x: number) => x, [Promise.resolve(1)], { ordered: false, signal: new AbortController().signal });
  client.mapStream(
    (x: number) => x,
    client.mapStream((x: number) => x, [1]),
  );
  const numbers = client.stream(async function* (count: number) {
    for (let i = 0; i < count; i++) yield i;
    return "end";
  }, one);
  expectType<TaskStream<number, string>>()(numbers, true);
  for await (const x of numbers) expectType<number>()(x, true);
  expectType<Future<string>>()(numbers.future, true);
  for await (const text of client.stream((all: string[]) => new Set(all), ["a"])) expectType<string>()(text, true);
  for await (const x of client.stream(async () => [1, 2])) expectType<number>()(x, true);
  client.mapStream((x: number) => String(x), numbers);
  client.with({ limit: 4 }).stream(function* () {});
  // @ts-expect-error a number cannot be iterated
  client.stream(() => 5);
  const count = function* (count: number) {
    yield count;
  };
  // @ts-expect-error the count is a number
  client.stream(count, "3");
  // @ts-expect-error the items are texts
  client.mapStream((x: number) => x, ["a"]);
  // @ts-expect-error a function of two is given one
  client.mapStream((x: number, y: number) => x + y, [1]);
  // @ts-expect-error there is no such option
  client.mapStream((x: number) => x, [1], { order: false });
}

export async function mapping(client: Client) {
  expectType<Future<number>[]>()(
    client.map((x: number) => x, [1, 2]),
    true,
  );
  expectType<Future<string>[]>()(
    client.map(async (x: number, y: string) => y.repeat(x), [1, 2], new Set(["a"])),
    true,
  );
  const first = client.map((x: number) => x * 2, [1, 2]);
  expectType<Future<number>[]>()(
    client.map((x: number) => x + 1, first),
    true,
  );
  expectType<Future<number>[]>()(
    client.map((x: { a: number }) => x.a, [{ a: 1 }]),
    true,
  );
  expectType<Future<number>[]>()(
    client.map(() => 1, [1, 2]),
    true,
  );
  expectType<Future<number>[]>()(
    client.map((x: number) => x, first, ["not looked at"]),
    true,
  );
  expectType<Future<number>[]>()(
    client.map((x: number, y = 2) => x + y, [1]),
    true,
  );
  expectType<Future<number>[]>()(
    client.map((x) => x + 1, [1]),
    true,
  );
  expectType<Future<number>[]>()(client.map(Math.max, [1], first, [3]), true);
  expectType<Future<number[]>[]>()(
    client.map(<T>(x: T) => [x], [1]),
    true,
  );
  // @ts-expect-error the rest are texts
  client.map((x: number, ...rest: string[]) => x + rest.length, [1], [2]);
  // @ts-expect-error an iterable is missing
  client.map((x: number, y: number) => x + y, [1]);
  // @ts-expect-error the elements are texts
  client.map((x: number) => x, ["a"]);
  // @ts-expect-error there is nothing to go through
  client.map((x: number) => x, 5);
}

export async function gathering(client: Client, a: Future<number>, b: Future<string>) {
  expectType<number>()(await client.gather(a), true);
  expectType<number[]>()(await client.gather([a, a]), true);
  expectType<[number, string]>()(await client.gather([a, b] as [Future<number>, Future<string>]), true);
  expectType<{ a: number; deep: { b: string[] }; plain: boolean }>()(
    await client.gather({ a, deep: { b: [b] }, plain: true as boolean }),
    true,
  );
  expectType<Map<string, number>>()(await client.gather(new Map([["a", a]])), true);
  expectType<Set<string>>()(await client.gather(new Set([b])), true);
}

export async function scattering(client: Client) {
  const array = new Float64Array(3);
  expectType<Future<Float64Array<ArrayBuffer>>>()(client.scatter(transfer(array, [array.buffer])), true);
  expectType<Future<{ a: number }>>()(client.scatter({ a: 1 }, { broadcast: true }), true);
  expectType<Future<string>[]>()(client.scatterAll(["a", "b"]), true);
}

export async function placing(client: Client, futures: Future<number>[]) {
  expectType<Record<string, string[]>>()(await client.whoHas(futures), true);
  expectType<Record<string, string>>()(await client.whoMade(futures), true);
  expectType<Record<string, string[]>>()(await client.hasWhat(["thread://worker/0"]), true);
  expectType<Record<string, number>>()(await client.nbytes(), true);
  expectType<void>()(await client.replicate(futures, { n: 2, workers: new Set(["worker-0"]) }), true);
  expectType<void>()(await client.rebalance(), true);
  // @ts-expect-error what is to be replicated has to be said
  await client.replicate();
  expectType<Future<number[]>>()(client.scatter([1], { hash: true, workers: ["worker-0"] }), true);
  // @ts-expect-error there is no such option
  client.scatter([1], { brodcast: true });
}

export async function publishing(client: Client, future: Future<number>) {
  expectType<void>()(await client.publishDataset("d", [future], { override: true }), true);
  expectType<unknown>()(await client.getDataset("d"), true);
  expectType<Future<number>[]>()(await client.getDataset<Future<number>[]>("d"), true);
  expectType<number>()(await client.getDataset("d", { default: 5 as number }), true);
  expectType<string[]>()(await client.listDatasets(), true);
  expectType<boolean>()(await client.unpublishDataset("d"), true);
}

export async function ending(futures: Future<number>[]) {
  for await (const future of asCompleted(futures)) expectType<Future<number>>()(future, true);
  for await (const pair of asCompleted(futures, { withResults: true })) {
    expectType<[Future<number>, number]>()(pair, true);
  }
  for await (const pair of asCompleted(futures, { withResults: true, raiseErrors: false })) {
    expectType<[Future<number>, PromiseSettledResult<number>]>()(pair, true);
  }
  expectType<AsCompleted<Future<number>>>()(asCompleted(futures), true);
  const { done, notDone } = await wait(futures, { returnWhen: 2 });
  expectType<Set<Future<number>>>()(done, true);
  expectType<Set<Future<number>>>()(notDone, true);
  // @ts-expect-error there is no such word
  await wait(futures, { returnWhen: "SOME_COMPLETED" });
}

export function references(client: Client, url: URL) {
  const work = fromModule<typeof Work>(url);
  const sum: Future<number> = client.submit(work.add, 1, 2);
  // @ts-expect-error only what can be called or constructed can be referred to
  work.notAFunction;
  const k = 2;
  const double = closure({ k }, (x: number) => x * k);
  expectType<(x: number) => number>()(double, true);
  return [sum, client.submit(double, sum)];
}

export async function owning() {
  await using client = new Client({ nWorkers: 2 });
  using future = client.submit(() => 1);
  expectType<Future<unknown>>()(client.future("key"), true);
  expectType<Future<string>>()(client.future<string>("key"), true);
  // @ts-expect-error a future is no promise
  const promise: Promise<number> = future;
  // @ts-expect-error nor can it be chained like one
  future.then;
  return promise;
}

export async function onEveryWorker(client: Client) {
  expectType<Record<string, number>>()(await client.run(async (x: string) => x.length, "text"), true);
  // @ts-expect-error a text is no number
  await client.run((x: number) => x, "1");
  await client.registerPlugin({ name: "p", setup: (worker) => worker.name });
  // @ts-expect-error a plugin needs a name
  await client.registerPlugin({ setup() {} });
}

export function choosing(client: Client, signal: AbortSignal) {
  const retries = { times: 3, delayMs: 100, factor: 2, maxDelayMs: 1000 };
  client.with({ key: ["a", "b"], name: "load", pure: true, priority: 1, retries, signal });
  client.with({ retries: 3, resources: { gpu: 1 }, workers: ["w-0"], allowOtherWorkers: true, timeoutMs: 1000 });
  client.scatter(1, { workers: "w-0", broadcast: 2 });
  // @ts-expect-error a misspelt option
  client.with({ retry: 3 });
  // @ts-expect-error delays say how often, too
  client.with({ retries: { delayMs: 100 } });
  // @ts-expect-error amounts are numbers
  client.with({ resources: { gpu: "1" } });
  const declared = new LocalCluster({ resources: { gpu: 1 }, noWorkersTimeoutMs: Number.POSITIVE_INFINITY });
  declared.setResources("worker-0", { gpu: 2 });
  return [
    new LocalCluster({ resources: [{ gpu: 1 }, {}] }),
    new LocalCluster({ resources: (place) => ({ gpu: place }) }),
  ];
}
