/** What users of Dask rely on beside what is tried elsewhere: who is told what, what is run again, and what is forgotten. */
import {
  asCompleted,
  Client,
  closure,
  fireAndForget,
  getTask,
  getWorker,
  LocalCluster,
  Variable,
  wait,
} from "manyhands";
import { begun, type Case, channelName, knownTasks, listenOn, nextTurn, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

const inc = (x: number) => x + 1;

/** Settles once the scheduler knows of no task any more. */
async function untilForgotten(cluster: LocalCluster): Promise<void> {
  while (knownTasks(cluster) > 0) await nextTurn();
}

export const semantics: readonly Case[] = [
  {
    name: "tasks that are submitted before there is any worker run when one joins",
    async run() {
      await using t = start({ nWorkers: 0 });
      const futures = t.client.map(inc, [1, 2, 3]);
      const last = t.client.submit((all: readonly number[]) => all.length, futures);
      await t.client.schedulerInfo();
      equal(last.status, "pending");
      await t.cluster.scale(1);
      equal(await t.client.gather([...futures, last]), [2, 3, 4, 3]);
    },
  },
  {
    name: "a chain that was fired and forgotten can be cancelled by force, and is gone",
    async run() {
      await using t = start({ nWorkers: 1 });
      const channel = channelName();
      const first = t.client.submit(onWord, channel);
      const second = t.client.submit((x: unknown) => x, first);
      const third = t.client.submit((x: unknown) => x, second);
      fireAndForget([first, second, third]);
      await begun(first);
      t.client.cancel(first, { force: true });
      equal([first.status, (await third.exception()) instanceof Error, third.status], ["cancelled", true, "cancelled"]);
      await untilForgotten(t.cluster);
      equal(await t.client.submit(inc, 1).result(), 2);
    },
  },
  {
    name: "failed tasks that were fired and forgotten leave nothing behind",
    async run() {
      await using t = start({ nWorkers: 1 });
      const futures = t.client.map(
        (x: number) => {
          throw new RangeError(`no ${x}`);
        },
        [1, 2, 3],
      );
      fireAndForget(futures);
      for (const future of futures) future.release();
      await wait(futures);
      await untilForgotten(t.cluster);
      equal(
        futures.map(({ status }) => status),
        ["error", "error", "error"],
      );
    },
  },
  {
    name: "a name that was released and is submitted again, while its old run still goes on, is a new task",
    async run() {
      await using t = start({ nWorkers: 1 });
      const channel = channelName();
      const named = t.client.with({ key: "name" });
      const old = named.submit(
        closure({ onWord }, async (channel: string) => {
          await onWord(channel);
          return "old";
        }),
        channel,
      );
      await begun(old);
      old.release();
      const fresh = named.submit(() => "new");
      equal(fresh.key, "name");
      sayOn(channel, "go on");
      equal(await fresh.result(), "new", "whatever comes of the old run is nobody's");
      equal(old.status, "cancelled");
    },
  },
  {
    name: "an old future that is released after a restart does not take the new task of its name along",
    async run() {
      await using t = start({ nWorkers: 1 });
      const named = t.client.with({ key: "kept" });
      const old = named.submit(() => 1);
      await old.result();
      await t.client.restart();
      const fresh = named.submit(() => [2]);
      await wait([fresh]);
      old.release();
      await t.client.schedulerInfo();
      const other = new Client(t.cluster);
      equal(await other.future("kept").result(), [2]);
      await other.close();
    },
  },
  {
    name: "many tasks that need data of one worker are shared with the other",
    limitMs: 20_000,
    async run() {
      await using t = start({ nWorkers: 2 });
      await t.client.waitForWorkers(2);
      const data = t.client.submit(() => new Float64Array(20_000).fill(1));
      await wait([data]);
      const use = (x: Float64Array, i: number) => {
        const end = performance.now() + 10;
        while (performance.now() < end) Math.sqrt(i);
        return [getWorker().address, x[i]] as const;
      };
      const uses = Array.from({ length: 50 }, (_, i) => t.client.submit(use, data, i));
      const where = new Map<string, number>();
      for (const [address, one] of await t.client.gather(uses)) {
        equal(one, 1);
        where.set(address, (where.get(address) ?? 0) + 1);
      }
      const counts = [...where.values()].sort((a, b) => a - b);
      ok(counts.length === 2 && (counts[0] as number) > 10, `shared as ${counts}`);
    },
  },
  {
    name: "a cancelled task that held resources gives them back when its run is over",
    async run() {
      const cluster = new LocalCluster({ nWorkers: 1, threadsPerWorker: 2, resources: { gpu: 1 } });
      const client = new Client(cluster);
      const onGpu = client.with({ resources: { gpu: 1 } });
      const channel = channelName();
      const first = onGpu.submit(onWord, channel);
      await begun(first);
      const second = onGpu.submit(() => "has it now");
      first.cancel();
      equal(await client.submit(inc, 1).result(), 2);
      equal(second.status, "pending", "the old run has not given it back");
      sayOn(channel, "go on");
      equal(await second.result(), "has it now");
      await client.close();
      await cluster.close();
    },
  },
  {
    name: "whoever got a variable's future just before it was set anew can use it",
    async run() {
      await using t = start();
      const variable = new Variable({ client: t.client });
      const make = (n: number) => new Float64Array(20_000).fill(n);
      await variable.set(t.client.submit(make, 1));
      // In one turn: the getter's answer and the next value are on their way together.
      const got = variable.get();
      const setting = variable.set(t.client.submit(make, 2));
      const future = (await got) as ReturnType<typeof t.client.submit<[number], Float64Array>>;
      await setting;
      equal((await future.result())[0], 1);
    },
  },
  {
    name: "clearing asCompleted() lets go of its futures, and later ones can be added",
    async run({ client }) {
      const completed = asCompleted(client.map(inc, [1, 2, 3]));
      completed.clear();
      const seen: unknown[] = [];
      for await (const future of completed) seen.push(future);
      equal([seen.length, completed.count()], [0, 0]);
      const more = client.submit(inc, 5);
      completed.add(more);
      for await (const future of completed) seen.push(await future.result());
      equal(seen, [6]);
    },
  },
  {
    name: "retry() of what went well changes nothing",
    async run({ client }) {
      const future = client.submit(() => [Math.random()]);
      const value = await future.result();
      future.retry();
      equal([future.status, await future.result()], ["finished", value]);
    },
  },
  {
    name: "values on a worker that is retired are copied to another, not computed again",
    async run() {
      await using t = start({ nWorkers: 2 });
      await t.client.waitForWorkers(2);
      const future = t.client.submit(() => new Float64Array(20_000).fill(Math.random()));
      await wait([future]);
      const first = await t.client.submit((x: Float64Array) => x[0], future).result();
      const [holder] = (await t.client.whoHas(future))[future.key] as [string];
      equal(await t.client.retireWorkers(holder), [holder]);
      equal((await future.result())[0], first);
    },
  },
  {
    name: "an argument that looks like a key is only a text",
    async run({ client }) {
      const future = client.with({ key: "looks-like-a-key" }).submit(() => "its value");
      equal(await client.submit((text: string) => text, future.key).result(), "looks-like-a-key");
      equal(await future.result(), "its value");
    },
  },
  {
    name: "a cancelled run is told by its signal within 50 ms, and its future at once",
    async run({ client }) {
      const [channel, answer] = [channelName(), channelName()];
      const ears = await listenOn(answer);
      const future = client.submit(
        closure({ onWord, answer }, async (channel: string) => {
          const aborted = new Promise((resolve) => getTask().signal.addEventListener("abort", resolve));
          onWord(channel);
          await aborted;
          const mouth = new BroadcastChannel(answer);
          mouth.postMessage("aborted");
          mouth.close();
        }),
        channel,
      );
      await begun(future);
      const from = performance.now();
      future.cancel();
      equal(future.status, "cancelled");
      equal(await ears.word, "aborted");
      const tookMs = performance.now() - from;
      // Measured at a few milliseconds; a machine that is busy with other things is given more.
      ok(tookMs < 1000, `it took ${tookMs.toFixed(0)} ms`);
      await rejects(future.result(), "CancelledError");
      sayOn(channel, "it is over");
    },
  },
];
