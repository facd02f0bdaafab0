/** with({ … }): where tasks run, how long, how often, in which order, under which name, and once for all who ask for the same. */
import {
  Client,
  getClient,
  getTask,
  getWorker,
  LocalCluster,
  type NoValidWorkerError,
  type TimeoutError,
} from "manyhands";
import { begun, type Case, channelName, onWord, sayOn } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

type Options = NonNullable<ConstructorParameters<typeof LocalCluster>[0]>;

const where = () => getWorker().name;

/** Workers called w-0, w-1, … that are there. */
async function startAll(options: Options) {
  const cluster = new LocalCluster({ name: "w", ...options });
  const client = new Client(cluster);
  await client.waitForWorkers(options.nWorkers ?? 0);
  return {
    cluster,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await cluster.close();
    },
  };
}

/** What the user is warned of while `act` runs. */
async function warningsOf(act: () => Promise<unknown>): Promise<string[]> {
  const { warn } = console;
  const heard: string[] = [];
  console.warn = (text: unknown) => heard.push(String(text));
  try {
    await act();
  } finally {
    console.warn = warn;
  }
  return heard;
}

/** Fails so often before it succeeds, wherever it runs: each attempt knows which it is. */
const flaky = (failures: number) => {
  const { attempt } = getTask();
  if (attempt <= failures) throw new RangeError(`attempt ${attempt}`);
  return attempt;
};

/** Never ends by itself, and tells why it had to. */
const untilAborted = (channel: string) =>
  new Promise((_, reject) => {
    const { signal } = getTask();
    signal.addEventListener("abort", () => {
      const mouth = new BroadcastChannel(channel);
      const { name, key, timeoutMs } = signal.reason;
      mouth.postMessage({ name, key, timeoutMs });
      mouth.close();
      reject(signal.reason);
    });
  });

/** Hears nothing any more. */
const deaf = () => {
  for (;;) Math.random();
};

export const options: readonly Case[] = [
  {
    name: "with({ name }) is what keys begin with, here and where the task runs",
    async run({ client }) {
      const load = client.with({ name: "load" });
      const one = load.submit(() => getTask().key);
      ok(/^load-\w+-\d+$/.test(one.key), one.key);
      equal(await one.result(), one.key);
      const many = load.map((x: number) => `${getTask().key} ${x}`, [1, 2]);
      const expected = many.map(({ key }, i) => `${key} ${i + 1}`);
      equal(await client.gather(many), expected);
      const channel = channelName();
      const waiting = load.submit(onWord, channel);
      const claimed = client.future(waiting.key);
      await begun(waiting);
      sayOn(channel, "found by that name");
      equal(await claimed.result(), "found by that name");
    },
  },
  {
    name: "with({ pure }) runs equal calls once, also of different clients",
    async run({ cluster, client }) {
      const channel = channelName();
      const other = new Client(cluster);
      const [mine, theirs] = [client.with({ pure: true }), other.with({ pure: true })];
      const first = mine.submit(onWord, channel);
      await begun(first);
      const again = mine.submit(onWord, channel);
      const others = theirs.submit(onWord, channel);
      equal([again.key, others.key], [first.key, first.key]);
      sayOn(channel, { once: true });
      const values = [await first.result(), await again.result(), await others.result()];
      equal(values, [{ once: true }, { once: true }, { once: true }]);
      ok(values[0] !== values[1], "each has a value of its own");
      await other.close();
    },
  },
  {
    name: "a pure task is run anew when nobody wants it any more, and when it has failed",
    async run({ client }) {
      const pure = client.with({ pure: true });
      const salt = Math.random();
      const stamp = (_: number) => Math.random();
      const first = pure.submit(stamp, salt);
      const value = await first.result();
      const held = pure.submit(stamp, salt);
      first.release();
      equal(await held.result(), value, "while another future on it is held");
      held.release();
      ok((await pure.submit(stamp, salt).result()) !== value, "another run");
      const fails = (_: number) => {
        throw new RangeError(String(Math.random()));
      };
      const bad = pure.submit(fails, salt);
      const error = await rejects(bad.result(), "RangeError");
      const same = pure.submit(fails, salt);
      equal((await rejects(same.result(), "RangeError")).message, error.message, "while it is held");
      for (const future of [bad, same]) future.release();
      const anew = await rejects(pure.submit(fails, salt).result(), "RangeError");
      ok(anew.message !== error.message, "another run, another error");
    },
  },
  {
    name: "pure tasks take futures, and arrays however large",
    async run({ client }) {
      const pure = client.with({ pure: true });
      const sum = (array: Float64Array, x: number) => array.reduce((a, b) => a + b, x);
      const array = new Float64Array(100_000).fill(1);
      const x = client.submit(() => 5);
      const one = pure.submit(sum, array, x);
      const two = pure.submit(sum, array.slice(), x);
      equal(one.key, two.key);
      equal([await one.result(), await two.result()], [100_005, 100_005]);
      ok(
        pure.submit(
          sum,
          array.map((y) => y + 1),
          x,
        ).key !== one.key,
        "another array",
      );
    },
  },
  {
    name: "with({ retries }) hides errors that pass, and ends with the last of those that do not",
    async run({ client }) {
      const persistent = client.with({ retries: 2 });
      const futures = persistent.map(flaky, [0, 1, 2, 3]);
      equal(await client.gather(futures.slice(0, 3)), [1, 2, 3]);
      await rejects(futures[3]?.result() as Promise<unknown>, "RangeError", /attempt 3/);
    },
  },
  {
    name: "with({ retries: { delayMs } }) waits before it tries again, and takes no worker meanwhile",
    async run() {
      await using t = await startAll({ nWorkers: 1 });
      const retries = { times: 2, delayMs: 60, factor: 2 };
      const beganMs = performance.now();
      const slow = t.client.with({ retries }).submit(flaky, 2);
      const quick = t.client.map((x: number) => x, [1, 2, 3]);
      equal(await t.client.gather(quick), [1, 2, 3]);
      equal(slow.done(), false);
      equal(await slow.result(), 3);
      const tookMs = performance.now() - beganMs;
      ok(tookMs > 170, `it took ${tookMs.toFixed(0)} ms, with delays of 60 and 120`);
    },
  },
  {
    name: "with({ resources }) runs tasks where there are enough, and no more at a time than there are",
    async run() {
      await using t = await startAll({ nWorkers: 2, threadsPerWorker: 4, resources: [{ a: 2, b: 1 }, {}] });
      const most = async () => {
        const place = globalThis as { running?: number; most?: number };
        place.running = (place.running ?? 0) + 1;
        place.most = Math.max(place.most ?? 0, place.running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        place.running -= 1;
        return [getWorker().name, place.most];
      };
      const futures = t.client.with({ resources: { a: 1, b: 1 } }).map(
        most,
        Array.from({ length: 12 }, () => 0),
      );
      equal(
        await t.client.gather(futures),
        Array.from({ length: 12 }, () => ["w-0", 1]),
      );
      const { workers } = t.cluster.scheduler.machine.state;
      for (const worker of workers.values()) equal(worker.used.size, 0, `${worker.name} has everything back`);
    },
  },
  {
    name: "resources can be declared for each worker or all, and change while it runs",
    async run() {
      await using t = await startAll({ nWorkers: 2, resources: (place) => ({ gpu: place }) });
      const onGpu = t.client.with({ resources: { gpu: 2 } });
      const early = await warningsOf(async () => {
        const future = onGpu.submit(where);
        await t.client.schedulerInfo();
        equal(future.status, "pending");
        t.cluster.setResources("w-0", { gpu: 2 });
        equal(await future.result(), "w-0");
      });
      equal(early.length, 1);
      const { workers } = await t.client.schedulerInfo();
      equal(
        Object.values(workers)
          .map(({ name, resources }) => [name, resources])
          .sort(),
        [
          ["w-0", { gpu: 2 }],
          ["w-1", { gpu: 1 }],
        ],
      );
      await t.client
        .with({ workers: "w-1" })
        .submit(() => getWorker().setResources({ gpu: 5 }))
        .result();
      equal(
        await t.client
          .with({ resources: { gpu: 4 } })
          .submit(where)
          .result(),
        "w-1",
      );
      throws(() => t.cluster.setResources("w-9", { gpu: 1 }), "RangeError", /no worker "w-9"/);
      throws(() => t.cluster.setResources("w-0", { gpu: -1 }), "TypeError", /amounts/);
      throws(() => new LocalCluster({ nWorkers: 1, resources: 5 as never }), "TypeError", /amounts/);
      await rejects(t.client.submit(() => getWorker().setResources(1 as never)).result(), "TypeError", /amounts/);
    },
  },
  {
    name: "who takes the place of a worker that died has its name and its resources",
    async run({ isNode }) {
      await using t = await startAll({ nWorkers: 2, resources: [{ gpu: 1 }] });
      const onGpu = t.client.with({ resources: { gpu: 1 } });
      const heard = await warningsOf(async () => {
        const address = await onGpu.submit(() => getWorker().address).result();
        onGpu.submit(isNode ? () => process.exit() : () => self.close());
        const after = onGpu.submit(() => [getWorker().name, getWorker().address] as const);
        await rejects(onGpu.submit(deaf).result({ signal: AbortSignal.timeout(1) }), "TimeoutError");
        const [name, other] = await after.result();
        equal(name, "w-0");
        ok(other !== address, "another thread");
      });
      equal(heard, [], "nobody is warned of what is being mended");
    },
  },
  {
    name: "with({ workers }) runs tasks there, by name, address or host",
    async run() {
      await using t = await startAll({ nWorkers: 3 });
      const named = t.client.with({ workers: "w-1" });
      equal(new Set(await t.client.gather(named.map(where, [1, 2, 3, 4] as never))), new Set(["w-1"]));
      equal(
        await named
          .with({ workers: ["thread://w/2"] })
          .submit(where)
          .result(),
        "w-2",
      );
      equal(
        await named
          .with({ workers: "thread://w" })
          .submit(() => 1)
          .result(),
        1,
      );
      const any = await t.client.gather(named.with({ workers: ["w-0", "w-2"] }).map(where, [1, 2, 3, 4] as never));
      for (const name of any as unknown as string[]) ok(name !== "w-1", name);
    },
  },
  {
    name: "with({ workers, allowOtherWorkers }) only prefers them",
    async run() {
      await using t = await startAll({ nWorkers: 2 });
      const soft = t.client.with({ workers: "w-1", allowOtherWorkers: true });
      equal(await soft.submit(where).result(), "w-1");
      const channel = channelName();
      const busy = soft.submit(onWord, channel);
      await begun(busy);
      equal(await soft.submit(where).result(), "w-0", "while it is busy");
      sayOn(channel, "go on");
      await busy.result();
      equal(
        await soft
          .with({ workers: "not there" })
          .submit(() => 1)
          .result(),
        1,
      );
    },
  },
  {
    name: "what no worker can run is warned of once, and fails after a while",
    async run() {
      await using t = await startAll({ nWorkers: 1, resources: { cpu: 1 }, noWorkersTimeoutMs: 100 });
      const nowhere = t.client.with({ resources: { gpu: 1 }, workers: "w-7" });
      const heard = await warningsOf(async () => {
        const futures = [nowhere.submit(where), nowhere.submit(where)] as const;
        const dependent = t.client.submit((x: unknown) => x, futures[0]);
        const error = (await rejects(
          futures[0].result(),
          "NoValidWorkerError",
          /it asks for w-7 with 1 gpu, and there is w-0 with 1 cpu/,
        )) as NoValidWorkerError;
        equal(error.key, futures[0].key);
        equal(error.restrictions, { resources: { gpu: 1 }, workers: ["w-7"] });
        equal(error.workers, [{ address: "thread://w/0", name: "w-0", resources: { cpu: 1 } }]);
        await rejects(dependent.result(), "NoValidWorkerError");
        await rejects(futures[1].result(), "NoValidWorkerError");
      });
      equal(heard.length, 1, heard.join("\n"));
      ok(/no worker can run where-\w+-0/.test(heard[0] ?? ""), heard[0] ?? "");
    },
  },
  {
    name: "what is there in time is not too late, and workers that are being started are waited for",
    async run() {
      const heard = await warningsOf(async () => {
        await using t = await startAll({ nWorkers: 0, noWorkersTimeoutMs: 1 });
        const anywhere = t.client.submit(() => "anywhere");
        const there = t.client.with({ workers: "w-1" }).submit(where);
        await t.client.schedulerInfo();
        await t.cluster.scale(2);
        equal([await anywhere.result(), await there.result()], ["anywhere", "w-1"]);
      });
      equal(heard, []);
    },
  },
  {
    name: "with({ timeoutMs }) aborts the signal of what takes too long, and ends it as TimeoutError",
    async run({ client }) {
      const channel = channelName();
      const ears = new BroadcastChannel(channel);
      const word = new Promise((resolve) => {
        ears.onmessage = (event) => resolve((event as MessageEvent).data);
      });
      const future = client.with({ timeoutMs: 50 }).submit(untilAborted, channel);
      const error = (await rejects(future.result(), "TimeoutError", /50 ms/)) as TimeoutError;
      equal([error.key, error.timeoutMs], [future.key, 50]);
      equal(await word, { name: "TimeoutError", key: future.key, timeoutMs: 50 });
      ears.close();
      equal(
        await client
          .with({ timeoutMs: 10_000 })
          .submit(() => "in time")
          .result(),
        "in time",
      );
    },
  },
  {
    name: "time counts from when an attempt begins, and each has its own",
    async run() {
      await using t = await startAll({ nWorkers: 1 });
      const channel = channelName();
      const busy = t.client.submit(onWord, channel);
      await begun(busy);
      const waiting = t.client.with({ timeoutMs: 100 }).submit(() => "in its time");
      setTimeout(() => sayOn(channel, "go on"), 150);
      equal(await waiting.result(), "in its time");
      const hangsOnce = (ms: number) =>
        getTask().attempt === 1
          ? new Promise((_, reject) => getTask().signal.addEventListener("abort", () => reject(getTask)))
          : `${getTask().attempt} after ${ms} ms`;
      equal(await t.client.with({ timeoutMs: 50, retries: 1 }).submit(hangsOnce, 50).result(), "2 after 50 ms");
    },
  },
  {
    name: "a thread that is deaf for too long is ended, and those beside it run all the same",
    async run() {
      await using t = await startAll({ nWorkers: 2 });
      const stuck = t.client.with({ timeoutMs: 100, workers: "w-0" }).submit(deaf);
      const beside = t.client.with({ workers: "w-0" }).submit(() => [getWorker().address, getTask().attempt] as const);
      await rejects(stuck.result(), "TimeoutError", /100 ms/);
      const [address] = await beside.result();
      ok(address !== "thread://w/0", address);
    },
  },
  {
    name: "with({ priority }) orders what waits, and what waits for inputs runs before what does not",
    async run() {
      await using t = await startAll({ nWorkers: 1 });
      const channel = channelName();
      const first = t.client.submit(onWord, channel);
      await begun(first);
      const order = (name: string) => {
        const place = globalThis as unknown as { order?: string[] };
        place.order ??= [];
        place.order.push(name);
        return place.order.join(" ");
      };
      const low = t.client.with({ priority: -1 }).submit(order, "low");
      const roots = t.client.map(order, ["a", "b"]);
      const after = t.client.submit(
        (x: unknown, name: string) => {
          const place = globalThis as unknown as { order?: string[] };
          place.order = [...(place.order ?? []), `${name}(${x})`];
        },
        first,
        "dependent",
      );
      const high = t.client.with({ priority: 1 }).map(order, ["high", "higher"]);
      sayOn(channel, "x");
      await t.client.gather([...roots, after, ...high]);
      equal(await low.result(), "high higher dependent(x) a b low");
    },
  },
  {
    name: "with({ signal }) that is aborted before has nothing run",
    async run({ client }) {
      const limited = client.with({ signal: AbortSignal.abort(new Error("too late")) });
      const future = limited.submit(() => 1);
      equal(future.status, "cancelled");
      await rejects(future.result(), "CancelledError", /too late/);
      await rejects(client.submit((x: number) => x, future).result(), "CancelledError");
      equal(await client.submit(() => 2).result(), 2);
    },
  },
  {
    name: "scatter() to workers sends values there at once",
    async run() {
      await using t = await startAll({ nWorkers: 3 });
      const holders = (state = t.cluster.scheduler.machine.state) =>
        [...state.workers.values()]
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .map((worker) => state.replicas.leftsOf(worker).size);
      const value = { large: new Float64Array(10) };
      const one = t.client.scatter(value, { workers: "w-1" });
      await t.client.schedulerInfo();
      equal(holders(), [0, 1, 0]);
      const two = t.client.with({ workers: ["w-0", "w-2"] }).scatter(value, { broadcast: true });
      await t.client.schedulerInfo();
      equal(holders(), [1, 1, 1]);
      const three = t.client.scatterAll([1, 2], { workers: ["w-0", "w-1"] });
      await t.client.schedulerInfo();
      equal(holders(), [2, 2, 1]);
      equal(await t.client.gather([one, two, ...three]), [value, value, 1, 2]);
    },
  },
  {
    name: "tasks from tasks take options too",
    async run() {
      await using t = await startAll({ nWorkers: 2 });
      const outer = async () => {
        const client = getClient();
        const flaky = () => {
          if (getTask().attempt < 2) throw new Error("once");
          return getWorker().name;
        };
        const far = client.with({ workers: "w-1", retries: { times: 1, delayMs: 1 } }).submit(flaky);
        const named = client.with({ name: "inner", pure: true }).submit((x: number) => x + 1, 1);
        const late = client.with({ timeoutMs: 20 }).submit(() => new Promise(() => {}));
        const error = await late.exception();
        const there = client.scatter(new Float64Array(10_000).fill(1), { workers: "w-1" });
        const sum = client.with({ workers: "w-1" }).submit((array: Float64Array) => array.length, there);
        return [
          await far.result(),
          await named.result(),
          named.key.split("-")[0],
          (error as Error).name,
          await sum.result(),
        ];
      };
      equal(await t.client.with({ workers: "w-0" }).submit(outer).result(), [
        "w-1",
        2,
        "inner",
        "TimeoutError",
        10_000,
      ]);
    },
  },
  {
    name: "options that make no sense are refused at once",
    run({ client }) {
      throws(() => client.with({ retry: 1 } as never), "TypeError", /knows no option "retry"/);
      throws(() => client.with({ allowOtherWorkers: true }), "TypeError", /with\(\{ workers/);
      throws(() => client.with({ resources: { gpu: "1" } } as never), "TypeError", /amounts/);
      throws(() => new LocalCluster({ nWorkers: 1, noWorkersTimeoutMs: -1 }), "RangeError", /noWorkersTimeoutMs/);
    },
  },
];
