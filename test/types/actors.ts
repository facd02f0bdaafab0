/** What the compiler makes of actors. Never run: that it compiles is the test. */
import type { ActorCall, ActorHandle, ActorStream, Client, Future } from "manyhands";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two are the same type. */
function expectType<Expected>() {
  return <Actual>(_: Actual, __: Equal<Actual, Expected>) => {};
}

class Counter {
  count = 0;
  readonly #secret = 1;

  constructor(start: number) {
    this.count = start + this.#secret;
  }

  add(by: number, note?: string): number {
    this.count += by;
    return note === undefined ? this.count : note.length;
  }

  async later(): Promise<string> {
    return `${this.count}`;
  }

  *items(): Generator<number, string> {
    yield this.count;
    return "end";
  }

  never(): never {
    throw new Error("no");
  }
}

export async function actors(client: Client, number: Future<number>, signal: AbortSignal) {
  const future = client.actor(Counter, 1);
  expectType<Future<ActorHandle<typeof Counter>>>()(future, true);
  client.actor(Counter, number);
  // @ts-expect-error the constructor takes a number
  client.actor(Counter, "1");
  // @ts-expect-error the constructor takes something
  client.actor(Counter);
  // @ts-expect-error no class
  client.actor(() => 1);
  using counter = await future.result();
  const call = counter.add(1);
  expectType<ActorCall<number>>()(call, true);
  expectType<number>()(await call, true);
  expectType<boolean>()(call.done(), true);
  expectType<number>()(await call.result({ signal }), true);
  expectType<string>()(await counter.later(), true);
  expectType<number>()(await counter.count, true);
  expectType<ActorStream<number, string>>()(counter.items(), true);
  for await (const item of counter.items()) expectType<number>()(item, true);
  expectType<ActorCall<never>>()(counter.never(), true);
  counter.add(number, "with a future");
  // @ts-expect-error a text is no number
  counter.add("1");
  // @ts-expect-error there is no such method
  counter.subtract(1);
  // @ts-expect-error a field is the actor's own
  counter.count = 5;
  const sum = client.submit((x: number) => x + 1, counter.add(1));
  expectType<Future<number>>()(sum, true);
  expectType<number[]>()(await client.gather([counter.add(1), counter.add(2)]), true);
  client.submit(async (handle: typeof counter) => handle.add(1), counter);
}
