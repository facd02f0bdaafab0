/** What tasks share: handles by name and as arguments, and what becomes of what a task holds when it ends, is cancelled or dies. */
import {
  Barrier,
  Client,
  closure,
  Event,
  type Future,
  getClient,
  getTask,
  Lock,
  MultiLock,
  Queue,
  Semaphore,
  Topic,
  Variable,
} from "manyhands";
import { begun, type Case, channelName, nextTurn, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

export const coordinationInTasks: readonly Case[] = [
  {
    name: "critical sections of tasks on all workers never overlap",
    async run() {
      await using t = start({ nWorkers: 2, threadsPerWorker: 2 });
      const inside = t.client.map(
        async (i: number) => {
          const lock = new Lock("counter");
          const count = new Variable<number>("count");
          return lock.request(async () => {
            const before = await count.get();
            await count.set(before + 1);
            return i;
          });
        },
        Array.from({ length: 20 }, (_, i) => i),
      );
      await new Variable<number>("count", { client: t.client }).set(0);
      equal(await t.client.gather(inside), [...inside.keys()]);
      equal(await new Variable<number>("count", { client: t.client }).get(), 20);
    },
  },
  {
    name: "handles arrive as arguments, at any depth: the same objects, whether they have names or not",
    async run() {
      await using t = start();
      const { client } = t;
      const queue = new Queue<string>({ client });
      const event = new Event("go", { client });
      const told = client.submit(
        async (shared: { queue: Queue<string>; rest: [Event, Map<string, Semaphore>] }) => {
          const [event, more] = shared.rest;
          await event.wait();
          const semaphore = more.get("semaphore") as Semaphore;
          await semaphore.request(async () => {
            await shared.queue.put(`${shared.queue instanceof Queue} ${await semaphore.leases()}`);
          });
          return shared.queue.name;
        },
        {
          queue,
          rest: [event, new Map([["semaphore", new Semaphore({ client, maxLeases: 2 })]])] as [
            Event,
            Map<string, Semaphore>,
          ],
        },
      );
      await event.set();
      equal(await queue.get(), "true 1");
      equal(await told.result(), queue.name);
    },
  },
  {
    name: "a handle without a name stays alive on its way, though whoever sent it has closed it",
    async run() {
      await using t = start({ nWorkers: 1 });
      const { client } = t;
      const channel = channelName();
      const [first, second] = [new Queue<number>({ client }), new Queue<number>({ client })];
      const before = client.submit(onWord, channel);
      const taken = client.submit(
        async (queue: Queue<number>, before: unknown) => [await queue.getBatch(), before],
        first,
        before,
      );
      await begun(before);
      await first.put(1);
      first.close();
      // Not travelling, and closed: gone with what it holds.
      await second.put(2);
      const { name } = second;
      second.close();
      sayOn(channel, "now");
      equal(await taken.result(), [[1], "now"]);
      equal(await new Queue<number>(name, { client }).size(), 0);
    },
  },
  {
    name: "handles of every kind travel, also with closure()",
    async run() {
      await using t = start();
      const { client } = t;
      const all = [
        new Queue({ client, maxSize: 3 }),
        new Lock({ client }),
        new MultiLock(["a", "b"], { client }),
        new Semaphore("s", { client, maxLeases: 2 }),
        new Event({ client }),
        new Variable("v", { client }),
        new Topic({ client, history: 2 }),
        new Barrier("b", 2, { client }),
      ];
      const names = all.map((each) => `${each.constructor.name} ${each.name}`);
      const tell = (handles: { name: string }[]) => handles.map((each) => `${each.constructor.name} ${each.name}`);
      // Minified builds rename classes, here and there in different ways.
      const nameOf = (text: string) => text.split(" ").slice(1).join(" ");
      equal((await client.submit(tell, all).result()).map(nameOf), names.map(nameOf));
      const [lock, queue] = [all[1] as Lock, all[0] as Queue<number>];
      const deep = { queue };
      await client.submit(closure({ lock, deep }, async () => lock.request(() => deep.queue.put(7)))).result();
      equal(await queue.get(), 7);
    },
  },
  {
    name: "a handle comes out of a queue or a variable as one of the getter's own",
    async run() {
      await using t = start();
      const { client } = t;
      const other = new Client(t.cluster);
      const requests = new Queue<{ n: number; reply: Queue<number> }>("requests", { client });
      const serving = other.submit(async () => {
        const requests = new Queue<{ n: number; reply: Queue<number> }>("requests");
        for await (const { n, reply } of requests) await reply.put(n * 2);
        return "served";
      });
      const reply = new Queue<number>({ client });
      await requests.put({ n: 21, reply });
      equal(await reply.get(), 42);
      const variable = new Variable<Lock>("lock", { client });
      const lock = new Lock({ client });
      await variable.set(lock);
      const { name } = lock;
      lock.close();
      const got = await new Variable<Lock>("lock", { client: other }).get();
      equal(got.name, name);
      await got.request(async () => equal(await got.locked(), true));
      await requests.end();
      equal(await serving.result(), "served");
      await other.close();
    },
  },
  {
    name: "a task may return handles, and data may hold them",
    async run() {
      await using t = start();
      const { client } = t;
      const made = client.submit(async () => {
        const queue = new Queue<number>();
        await queue.put(1);
        return { queue, lock: new Lock("returned") };
      });
      const { queue, lock } = await made.result();
      equal([await queue.get(), lock.name], [1, "returned"]);
      const size = client.submit(async ({ queue }: { queue: Queue<number> }) => {
        await queue.put(2);
        return queue.size();
      }, made);
      equal(await size.result(), 1);
      equal(await queue.get(), 2);
      const scattered = client.scatter({ queue });
      await client.submit(({ queue }: { queue: Queue<number> }) => queue.put(3), scattered).result();
      equal(await queue.get(), 3);
      await client.publishDataset("shared", [queue]);
      const [again] = await client.getDataset<[Queue<number>]>("shared");
      await again.put(4);
      equal(await queue.get(), 4);
    },
  },
  {
    name: "what a task holds when it ends is given back",
    async run() {
      await using t = start({ nWorkers: 1 });
      const held = t.client.submit(async () => {
        await new Lock("left").acquire();
        return new Lock("left").locked();
      });
      equal(await held.result(), true);
      const lock = new Lock("left", { client: t.client });
      await (await lock.acquire({ signal: AbortSignal.timeout(3000) })).release();
      const failed = t.client.submit(async () => {
        await new Lock("left").acquire();
        throw new RangeError("no");
      });
      await rejects(failed.result(), "RangeError");
      await (await lock.acquire({ signal: AbortSignal.timeout(3000) })).release();
    },
  },
  {
    name: "a wait that a task leaves behind is given up, and harms nobody",
    async run() {
      await using t = start({ nWorkers: 1 });
      const queue = new Queue<number>("q", { client: t.client });
      const careless = t.client.submit(() => {
        void new Queue("q").get();
        void new Lock("l").acquire();
        return 1;
      });
      equal(await careless.result(), 1);
      await queue.put(5);
      equal(await queue.get({ signal: AbortSignal.timeout(3000) }), 5);
      equal(await t.client.submit(() => 2).result(), 2);
      equal(await new Lock("l", { client: t.client }).locked(), false);
    },
  },
  {
    name: "a task that is cancelled gives up what it waits for, and keeps what it holds until it is over",
    async run() {
      await using t = start({ nWorkers: 1 });
      const { client } = t;
      const lock = new Lock("a", { client });
      const lease = await lock.acquire();
      const waiting = client.submit(async () => {
        getTask().progress(0);
        await new Lock("a").acquire();
      });
      await begun(waiting);
      const next = lock.acquire();
      waiting.cancel();
      await rejects(waiting.result(), "CancelledError");
      await lease.release();
      await (await next).release();
      const channel = channelName();
      const holding = client.submit(
        async (channel: string, listen: typeof onWord) => {
          await new Lock("a").acquire();
          await listen(channel);
        },
        channel,
        onWord,
      );
      await begun(holding);
      holding.cancel();
      equal(await lock.locked(), true);
      const freed = lock.acquire();
      await nextTurn();
      sayOn(channel, "end");
      await (await freed).release();
    },
  },
  {
    name: "what the tasks of a worker hold is free when it dies, and they run again",
    async run({ isNode }) {
      await using t = start({ nWorkers: 2 });
      const { client } = t;
      const die = (isNode: boolean) => {
        if (isNode) process.exit(1);
        (globalThis as unknown as { close(): void }).close();
      };
      const attempts = client.submit(
        async (isNode: boolean, die: (isNode: boolean) => void) => {
          const { attempt } = getTask();
          await new Semaphore("s", { maxLeases: 1 }).acquire();
          await new Lock("l").acquire();
          if (attempt > 1) return attempt;
          die(isNode);
          return new Promise<number>(() => {});
        },
        isNode,
        die,
      );
      equal(await attempts.result(), 2);
      await (await new Lock("l", { client }).acquire({ signal: AbortSignal.timeout(3000) })).release();
    },
  },
  {
    name: "critical sections do not overlap though workers die inside of them",
    async run({ isNode }) {
      await using t = start({ nWorkers: 2, threadsPerWorker: 2 });
      const { client } = t;
      const inside = new Variable<number>("inside", { client });
      await inside.set(0);
      const doomed = [3];
      const section = async (i: number, doomed: number[], isNode: boolean) => {
        const inside = new Variable<number>("inside");
        const { attempt } = getTask();
        return new Lock("door").request(async ({ token }) => {
          const before = await inside.get();
          // Whoever died in there has left its number behind.
          if (before !== 0 && !doomed.includes(before)) throw new Error(`${i} met ${before}`);
          await inside.set(i);
          if (doomed.includes(i) && attempt === 1) {
            if (isNode) process.exit(1);
            (globalThis as unknown as { close(): void }).close();
            return new Promise<number>(() => {});
          }
          await inside.set(0);
          return token;
        });
      };
      const sections = Array.from({ length: 8 }, (_, i) => client.submit(section, i + 1, doomed, isNode));
      const tokens = await client.gather(sections);
      equal(new Set(tokens).size, 8);
      equal(await new Lock("door", { client }).locked(), false);
    },
  },
  {
    name: "waiting takes no slot: tasks that wait for each other go on however few workers there are",
    async run() {
      await using t = start({ nWorkers: 1 });
      const { client } = t;
      const waits = client.map(
        async (i: number) => {
          await new Event("go").wait();
          return i;
        },
        [1, 2, 3],
      );
      const places = client.map(async () => new Barrier("b", 4).wait(), [1, 2, 3, 4]);
      equal((await client.gather(places)).sort(), [0, 1, 2, 3]);
      await client.submit(() => new Event("go").set()).result();
      equal(await client.gather(waits), [1, 2, 3]);
    },
  },
  {
    name: "a future that a task takes from a queue is awaited without a slot, and lives on when the task returns it",
    async run() {
      await using t = start({ nWorkers: 1 });
      const { client } = t;
      const queue = new Queue<Future<number>>("q", { client });
      const sum = client.submit(async () => {
        const queue = new Queue<Future<number>>("q");
        const inner = getClient().submit((x: number) => x + 1, 1);
        const other = await queue.get();
        return (await other.result()) + (await inner.result());
      });
      await queue.put(client.submit((x: number) => x * 2, 5));
      equal(await sum.result(), 12);
    },
  },
  {
    name: "the platform's Event is meant where only it can be",
    async run() {
      await using t = start({ nWorkers: 1 });
      const type = t.client.submit(() => {
        const target = new EventTarget();
        let type = "";
        target.addEventListener("tick", (event) => {
          type = event.type;
        });
        // biome-ignore lint/suspicious/noExplicitAny: the name is the platform's here
        target.dispatchEvent(new (Event as any)("tick"));
        return type;
      });
      equal(await type.result(), "tick");
      ok(true, "it was dispatched");
    },
  },
];
