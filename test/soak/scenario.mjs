/**
 * Everything that clients do, at random and for as long as is wanted: tasks of all kinds whose futures live for as long as it pleases, handles,
 * streams, actors, datasets, clients that come and go, workers too. Whoever runs it looks between two spells at what is left of it.
 *
 * It is plain JavaScript without imports, for it runs in Node and in pages.
 */

/** Numbers that a seed determines. */
function dice(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const numbers = (count) => Array.from({ length: count }, (_, i) => i);
const add = (a, b) => a + b;
const double = (x) => 2 * x;
const fill = (size) => new Float64Array(size).fill(1);
const sumOf = (...arrays) => arrays.reduce((sum, { length }) => sum + length, 0);
const fail = (text) => {
  throw new RangeError(text);
};
const nap = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Stops when it is asked to: else its worker would be ended. */
const untilAborted = () =>
  new Promise((_, reject) => getTask().signal.addEventListener("abort", () => reject(getTask().signal.reason)));

/** Uses tasks, a queue, and a lock from inside a task. */
async function nest(count, queue, lock) {
  const client = getClient();
  const inner = client.map((x) => x + 1, [...Array(count).keys()]);
  const all = await client.gather(inner);
  await queue.put(all.length);
  return lock.request(() => queue.get());
}

class Counter {
  count = 0;
  increment() {
    return ++this.count;
  }
  *upTo(end) {
    for (let i = 0; i < end; i++) yield i;
  }
}

/**
 * @param library - the package.
 * @param nWorkers - of the cluster.
 */
export function begin(library, { nWorkers = 2, seed = 1 } = {}) {
  const { Client, LocalCluster, Lock, Queue, Semaphore, Topic, Variable, asCompleted, closure, fireAndForget, wait } =
    library;
  const random = dice(seed);
  const between = (from, to) => from + Math.floor(random() * (to - from));
  const cluster = new LocalCluster({ nWorkers });
  const client = new Client(cluster);
  /** Futures that somebody holds for a while. */
  const pool = [];
  // What changes the size of a cluster is a client of it, too, and stays.
  const scaled = cluster.scale(nWorkers);
  let tasks = 0;
  let turns = 0;
  let madeFunctions = 0;

  const count = (futures) => {
    tasks += futures.length;
    return futures;
  };
  /** They live for a while; then they are released, or only dropped. */
  const keep = (futures) => {
    for (const future of count(futures)) pool.push(future);
    while (pool.length > 3000) {
      const [dropped] = pool.splice(between(0, pool.length), 1);
      if (random() < 0.5) dropped.release();
    }
  };
  const some = () => pool[between(0, pool.length)];
  const quietly = (promise) => promise.catch(() => {});

  const newFunctions = async () => {
    madeFunctions += 1000;
    const before = madeFunctions;
    const closures = numbers(100).map((i) => closure({ more: before + i }, (x) => x + more));
    keep(closures.map((each, i) => client.submit(each, i)));
    await client.gather(count(closures.slice(0, 10).map((each) => client.submit(each, 1))));
    const text = new Function("x", `return x * ${before + 1}`);
    keep([client.submit(text, 2), client.submit((f, x) => f(x), text, 3)]);
    tasks += 2;
  };

  const deeds = [
    // Many that are wanted together, and many that nobody waits for.
    async () => void (await client.gather(count(client.map(add, numbers(1000), numbers(1000))))),
    async () => keep(client.map(double, numbers(between(1, 300)))),
    async () => keep(count(client.map(add, numbers(100), client.map(double, numbers(100))))),
    async () => {
      let last = client.submit(add, 1, 1);
      for (let i = 0; i < 20; i++) last = client.submit(add, last, i);
      tasks += 20;
      if (random() < 0.5) await last.result();
      keep([last]);
    },
    async () => {
      const leaves = client.map(double, numbers(64));
      const root = client.submit((...all) => all.reduce((a, b) => a + b, 0), ...leaves);
      count(leaves);
      keep([root]);
    },
    // Functions that are different each time: by what they take along, and by their text.
    newFunctions,
    // Names.
    async () => {
      const named = client.with({ key: `named ${between(0, 20)}` }).submit(double, 1);
      await quietly(named.result());
      keep([named, client.future(named.key)]);
    },
    // Large values: fetched, used, and neither.
    async () => {
      const large = client.submit(fill, between(2_000, 20_000));
      const used = client.submit(sumOf, large, client.submit(fill, 3_000));
      if (random() < 0.3) await quietly(large.result());
      if (random() < 0.6) await quietly(used.result());
      keep([large, used]);
    },
    async () => {
      const data = client.scatter(fill(between(10, 20_000)), { broadcast: random() < 0.3 });
      const futures = client.map(sumOf, Array(5).fill(data));
      await quietly(client.gather(futures));
      keep([data, ...futures]);
    },
    // Mishaps.
    async () => {
      const failed = client.with({ retries: between(0, 2) }).submit(fail, "on purpose");
      const dependent = client.submit(double, failed);
      if (random() < 0.5) await failed.exception();
      keep([failed, dependent]);
    },
    async () => {
      const futures = client.map(nap, Array(6).fill(between(1, 50)));
      if (random() < 0.5) await nap(1);
      client.cancel(futures);
      count(futures);
    },
    async () => {
      const limited = client.with({ timeoutMs: 5 }).submit(untilAborted);
      await quietly(limited.result());
      count([limited]);
    },
    async () => {
      const controller = new AbortController();
      const waiting = quietly(wait(client.map(nap, Array(4).fill(20)), { signal: controller.signal }));
      controller.abort();
      await waiting;
      tasks += 4;
    },
    // Tasks from tasks, and where they meet.
    async () => {
      const queue = new Queue(undefined, { client });
      const lock = new Lock(`lock ${between(0, 3)}`, { client });
      keep(client.map(nest, [3, 5, 8], Array(3).fill(queue), Array(3).fill(lock)));
      tasks += 16;
      if (random() < 0.5) {
        queue.close();
        lock.close();
      }
    },
    async () => {
      const returned = client.submit(() => ({ inner: getClient().submit((x) => x + 1, 1) }));
      const { inner } = await returned.result();
      keep([returned, inner]);
      await inner.result();
    },
    async () => {
      const queue = new Queue("shared", { client });
      await queue.put(some() ?? 1);
      const got = await queue.get();
      if (got !== undefined && typeof got === "object" && "release" in got) got.release();
      const semaphore = new Semaphore("few", { client, maxLeases: 2 });
      await (await semaphore.acquire()).release();
      semaphore.close();
      queue.close();
    },
    async () => {
      const variable = new Variable(`variable ${between(0, 5)}`, { client });
      await variable.set({ turn: turns, future: some() });
      (await variable.get()).future?.release();
      await variable.delete();
      variable.close();
    },
    async () => {
      const topic = new Topic("news", { client });
      await topic.publish(turns);
      topic.close();
    },
    // What lives longer than a call.
    async () => {
      const name = `set ${between(0, 5)}`;
      const futures = count(client.map(double, numbers(10)));
      await client.publishDataset(name, { futures }, { override: true });
      const other = new Client(cluster);
      const { futures: there } = await other.getDataset(name);
      await other.gather(there);
      await client.unpublishDataset(name);
      await other.close();
    },
    async () => {
      const stream = client.stream(function* () {
        for (let i = 0; ; i++) yield i;
      });
      for await (const item of stream) if (item > 20) break;
      tasks += 1;
    },
    async () => {
      let seen = 0;
      for await (const item of client.mapStream(double, numbers(60), { limit: 8 })) {
        seen += item;
        if (seen > 2000) break;
      }
      tasks += 60;
    },
    async () => {
      const counter = await client.actor(Counter).result();
      for (let i = 0; i < 20; i++) counter.increment();
      await counter.count;
      for await (const item of counter.upTo(40)) if (item > 5) break;
      counter[Symbol.dispose]();
      tasks += 1;
    },
    async () => {
      const forgotten = count(client.map(nap, [1, 2, 3]));
      fireAndForget(forgotten);
      for (const each of forgotten) each.release();
    },
    async () => {
      const other = new Client(cluster);
      const futures = count(other.map(double, numbers(50)));
      for await (const future of asCompleted(futures)) if (random() < 0.1) await future.result();
      other.submit(nap, 1000);
      await other.close();
    },
    async () => void (await client.run(() => 1)),
    async () => void (await client.schedulerInfo()),
  ];
  const upheavals = [
    async () =>
      void (await quietly(
        client.submit(() => (typeof process === "object" ? process.exit() : self.close())).exception(),
      )),
    async () => {
      await cluster.scale(nWorkers + 1);
      await cluster.scale(nWorkers);
    },
    async () => void (await client.restart()),
  ];

  return {
    cluster,
    client,
    /** So many tasks so far. */
    get tasks() {
      return tasks;
    },
    /** Goes on for so long; `mayUpset`: workers may die, too. */
    async spend(seconds, mayUpset = true) {
      await scaled;
      const until = performance.now() + 1000 * seconds;
      while (performance.now() < until) {
        turns += 1;
        const among = mayUpset && random() < 0.004 ? upheavals : deeds;
        const deed = among[between(0, among.length)];
        try {
          await deed();
        } catch (error) {
          // What a restart or the death of a worker does to others is no leak.
          if (!/restart|died|cancelled|lost|released|ended/i.test(String(error?.message))) throw error;
        }
      }
    },
    /** Has the tables of functions be as full as they become: they are emptied now and then, but not to the end. */
    async fill() {
      await scaled;
      for (let i = 0; i < 15; i++) await newFunctions();
    },
    /** Lets go of everything; what is left then is left for good. */
    async letGo() {
      for (const future of pool.splice(0)) if (random() < 0.5) future.release();
      await client.waitForWorkers(nWorkers);
    },
    /** What the scheduler still knows, but for those who are there. */
    left() {
      const { state } = cluster.scheduler.machine;
      const workers = [...state.workers.values()];
      const sum = (ofEach) => workers.reduce((total, worker) => total + ofEach(worker), 0);
      return {
        tasks: [...state.tasks.values()].length,
        named: state.named.size,
        replicas: state.replicas.size,
        kept: state.kept.size,
        queued: state.queued,
        // Some are kept: those that clients have introduced last, and what has come since it was looked last.
        functions: Math.max(0, state.functions.size - 2000),
        clients:
          state.clients.size -
          2 -
          workers.filter(({ address }) => state.clients.has(address.replaceAll("-", "~"))).length,
        processing: sum(({ processing }) => processing),
        zombies: sum(({ zombies }) => zombies?.size ?? 0),
      };
    },
    /** Keys of tasks that are left, for whoever looks for why. */
    keys: () => Array.from(cluster.scheduler.machine.state.tasks.values(), ({ key, state }) => `${key} (${state})`),
    async close() {
      await client.close();
      await cluster.close();
    },
  };
}
