/** What clients meet at: queues, locks, semaphores, events, variables, topics and barriers. */
import {
  Barrier,
  Client,
  Event,
  type Future,
  LocalCluster,
  Lock,
  MultiLock,
  Queue,
  Semaphore,
  Topic,
  Variable,
} from "manyhands";
import { type Case, nextTurn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

/** Two clients of one cluster, without workers. */
function two() {
  const cluster = new LocalCluster({ nWorkers: 0 });
  const [one, other] = [new Client(cluster), new Client(cluster)];
  return {
    cluster,
    one,
    other,
    async [Symbol.asyncDispose]() {
      await one.close();
      await other.close();
      await cluster.close();
    },
  };
}

/** Whether it settles before anything else happens. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  await nextTurn();
  return (await Promise.race([promise.catch(() => {}), Promise.resolve(pending)])) === pending;
}

export const coordination: readonly Case[] = [
  {
    name: "critical sections under a lock never overlap, whoever's they are",
    async run() {
      await using t = two();
      let inside = 0;
      const order: number[] = [];
      const sections = Array.from({ length: 20 }, (_, i) =>
        new Lock("door", { client: i % 2 === 0 ? t.one : t.other }).request(async ({ token }) => {
          equal(++inside, 1);
          await nextTurn();
          inside -= 1;
          order.push(token);
          return i;
        }),
      );
      equal(
        await Promise.all(sections),
        Array.from({ length: 20 }, (_, i) => i),
      );
      equal(
        order,
        [...order].sort((a, b) => a - b),
        "tokens rise",
      );
    },
  },
  {
    name: "a thousand who wait are served in the order in which they came, and who gives up is passed over",
    async run() {
      await using t = two();
      const clientOf = (i: number) => (i % 3 === 0 ? t.other : t.one);
      const locks = Array.from({ length: 1000 }, (_, i) => new Lock("door", { client: clientOf(i) }));
      const impatient = new AbortController();
      await using first = await new Lock("door", { client: t.one }).acquire();
      const served: number[] = [];
      const all = locks.map(async (lock, i) => {
        const signal = i % 10 === 7 ? impatient.signal : undefined;
        await using _ = await lock.acquire({ signal });
        served.push(i);
      });
      // What clients of one page ask arrives as they asked: when this is answered, all wait.
      await t.one.schedulerInfo();
      await t.other.schedulerInfo();
      impatient.abort(new Error("too long"));
      await first.release();
      const outcomes = await Promise.allSettled(all);
      const gaveUp = outcomes.flatMap(({ status }, i) => (status === "rejected" ? [i] : []));
      equal(
        gaveUp,
        Array.from({ length: 100 }, (_, i) => 10 * i + 7),
      );
      // Those of each client in its order; those of one turn of the two may be one after the other.
      for (const mine of [0, 1]) {
        const own = served.filter((i) => (i % 3 === 0 ? 1 : 0) === mine);
        equal(
          own,
          [...own].sort((a, b) => a - b),
        );
      }
      equal(served.length, 900);

      const queue = new Queue<number>("items", { client: t.one });
      const got = Array.from({ length: 1000 }, () => queue.get());
      for (let i = 0; i < 1000; i++) void queue.put(i);
      equal(
        await Promise.all(got),
        Array.from({ length: 1000 }, (_, i) => i),
      );
    },
  },
  {
    name: "a lock is held by the handle that acquired it",
    async run() {
      await using t = two();
      const lock = new Lock("a", { client: t.one });
      const same = new Lock("a", { client: t.one });
      equal([lock.token, await lock.locked()], [undefined, false]);
      const lease = await lock.acquire();
      equal([lock.token, lease.names], [lease.token, ["a"]]);
      equal(await new Lock("a", { client: t.other }).locked(), true);
      await rejects(same.release(), "Error", /a is not held through this handle/);
      const next = same.acquire();
      ok(await isPending(next), "it waits");
      await lock.release();
      await rejects(lease.release(), "Error", /released before/);
      ok((await next).token > lease.token, "the next token is higher");
      await rejects(lock.release(), "Error", /not held/);
    },
  },
  {
    name: "await using gives a lock back, even if it was released before",
    async run() {
      await using t = two();
      const lock = new Lock("a", { client: t.one });
      {
        await using _lease = await lock.acquire();
        equal(await lock.locked(), true);
      }
      equal(await lock.locked(), false);
      {
        await using lease = await lock.acquire();
        await lease.release();
      }
      await rejects(
        lock.request(() => {
          throw new RangeError("inside");
        }),
        "RangeError",
        /inside/,
      );
      equal(await lock.locked(), false);
    },
  },
  {
    name: "who gives up waiting for a lock leaves no trace, and is passed over",
    async run() {
      await using t = two();
      const [mine, theirs] = [new Lock("a", { client: t.one }), new Lock("a", { client: t.other })];
      const lease = await mine.acquire();
      const abort = new AbortController();
      const first = theirs.acquire({ signal: abort.signal });
      const second = theirs.acquire();
      abort.abort(new Error("no longer"));
      await rejects(first, "Error", /no longer/);
      await rejects(theirs.acquire({ signal: abort.signal }), "Error", /no longer/);
      await lease.release();
      await (await second).release();
      equal(await mine.locked(), false);
    },
  },
  {
    name: "a lock granted while its asker gives up goes on to the next",
    async run() {
      await using t = two();
      const lock = new Lock("a", { client: t.one });
      await lock.locked();
      const abort = new AbortController();
      const given = lock.acquire({ signal: abort.signal });
      // After it was asked for, and before the answer is passed on.
      queueMicrotask(() => queueMicrotask(() => abort.abort(new Error("no longer"))));
      await given.then(
        (lease) => lease.release(),
        () => {},
      );
      const lease = await lock.acquire({ signal: AbortSignal.timeout(2000) });
      await lease.release();
    },
  },
  {
    name: "what a client held or waited for is free when it is closed",
    async run() {
      await using t = two();
      await new Lock("a", { client: t.one }).acquire();
      const waiting = new Lock("a", { client: t.one }).acquire();
      const next = new Lock("a", { client: t.other }).acquire();
      ok(await isPending(next), "it waits");
      await t.one.close();
      await rejects(waiting, "CommClosedError", /client was closed/);
      await (await next).release();
    },
  },
  {
    name: "all waits end with an error that says why when the cluster goes",
    async run() {
      await using t = two();
      const client = t.one;
      await new Lock("a", { client }).acquire();
      const waits = [
        new Lock("a", { client }).acquire(),
        new Event("e", { client }).wait(),
        new Queue("q", { client }).get(),
        new Variable("v", { client }).get(),
        new Barrier("b", 2, { client }).wait(),
        new Topic("t", { client }).values().next(),
      ];
      ok(await isPending(Promise.race(waits)), "all wait");
      await t.cluster.close();
      for (const wait of waits) await rejects(wait, "CommClosedError", /the cluster was closed/);
      throws(() => new Lock("a", { client }), "CommClosedError");
    },
  },
  {
    name: "MultiLock takes all its locks or some of them, at once",
    async run() {
      await using t = two();
      const client = t.one;
      const b = await new Lock("b", { client }).acquire();
      const seats = new MultiLock(["a", "b", "c"], { client });
      const some = await seats.acquire({ count: 2 });
      equal(some.names, ["a", "c"]);
      const all = new MultiLock(["b", "a"], { client: t.other }).acquire();
      ok(await isPending(all), "it waits for both");
      await b.release();
      ok(await isPending(all), "it waits for the other");
      await some.release();
      equal((await all).names, ["b", "a"]);
      await rejects(seats.acquire({ count: 4 }), "RangeError", /there are 3 locks/);
      throws(() => new MultiLock([], { client }), "TypeError", /names of the locks/);
    },
  },
  {
    name: "a semaphore has so many leases, and whoever says how many says the same",
    async run() {
      await using t = two();
      const mine = new Semaphore("s", { client: t.one, maxLeases: 2 });
      const theirs = new Semaphore("s", { client: t.other });
      const [first] = [await mine.acquire(), await mine.acquire()];
      const third = theirs.acquire();
      ok(await isPending(third), "it waits");
      equal(await theirs.leases(), 2);
      await first.release();
      await third;
      await rejects(new Semaphore("s", { client: t.one, maxLeases: 3 }).acquire(), "RangeError", /made with 2, not 3/);
      throws(() => new Semaphore("s", { client: t.one, maxLeases: 0 }), "RangeError", /maxLeases/);
    },
  },
  {
    name: "an event lets all go on who wait for it",
    async run() {
      await using t = two();
      const [mine, theirs] = [new Event("e", { client: t.one }), new Event("e", { client: t.other })];
      const waits = [mine.wait(), theirs.wait(), theirs.wait()];
      ok(await isPending(Promise.race(waits)), "all wait");
      await theirs.set();
      await Promise.all(waits);
      equal(await mine.isSet(), true);
      await mine.wait();
      await mine.clear();
      await rejects(theirs.wait({ signal: AbortSignal.timeout(1) }), "TimeoutError");
    },
  },
  {
    name: "a variable is waited for until it is set, and everybody gets a copy",
    async run() {
      await using t = two();
      const mine = new Variable<{ n: number[] }>("v", { client: t.one });
      const theirs = new Variable<{ n: number[] }>("v", { client: t.other });
      const got = theirs.get();
      ok(await isPending(got), "it waits");
      const value = { n: [1] };
      const set = mine.set(value);
      value.n.push(2);
      await set;
      (await got).n.push(3);
      equal(await theirs.get(), { n: [1] });
      await mine.delete();
      await rejects(theirs.get({ signal: AbortSignal.timeout(1) }), "TimeoutError");
    },
  },
  {
    name: "a queue hands on each item once, in order",
    async run() {
      await using t = two();
      const mine = new Queue<number>("q", { client: t.one });
      const theirs = new Queue<number>("q", { client: t.other });
      const early = [theirs.get(), theirs.get()];
      for (let i = 0; i < 10; i++) await mine.put(i);
      equal(await Promise.all(early), [0, 1]);
      equal(await theirs.size(), 8);
      equal(await theirs.getBatch(3), [2, 3, 4]);
      equal(await theirs.getBatch(), [5, 6, 7, 8, 9]);
      equal(await theirs.getBatch(), []);
    },
  },
  {
    name: "a full queue has those wait who put, until they give up",
    async run() {
      await using t = two();
      const queue = new Queue<number>("q", { client: t.one, maxSize: 1 });
      await queue.put(1);
      await rejects(queue.put(2, { signal: AbortSignal.timeout(1) }), "TimeoutError");
      const put = queue.put(3);
      ok(await isPending(put), "it waits");
      equal(await queue.get(), 1);
      await put;
      equal(await queue.get(), 3);
      throws(() => new Queue("q", { client: t.one, maxSize: -1 }), "RangeError", /maxSize/);
    },
  },
  {
    name: "a queue that has ended is iterated to its end",
    async run() {
      await using t = two();
      const mine = new Queue<number>("q", { client: t.one });
      const theirs = new Queue<number>("q", { client: t.other });
      const seen: number[] = [];
      const reading = (async () => {
        for await (const item of theirs) seen.push(item);
      })();
      for (const item of [1, 2, 3]) await mine.put(item);
      await mine.end();
      await reading;
      equal(seen, [1, 2, 3]);
      await rejects(mine.put(4), "Error", /queue q has ended/);
      await rejects(mine.get(), "Error", /queue q has ended/);
    },
  },
  {
    name: "an item is not lost on somebody who gave up getting it",
    async run() {
      await using t = two();
      const mine = new Queue<number>("q", { client: t.one });
      const theirs = new Queue<number>("q", { client: t.other });
      const items = theirs.values();
      const next = items.next();
      ok(await isPending(next), "it waits");
      const abort = new AbortController();
      const given = theirs.get({ signal: abort.signal });
      // Both are given up in the turn in which the items are put.
      const put = [mine.put(1), mine.put(2)];
      abort.abort(new Error("no longer"));
      await items.return?.();
      equal(await next, { done: true, value: undefined });
      await given.catch(() => {});
      await Promise.all(put);
      equal((await mine.getBatch(2)).sort(), [1, 2]);
    },
  },
  {
    name: "a future in a queue is alive for whoever gets it, though its putter let go of it and left",
    async run() {
      await using t = start();
      const putter = new Client(t.cluster);
      const squares = putter.map((x: number) => x ** 2, [2, 3]);
      const large = putter.submit(() => new Float64Array(50_000).fill(1));
      const failed = putter.submit(() => {
        throw new RangeError("no");
      });
      const queue = new Queue<unknown>("results", { client: putter });
      const put = [queue.put(squares[0]), queue.put({ all: [squares, new Map([["large", large]])], failed })];
      for (const future of [...squares, large, failed]) future.release();
      await Promise.all(put);
      await putter.close();
      const got = new Queue<Future<number>>("results", { client: t.client });
      equal(await (await got.get()).result(), 4);
      const { all, failed: error } = (await got.get()) as unknown as {
        all: [Future<number>[], Map<string, Future<Float64Array>>];
        failed: Future;
      };
      equal(await t.client.gather(all[0]), [4, 9]);
      const sum = t.client.submit(
        (array: Float64Array) => array.reduce((a, b) => a + b),
        all[1].get("large") as Future<Float64Array>,
      );
      equal(await sum.result(), 50_000);
      await rejects(error.result(), "RangeError", /no/);
      await rejects(got.put((() => 1) as never), "UnserializableError", /functions/);
    },
  },
  {
    name: "an item with a future that nobody waits for any more goes back, future and all",
    async run() {
      await using t = start();
      const putter = new Client(t.cluster);
      const queue = new Queue<Future<number>>("results", { client: putter });
      const getter = new Queue<Future<number>>("results", { client: t.client });
      const abort = new AbortController();
      const given = getter.get({ signal: abort.signal });
      await queue.size();
      const future = putter.submit((x: number) => x + 1, 1);
      const put = queue.put(future);
      future.release();
      // The item is on its way: what is said at once is heard at once here.
      queueMicrotask(() => abort.abort(new Error("no longer")));
      const got = await given.catch(async () => getter.get());
      await put;
      await putter.close();
      equal(await got.result(), 2);
    },
  },
  {
    name: "a variable keeps the future it holds, and gives everybody one of their own",
    async run() {
      await using t = start();
      const setter = new Client(t.cluster);
      const variable = new Variable<Future<number>>("best", { client: setter });
      const first = setter.submit(() => 1);
      await variable.set(first);
      first.release();
      const theirs = new Variable<Future<number>>("best", { client: t.client });
      const [one, same] = [await theirs.get(), await theirs.get()];
      await variable.set(setter.submit(() => 2));
      await setter.close();
      equal([await one.result(), await same.result(), await (await theirs.get()).result()], [1, 1, 2]);
    },
  },
  {
    name: "a topic reaches all who read, from when they began",
    async run() {
      await using t = two();
      const mine = new Topic<number>("t", { client: t.one });
      const theirs = new Topic<number>("t", { client: t.other, history: 2 });
      await mine.publish(0);
      const live = theirs.values();
      const [all, late] = [mine.values({ history: true }), mine.values()];
      for (let i = 1; i <= 3; i++) await mine.publish(i);
      const take = async (iterator: AsyncIterator<number>, count: number) => {
        const taken: number[] = [];
        for (let i = 0; i < count; i++) taken.push((await iterator.next()).value);
        return taken;
      };
      equal(await take(live, 3), [1, 2, 3]);
      equal(await take(all, 4), [0, 1, 2, 3]);
      equal(await take(late, 3), [1, 2, 3]);
      equal(await theirs.history(), [2, 3]);
      const waiting = live.next();
      await live.return?.();
      equal((await waiting).done, true);
      await rejects(mine.publish((() => 1) as never), "UnserializableError");
      await rejects(mine.publish([new Lock({ client: t.one })] as never), "TypeError", /Queue/);
    },
  },
  {
    name: "a barrier is passed together",
    async run() {
      await using t = two();
      const waits = [t.one, t.other, t.one].map((client) => new Barrier("b", 3, { client }).wait());
      equal((await Promise.all(waits)).sort(), [0, 1, 2]);
      await rejects(new Barrier("b", 3, { client: t.one }).wait({ signal: AbortSignal.timeout(1) }), "TimeoutError");
      throws(() => new Barrier("b", 1.5, { client: t.one }), "RangeError", /parties/);
    },
  },
  {
    name: "a name is that of one kind of object, as long as anybody has a handle on it",
    async run() {
      await using t = two();
      const lock = new Lock("x", { client: t.one });
      await lock.locked();
      await rejects(new Event("x", { client: t.other }).set(), "TypeError", /"x" names a lock/);
      lock.close();
      await rejects(lock.locked(), "Error", /handle on lock x was closed/);
      throws(() => new Lock("", { client: t.one }), "TypeError", /name/);
    },
  },
  {
    name: "an object without a name is nobody else's, and ends with its handle",
    async run() {
      await using t = two();
      const queue = new Queue<number>({ client: t.one });
      ok(queue.name !== new Queue({ client: t.one }).name, "each has a name of its own");
      await queue.put(1);
      const same = new Queue<number>(queue.name, { client: t.other });
      equal(await same.size(), 1);
      queue.close();
      await same.put(2);
      equal(await same.getBatch(), [1, 2], "somebody else has a handle");
      same.close();
      const again = new Queue<number>(queue.name, { client: t.other });
      equal(await again.size(), 0);
    },
  },
  {
    name: "closing a handle ends its waits, and gives back what it held",
    async run() {
      await using t = two();
      const client = t.one;
      const lock = new Lock("a", { client });
      await lock.acquire();
      const waiting = lock.acquire();
      lock.close();
      await rejects(waiting, "Error", /handle on lock a was closed/);
      equal(await new Lock("a", { client }).locked(), false);
      const queue = new Queue<number>("q", { client });
      const reading = (async () => {
        for await (const _ of queue);
      })();
      await nextTurn();
      queue.close();
      await reading;
    },
  },
  {
    name: "a handle belongs to the client that is open, if there is one alone",
    async run({ client }) {
      await using _lease = await new Lock("mine").acquire();
      equal(await new Lock("mine", { client }).locked(), true);
      await using _other = start();
      throws(() => new Lock("mine"), "Error", /a lock belongs to a client, and \d clients are open/);
    },
  },
];
