/** What the compiler makes of submitting and of futures. Never run: that it compiles is the test. */
import { type AsCompleted, asCompleted, Client, closure, type Future, fromModule, transfer, wait } from "manyhands";
import type * as Work from "../platform/work-module.mjs";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two are the same type. */
function expectType<Expected>() {
  return <Actual>(_: Actual, __: Equal<Actual, Expected>) => {};
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
