/** What the compiler makes of queues, locks and the like. Never run: that it compiles is the test. */
import {
  Barrier,
  type Client,
  Event,
  type Future,
  type Lease,
  Lock,
  MultiLock,
  Queue,
  Semaphore,
  Topic,
  Variable,
} from "manyhands";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two are the same type. */
function expectType<Expected>() {
  return <Actual>(_: Actual, __: Equal<Actual, Expected>) => {};
}

export async function queues(client: Client, signal: AbortSignal) {
  const queue = new Queue<number>("q", { client, maxSize: 3 });
  await queue.put(1, { signal });
  // @ts-expect-error a text is no number
  await queue.put("1");
  expectType<number>()(await queue.get({ signal }), true);
  expectType<number[]>()(await queue.getBatch(), true);
  expectType<number[]>()(await queue.getBatch(3, { signal }), true);
  expectType<number>()(await queue.size(), true);
  for await (const item of queue) expectType<number>()(item, true);
  for await (const item of queue.values({ signal })) expectType<number>()(item, true);
  // A future that is handed on is not awaited by the way.
  const futures = new Queue<Future<string>>();
  expectType<Future<string>>()(await futures.get(), true);
  expectType<unknown>()(await new Queue({ maxSize: 1 }).get(), true);
  await queue.end();
  using handle = new Queue("q");
  handle.close();
  // @ts-expect-error a name is a text
  new Queue(5);
}

export async function locks(signal: AbortSignal) {
  const lock = new Lock("l");
  {
    await using lease = await lock.acquire({ signal });
    expectType<Lease>()(lease, true);
    expectType<number>()(lease.token, true);
  }
  expectType<string>()(await lock.request(async ({ token }) => `${token}`, { signal }), true);
  expectType<boolean>()(await lock.locked(), true);
  expectType<number | undefined>()(lock.token, true);
  const several = new MultiLock(["a", "b"]);
  expectType<readonly string[]>()((await several.acquire({ count: 1, signal })).names, true);
  // @ts-expect-error one lock is acquired whole
  await lock.acquire({ count: 1 });
  // @ts-expect-error it is for locks with names
  new MultiLock();
  const semaphore = new Semaphore("s", { maxLeases: 2 });
  expectType<number>()(await semaphore.request(() => 1), true);
  expectType<number>()(await semaphore.leases(), true);
}

export async function others(client: Client, signal: AbortSignal) {
  const event = new Event("e", { client });
  await event.wait({ signal });
  await event.set();
  await event.clear();
  expectType<boolean>()(await event.isSet(), true);
  const variable = new Variable<Future<number>>("v");
  expectType<Future<number>>()(await variable.get({ signal }), true);
  // @ts-expect-error a number is no future
  await variable.set(1);
  await variable.delete();
  const topic = new Topic<{ n: number }>("t", { history: 10 });
  await topic.publish({ n: 1 });
  expectType<{ n: number }[]>()(await topic.history(), true);
  for await (const { n } of topic) expectType<number>()(n, true);
  for await (const { n } of topic.values({ signal, history: true })) expectType<number>()(n, true);
  expectType<number>()(await new Barrier("b", 2).wait({ signal }), true);
  expectType<number>()(await new Barrier(undefined, 2).wait(), true);
  // @ts-expect-error how many have to come?
  new Barrier("b");
}

export function asArguments(client: Client) {
  const queue = new Queue<number>({ client });
  const size: Future<number> = client.submit((queue: Queue<number>) => queue.size(), queue);
  const deep: Future<string> = client.submit(({ locks }: { locks: Lock[] }) => locks[0]?.name ?? "", {
    locks: [new Lock({ client })],
  });
  // @ts-expect-error a lock is no queue
  client.submit((queue: Queue<number>) => queue.size(), new Lock({ client }));
  return [size, deep];
}
