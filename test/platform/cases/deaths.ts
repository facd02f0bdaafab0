/** Workers that die: they are replaced, and nothing of what was asked for is lost. */
import { type Future, getTask, getWorker, type KilledWorkerError, wait } from "manyhands";
import { begun, type Case, channelName, holdersOf, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

/** What the functions below find where they run. */
declare const close: (() => void) | undefined;

const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
const large = (value: number) => new Float64Array(100_000).fill(value);

/** Ends its thread as often as told, then returns. */
const exits = (times: number) => {
  const { attempt } = getTask();
  if (attempt > times) return attempt;
  if (typeof process === "object") process.exit(1);
  (close as () => void)();
  return new Promise<number>(() => {});
};
const throwsLater = (times: number) => {
  const { attempt } = getTask();
  if (attempt > times) return attempt;
  setTimeout(() => {
    throw new Error("from a callback");
  });
  return new Promise<number>(() => {});
};
const rejectsUnheard = (times: number) => {
  const { attempt } = getTask();
  if (attempt > times) return attempt;
  void Promise.reject(new Error("unheard"));
  return new Promise<number>(() => {});
};

const ways = {
  "ends itself": exits,
  "throws in a callback": throwsLater,
  "leaves a rejection unheard": rejectsUnheard,
};

export const deaths: readonly Case[] = [
  ...Object.entries(ways).map(([way, die]) => ({
    name: `a worker that ${way} is replaced, and its task runs again`,
    async run() {
      await using own = start();
      const before = await own.client.submit(() => getWorker().address).result();
      const future = own.client.submit(die, 1);
      equal(await future.result(), 2);
      const after = own.client.map((_: number) => getWorker().address, [1, 2, 3, 4]);
      equal((await own.client.gather(after)).length, 4);
      ok(before !== "", "it worked before");
      await own.client.ready;
    },
  })),
  ...Object.entries(ways).map(([way, die]) => ({
    name: `a task whose worker ${way} for the third time is given up`,
    async run() {
      await using own = start();
      const future = own.client.submit(die, 99);
      const dependent = own.client.submit((x: number) => x, future);
      const error = (await rejects(future.result(), "KilledWorkerError", /3 times/)) as KilledWorkerError;
      equal([error.key, error.attempts.length, new Set(error.attempts).size], [future.key, 3, 3]);
      equal(future.status, "error");
      await rejects(dependent.result(), "KilledWorkerError");
      equal(await own.client.submit(() => "goes on").result(), "goes on");
    },
  })),
  {
    name: "a task that was given up can be tried again",
    async run() {
      await using own = start();
      const future = own.client.submit(exits, 3);
      await rejects(future.result(), "KilledWorkerError");
      future.retry();
      equal(await future.result(), 4);
    },
  },
  {
    name: "innocent tasks beside one that kills its worker all finish",
    async run() {
      await using own = start();
      const innocent = own.client.map(
        (x: number) => x + 1,
        Array.from({ length: 2000 }, (_, i) => i),
      );
      const killer = own.client.submit(exits, 99);
      const more = own.client.map(
        (x: number) => x + 1,
        Array.from({ length: 2000 }, (_, i) => i),
      );
      await rejects(killer.result(), "KilledWorkerError");
      for (const futures of [innocent, more]) {
        const results = await own.client.gather(futures);
        ok(
          results.every((value, i) => value === i + 1),
          "every one has its result",
        );
      }
    },
  },
  {
    name: "calls of one function that kill are told apart from those that do not",
    async run() {
      await using own = start();
      const some = (x: number) => {
        if (x % 50 !== 13) return x;
        if (typeof process === "object") process.exit(1);
        (close as () => void)();
        return new Promise<number>(() => {});
      };
      const futures = own.client.map(
        some,
        Array.from({ length: 100 }, (_, i) => i),
      );
      const results = await own.client.gather(futures, { errors: "skip" });
      equal(
        results,
        Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 50 !== 13),
      );
      await rejects((futures[13] as Future).result(), "KilledWorkerError");
      await rejects((futures[63] as Future).result(), "KilledWorkerError");
    },
  },
  {
    name: "large results that died with their worker are computed again",
    async run() {
      await using own = start({ nWorkers: 1 });
      const first = own.client.submit(large, 1);
      const second = own.client.submit((x: Float64Array) => x.map((each) => each * 2), first);
      await wait([first, second]);
      equal([first.status, second.status], ["finished", "finished"]);
      equal(await own.client.submit(exits, 1).result(), 2);
      equal(await own.client.submit(sum, second).result(), 200_000);
      equal((await first.result())[0], 1);
    },
  },
  {
    name: "a result that was released, and died, is computed again for what was built on it",
    async run() {
      await using own = start({ nWorkers: 1 });
      const first = own.client.submit(large, 3);
      const second = own.client.submit((x: Float64Array) => x.map((each) => each * 2), first);
      await wait([second]);
      first.release();
      equal(await own.client.submit(exits, 1).result(), 2);
      equal((await second.result())[9], 6);
    },
  },
  {
    name: "results that are asked for while their worker dies arrive",
    async run() {
      await using own = start();
      const futures = own.client.map(large, [1, 2, 3, 4]);
      await wait(futures);
      const killers = [own.client.submit(exits, 2), own.client.submit(exits, 2)];
      const values = own.client.gather(futures);
      const sums = own.client.gather(own.client.map(sum, futures));
      equal(
        (await values).map((value) => value[0]),
        [1, 2, 3, 4],
      );
      equal(await sums, [100_000, 200_000, 300_000, 400_000]);
      equal((await own.client.gather(killers)).length, 2);
    },
  },
  {
    name: "scattered values survive the death of every worker",
    async run() {
      await using own = start();
      const scattered = own.client.scatter(large(1));
      const moved = own.client.submit(large, 5);
      await moved.result();
      equal(await own.client.submit(sum, scattered).result(), 100_000);
      equal(await own.client.gather(own.client.map(exits, [1, 1, 1])), [2, 2, 2]);
      equal(await own.client.submit(sum, scattered).result(), 100_000);
      equal((await scattered.result())[0], 1);
      equal(await own.client.submit(sum, moved).result(), 500_000, "and so does what had come to the client");
    },
  },
  {
    name: "an input that dies on its way is fetched from elsewhere, or made again",
    async run() {
      await using own = start();
      const inputs = own.client.map(large, [1, 2, 3, 4, 5, 6]);
      await wait(inputs);
      const killer = own.client.submit(exits, 1);
      const total = own.client.submit(
        (...all: Float64Array[]) => all.reduce((a, x) => a + (x[0] as number), 0),
        ...inputs,
      );
      equal(await total.result(), 21);
      equal(await killer.result(), 2);
    },
  },
  {
    name: "a death is not held against those who waited on the same worker",
    async run() {
      await using own = start({ nWorkers: 1 });
      const killers = own.client.map(exits, [2, 2]);
      const innocent = own.client.map((x: number) => x, [1, 2, 3]);
      equal(await own.client.gather(innocent), [1, 2, 3]);
      equal(await own.client.gather(killers), [3, 3]);
    },
  },
  {
    name: "a cluster all of whose workers die goes on",
    async run() {
      await using own = start();
      const killers = own.client.map(exits, [1, 1, 1, 1, 1, 1]);
      equal(await own.client.gather(killers), [2, 2, 2, 2, 2, 2]);
      equal(await own.client.gather(own.client.map((x: number) => x, [1, 2, 3])), [1, 2, 3]);
    },
  },
  {
    name: "cancel with force ends the thread of an endless task, and its neighbours finish",
    async run() {
      await using own = start({ nWorkers: 1, threadsPerWorker: 2 });
      const [channel, other] = [channelName(), channelName()];
      const neighbour = own.client.submit(onWord, channel);
      await begun(neighbour);
      const endless = own.client.submit(() => {
        getTask().progress(0);
        for (;;);
      });
      const dependent = own.client.submit((x: unknown) => x, endless);
      const behind = own.client.submit(onWord, other);
      await begun(endless);
      endless.cancel({ force: true, reason: "it never ends" });
      equal([endless.status, endless.cancelled()], ["cancelled", true]);
      await rejects(endless.result(), "CancelledError", /it never ends/);
      await rejects(dependent.result(), "CancelledError");
      await Promise.all([begun(neighbour), begun(behind)]);
      sayOn(channel, 1);
      sayOn(other, 2);
      equal(await own.client.gather([neighbour, behind]), [1, 2]);
    },
  },
  {
    name: "a neighbour of many forced cancellations is never blamed",
    async run() {
      await using own = start({ nWorkers: 1, threadsPerWorker: 2 });
      const channel = channelName();
      const neighbour = own.client.submit(onWord, channel);
      for (let i = 0; i < 4; i++) {
        const endless = own.client.submit(() => {
          getTask().progress(0);
          for (;;);
        });
        await begun(endless);
        endless.cancel({ force: true });
      }
      await begun(neighbour);
      sayOn(channel, "still there");
      equal(await neighbour.result(), "still there");
    },
  },
  {
    name: "a replacement knows functions and data that its predecessor knew",
    async run() {
      await using own = start({ nWorkers: 1 });
      const scattered = own.client.scatter(large(2));
      equal(await own.client.submit(sum, scattered).result(), 200_000);
      const [before] = holdersOf(own.cluster, scattered);
      equal(await own.client.submit(exits, 1).result(), 2);
      equal(await own.client.submit(sum, scattered).result(), 200_000);
      const [after] = holdersOf(own.cluster, scattered);
      ok(before !== after, `${after} is another than ${before}`);
    },
  },
];
