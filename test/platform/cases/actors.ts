/** Actors: instances that live in a worker, called directly, in order, by whoever has a handle. */
import {
  type ActorHandle,
  ActorLostError,
  asCompleted,
  Client,
  closure,
  type Future,
  getClient,
  getWorker,
  Queue,
  transfer,
  wait,
} from "manyhands";
import { type Case, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

class Counter {
  count: number;
  #secret = 7;
  constructor(start = 0) {
    this.count = start;
  }
  increment(by = 1): number {
    this.count += by;
    return this.count;
  }
  get_count(): number {
    return this.count;
  }
  get double(): number {
    return this.count * 2;
  }
  secret(): number {
    return this.#secret;
  }
  fail(message: string): never {
    throw new RangeError(message, { cause: "the actor" });
  }
  echo<T>(value: T): T {
    return value;
  }
  where(): string {
    return getWorker().address;
  }
}

/** Says in which order calls begin and end. */
class Diary {
  readonly lines: string[] = [];
  readonly #gates = new Map<string, () => void>();
  async stay(name: string): Promise<string> {
    this.lines.push(`${name} begins`);
    await new Promise<void>((resolve) => this.#gates.set(name, resolve));
    this.lines.push(`${name} ends`);
    return name;
  }
  open(name: string): boolean {
    return this.#gates.get(name)?.() === undefined && this.#gates.delete(name);
  }
  read(): readonly string[] {
    return this.lines;
  }
}

/** How many actors there are on each worker. */
async function spread(client: Client): Promise<number[]> {
  const { workers } = await client.schedulerInfo();
  return Object.values(workers)
    .map(({ actors }) => actors)
    .sort();
}

export const actors: readonly Case[] = [
  {
    name: "what a user of Dask writes first: an actor by submit, calls in order, their results",
    async run({ client }) {
      const counter = await client.with({ actor: true }).submit(Counter).result();
      const future1 = counter.increment();
      const future2 = counter.increment();
      equal(await counter.get_count().result(), 2);
      equal([future1.done(), await future1, await future2], [true, 1, 2]);
    },
  },
  {
    name: "methods return promises, fields and getters are read by awaiting them, private fields work, and nothing is thenable",
    async run({ client }) {
      using counter = await client.actor(Counter, 5).result();
      equal((counter as { then?: unknown }).then, undefined);
      const call = counter.increment(2);
      ok(call instanceof Promise && !call.done(), "a call is a promise that has not ended");
      equal(await call, 7);
      ok(call.done(), "it has ended");
      equal([await counter.count, await counter.double, await counter.secret()], [7, 14, 7]);
      throws(
        () => {
          (counter as { count: unknown }).count = 3;
        },
        "TypeError",
        /actor's own/,
      );
      ok(/^ActorHandle Counter-/.test(String(counter)), "a handle can be shown");
    },
  },
  {
    name: "the calls of one client begin in the order in which they were made, however many there are",
    async run({ client }) {
      const list = await client
        .actor(
          class {
            seen: number[] = [];
            note(i: number) {
              this.seen.push(i);
            }
          },
        )
        .result();
      for (let i = 0; i < 3000; i++) void list.note(i);
      equal(
        (await list.seen).every((each, i) => each === i),
        true,
      );
      equal((await list.seen).length, 3000);
    },
  },
  {
    name: "arguments are captured at the call, and may hold data, buffers, functions, futures and handles",
    async run({ client }) {
      const counter = await client.actor(Counter).result();
      const data = { list: [1, new Map([["a", new Set([2])]])], when: new Date(5), n: 10n };
      const echoed = counter.echo(data);
      data.list.push(3);
      equal(await echoed, { list: [1, new Map([["a", new Set([2])]])], when: new Date(5), n: 10n });
      equal(await counter.echo(new Float64Array([1, 2])), new Float64Array([1, 2]));
      const moved = new Uint8Array([1, 2, 3]);
      const answer = counter.echo(transfer(moved, [moved.buffer]));
      equal(moved.byteLength, 0);
      equal(await answer, new Uint8Array([1, 2, 3]));
      const applier = await client
        .actor(
          class {
            apply(fn: (x: number) => number, x: number) {
              return fn(x);
            }
            async value(future: unknown) {
              return (await (future as Future<number>).result()) + 1;
            }
          },
        )
        .result();
      equal(await applier.apply((x) => x * 2, 21), 42);
      const future = client.submit((x: number) => x, 41);
      const call = applier.value(future);
      future.release();
      equal(await call, 42);
    },
  },
  {
    name: "what is wrong with a call is said clearly, at the call if it can be known there",
    async run({ client }) {
      const counter = await client.actor(Counter).result();
      const error = await rejects(counter.fail("too far"), "RangeError", /^too far$/);
      equal(error.cause, "the actor");
      ok(/Counter/.test(error.stack ?? ""), "the stack is the worker's");
      const unknown = counter as unknown as { incrementt(): Promise<void>; hasOwnProperty(name: string): unknown };
      await rejects(
        unknown.incrementt(),
        "TypeError",
        /^Counter has no method "incrementt"; it has increment, .*where$/,
      );
      await rejects(Promise.resolve(counter.increment as unknown as PromiseLike<never>), "TypeError", /call it/);
      throws(() => counter.echo(new WeakMap()), "UnserializableError", /^args\[0\] is a WeakMap/);
      await rejects(
        (
          await client
            .actor(
              class {
                give() {
                  return { lock: new WeakMap() };
                }
              },
            )
            .result()
        ).give(),
        "UnserializableError",
        /^result\.lock of/,
      );
      throws(() => client.actor((() => {}) as unknown as typeof Counter), "TypeError", /takes a class/);
      throws(() => client.with({ actor: { onLos: "restart" } as never }), "TypeError", /actor must be/);
      await rejects(
        client
          .actor(
            class {
              constructor() {
                throw new Error("not today");
              }
            },
          )
          .result(),
        "Error",
        /^not today$/,
      );
      equal(await counter.increment(), 1);
    },
  },
  {
    name: "async methods interleave where they await, and a limit makes them take turns",
    async run({ client }) {
      const free = await client.actor(Diary).result();
      const [first, second] = [free.stay("first"), free.stay("second")];
      await free.open("second");
      equal(await second, "second");
      await free.open("first");
      await first;
      equal(await free.read(), ["first begins", "second begins", "second ends", "first ends"]);
      const one = await client
        .with({ actor: { concurrency: 1 } })
        .actor(
          class {
            lines: string[] = [];
            async write(name: string) {
              this.lines.push(`${name} begins`);
              await null;
              this.lines.push(`${name} ends`);
            }
          },
        )
        .result();
      await Promise.all([one.write("a"), one.write("b")]);
      equal(await one.lines, ["a begins", "a ends", "b begins", "b ends"]);
    },
  },
  {
    name: "generators give streams: items come in order, and break ends them",
    async run({ client }) {
      const maker = await client
        .actor(
          class {
            closed = 0;
            *upTo(n: number): Generator<number, string> {
              try {
                for (let i = 0; i < n; i++) yield i;
                return "all";
              } finally {
                this.closed += 1;
              }
            }
            async *letters(): AsyncGenerator<{ letter: string }> {
              for (const letter of "abc") {
                await null;
                yield { letter };
              }
              throw new Error("no more letters");
            }
          },
        )
        .result();
      const items: number[] = [];
      for await (const item of maker.upTo(40)) items.push(item);
      equal(items, [...Array(40).keys()]);
      for await (const item of maker.upTo(Number.POSITIVE_INFINITY)) if (item === 3) break;
      equal(await maker.closed, 2);
      const letters: string[] = [];
      const reading = async () => {
        for await (const { letter } of maker.letters()) letters.push(letter);
      };
      await rejects(reading(), "Error", /^no more letters$/);
      equal(letters, ["a", "b", "c"]);
    },
  },
  {
    name: "calls can be arguments of tasks, gathered, waited for and taken as they end",
    async run({ client }) {
      const counter = await client.actor(Counter).result();
      const diary = await client.actor(Diary).result();
      equal(await client.submit((a: number, b: number) => a + b, counter.increment(), 10).result(), 11);
      const failing = client.submit((x: number) => x, counter.fail("for good"));
      await rejects(failing.result(), "RangeError", /^for good$/);
      equal(await client.gather({ one: counter.increment(), more: [counter.echo("two")] }), { one: 2, more: ["two"] });
      const slow = diary.stay("slow");
      const { done, notDone } = await wait([slow, counter.where()], { returnWhen: "FIRST_COMPLETED" });
      equal([done.size, notDone.size], [1, 1]);
      const order: unknown[] = [];
      for await (const [, value] of asCompleted([slow, counter.echo("fast")], { withResults: true })) {
        order.push(value);
        if (value === "fast") await diary.open("slow");
      }
      equal(order, ["fast", "slow"]);
    },
  },
  {
    name: "handles travel: as arguments and results of tasks, through queues and datasets, to other clients",
    async run({ client, cluster }) {
      const future = client.actor(Counter);
      const counter = await future.result();
      equal(await client.submit(async (c: ActorHandle<typeof Counter>) => c.increment(), future).result(), 1);
      equal(await client.submit(async (c: ActorHandle<typeof Counter>) => c.increment(), counter).result(), 2);
      const back = await client.submit((c: unknown) => ({ c }), counter).result();
      equal(await (back as { c: ActorHandle<typeof Counter> }).c.increment(), 3);
      using queue = new Queue<ActorHandle<typeof Counter>>({ client });
      await queue.put(counter);
      equal(await (await queue.get()).increment(), 4);
      await client.publishDataset("the counter", counter);
      await using other = new Client(cluster);
      const theirs = (await other.getDataset("the counter")) as ActorHandle<typeof Counter>;
      equal(await theirs.increment(), 5);
      await client.unpublishDataset("the counter");
      equal(await counter.echo(counter).then((same) => (same as typeof counter).increment()), 6);
    },
  },
  {
    name: "tasks make actors, and call them on other workers and on their own",
    async run({ client }) {
      const made = client.submit(
        closure({ Counter }, async () => {
          const counter = await getClient().actor(Counter, 10).result();
          await counter.increment();
          return counter;
        }),
      );
      const counter = (await made.result()) as ActorHandle<typeof Counter>;
      equal(await counter.count, 11);
      const workers = Object.keys((await client.schedulerInfo()).workers);
      const sums = workers.map((worker) =>
        client.with({ workers: worker }).submit(async (c: ActorHandle<typeof Counter>) => {
          let last = 0;
          for (let i = 0; i < 50; i++) last = await c.increment();
          return last;
        }, counter),
      );
      await client.gather(sums);
      equal(await counter.count, 11 + 50 * workers.length);
    },
  },
  {
    name: "actors call actors and submit tasks on the only worker there is, and nobody waits for ever",
    async run() {
      await using t = start({ nWorkers: 1 });
      const pong = await t.client
        .actor(
          class {
            async pong(ping: { ping(n: number): Promise<number> }, n: number): Promise<number> {
              return n === 0 ? 0 : 1 + (await ping.ping(n - 1));
            }
          },
        )
        .result();
      const ping = await t.client
        .actor(
          class {
            self!: unknown;
            other!: { pong(ping: unknown, n: number): Promise<number> };
            know(self: unknown, other: unknown) {
              this.self = self;
              this.other = other as typeof this.other;
            }
            async ping(n: number): Promise<number> {
              return n === 0 ? 0 : 1 + (await this.other.pong(this.self, n - 1));
            }
            async task(n: number): Promise<number> {
              return getClient()
                .submit((x: number) => x * 2, n)
                .result();
            }
          },
        )
        .result();
      await ping.know(ping, pong);
      equal(await ping.ping(20), 20);
      equal(await t.client.submit(async (p: { task(n: number): Promise<number> }) => p.task(21), ping).result(), 42);
    },
  },
  {
    name: "actors are shared out evenly, counted, and gone when nobody can call them any more",
    async run() {
      await using t = start({ nWorkers: 2 });
      await t.client.waitForWorkers(2);
      const handles = await t.client.gather(Array.from({ length: 6 }, (_, i) => t.client.actor(Counter, i)));
      equal(await spread(t.client), [3, 3]);
      for (const handle of handles.slice(0, 5)) (handle as unknown as Disposable)[Symbol.dispose]();
      const last = handles[5] as unknown as ActorHandle<typeof Counter>;
      equal(await last.count, 5);
      while ((await spread(t.client)).reduce((a, b) => a + b) > 1) await null;
      const other = new Client(t.cluster);
      await (await other.actor(Counter).result()).increment();
      equal(
        (await spread(t.client)).reduce((a, b) => a + b),
        2,
      );
      await other.close();
      while ((await spread(t.client)).reduce((a, b) => a + b) > 1) await null;
      throws(
        () => handles[0] && (handles[0] as unknown as ActorHandle<typeof Counter>).increment(),
        "Error",
        /was closed/,
      );
    },
  },
  {
    name: "a call that is under way when its handle is let go of is answered all the same",
    async run({ client }) {
      const diary = await client.actor(Diary).result();
      const staying = diary.stay("here");
      const opened = diary.open("here");
      diary[Symbol.dispose]();
      equal([await staying, await opened], ["here", true]);
    },
  },
  {
    name: "when its worker dies, an actor's calls fail as lost, at once and later, and nothing hangs",
    limitMs: 20_000,
    async run() {
      await using t = start({ nWorkers: 1 });
      const future = t.client.actor(Diary);
      const diary = await future.result();
      const staying = diary.stay("for ever");
      const [worker] = Object.keys((await t.client.schedulerInfo()).workers) as [string];
      const inTask = t.client.submit(
        async (d: { stay(name: string): Promise<string> }) => d.stay("a task"),
        diary as never,
      );
      await t.client.restartWorkers([worker]);
      const error = await rejects(staying, "ActorLostError", /Diary/);
      ok(error instanceof ActorLostError, "it is of our class");
      await rejects(diary.read(), "ActorLostError", /is lost: its worker/);
      await rejects(inTask.result(), "ActorLostError");
      equal(await spread(t.client), [0]);
    },
  },
  {
    name: "restarted on loss: made anew elsewhere with the same arguments, restored from its last checkpoint, as often as need be",
    limitMs: 20_000,
    async run() {
      await using t = start({ nWorkers: 2 });
      const start_ = t.client.scatter(100);
      class Account {
        sum: number;
        constructor(sum: number) {
          this.sum = sum;
        }
        add(x: number): number {
          this.sum += x;
          return this.sum;
        }
        where(): string {
          return getWorker().address;
        }
        checkpoint(): object {
          return { sum: this.sum };
        }
        restore(state: object): void {
          this.sum = (state as { sum: number }).sum;
        }
      }
      const lasting = t.client.with({ actor: { onLoss: "restart" } });
      const account = await lasting.actor(Account, start_).result();
      const counter = await lasting.actor(Counter, 5).result();
      for (let round = 1; round <= 3; round++) {
        equal(await account.add(1), 100 + round);
        const before = await account.where();
        await counter.increment();
        await t.client.restartWorkers([before, await counter.where()]);
        ok((await account.where()) !== before, "it lives elsewhere");
        equal(await counter.count, 5);
      }
      const sum = t.client.submit(async (a: { add(x: number): Promise<number> }) => a.add(10), account);
      equal(await sum.result(), 113);
    },
  },
  {
    name: "a worker that leaves hands its actors on, and their calls stay in order; pausing it does them no harm",
    limitMs: 20_000,
    async run() {
      await using t = start({ nWorkers: 2 });
      await t.client.waitForWorkers(2);
      const log = await t.client
        .actor(
          class {
            seen: number[] = [];
            #go: () => void = () => {};
            note(i: number): number {
              return this.seen.push(i);
            }
            async hold(): Promise<string> {
              await new Promise<void>((resolve) => {
                this.#go = resolve;
              });
              return "held";
            }
            go(): void {
              this.#go();
            }
            where(): string {
              return getWorker().address;
            }
            checkpoint(): readonly number[] {
              return this.seen;
            }
            restore(seen: readonly number[]): void {
              this.seen = [...seen];
            }
          },
        )
        .result();
      const old = await log.where();
      await t.client.pauseWorkers([old]);
      equal(await log.note(0), 1);
      await t.client.unpauseWorkers([old]);
      const held = log.hold();
      const noted: Promise<number>[] = [];
      for (let i = 1; i <= 5; i++) noted.push(log.note(i));
      await log.go();
      const retired = t.client.retireWorkers([old]);
      for (let i = 6; i <= 60; i++) {
        noted.push(log.note(i));
        if (i % 5 === 0) await t.client.schedulerInfo();
      }
      equal(await held, "held");
      await Promise.all(noted);
      equal(await retired, [old]);
      ok((await log.where()) !== old, "it lives elsewhere");
      equal(await log.seen, [...Array(61).keys()]);
    },
  },
  {
    name: "an actor that cannot move keeps its worker from leaving, and whoever asked is told; cancelled by force, it ends for all",
    limitMs: 20_000,
    async run() {
      await using t = start({ nWorkers: 2 });
      await t.client.waitForWorkers(2);
      const future = t.client.actor(Counter);
      const counter = await future.result();
      const where = await counter.where();
      const { warn } = console;
      const warned = new Promise<string>((resolve) => {
        console.warn = (text: string) => resolve(text);
      });
      try {
        const retired = t.client.retireWorkers([where]);
        ok(
          /waits for the end of actors that cannot move: Counter-/.test(await warned),
          "it is said who waits for what",
        );
        equal(await counter.increment(), 1);
        future.cancel({ force: true });
        equal(await retired, [where]);
      } finally {
        console.warn = warn;
      }
      await rejects(counter.increment(), "ActorLostError", /was cancelled/);
    },
  },
  {
    name: "restart() ends every actor, closing the client every call; neither leaves a promise behind",
    limitMs: 20_000,
    async run() {
      await using t = start({ nWorkers: 1 });
      const diary = await t.client
        .with({ actor: { onLoss: "restart" } })
        .actor(Diary)
        .result();
      const first = diary.stay("first");
      await t.client.restart();
      await rejects(first, "ActorLostError");
      await rejects(diary.read(), "ActorLostError", /the cluster was restarted/);
      const client = new Client(t.cluster);
      const other = await client.actor(Diary).result();
      await other.read();
      const second = other.stay("second");
      await client.close();
      await rejects(second, "CommClosedError", /the client was closed/);
    },
  },
  {
    name: "actors of a module's class, and named ones that others find by their key",
    async run({ client, cluster }) {
      const named = client.with({ key: "the one counter" });
      const counter = await named.actor(Counter, 1).result();
      await using other = new Client(cluster);
      const same = (await other.future("the one counter").result()) as ActorHandle<typeof Counter>;
      equal([await counter.increment(), await same.increment()], [2, 3]);
    },
  },
];
