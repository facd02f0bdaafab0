/** Workers that pause, come and go, while the work goes on. */
import { Client, closure, getTask, getWorker, wait } from "manyhands";
import { begun, type Case, channelName, holdersOf, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
const large = (value: number) => new Float64Array(100_000).fill(value);

const addressesOf = async (client: { schedulerInfo(): Promise<{ workers: object }> }) =>
  Object.keys((await client.schedulerInfo()).workers);

export const elastic: readonly Case[] = [
  {
    name: "a paused worker takes no tasks, finishes what it has begun, and goes on when it is unpaused",
    async run() {
      await using t = start();
      await t.client.waitForWorkers(2);
      const channel = channelName();
      const waiting = t.client.submit(onWord, channel);
      await begun(waiting);
      await t.client.pauseWorkers(["worker-0", "worker-1"]);
      const { workers } = await t.client.schedulerInfo();
      equal(
        Object.values(workers).map(({ status }) => status),
        ["paused", "paused"],
      );
      const later = t.client.submit(() => getWorker().name);
      sayOn(channel, "done");
      equal(await waiting.result(), "done");
      equal(later.done(), false);
      await t.client.unpauseWorkers("worker-1");
      equal(await later.result(), "worker-1");
      await rejects(t.client.pauseWorkers("worker-9"), "RangeError", /there is no worker worker-9/);
      ok((await addressesOf(t.client)).length === 2, "both are there");
    },
  },
  {
    name: "scale() starts workers, which take part at once",
    async run() {
      await using t = start({ nWorkers: 1 });
      await t.cluster.scale(3);
      equal((await addressesOf(t.client)).length, 3);
      equal(Object.keys(await t.client.run(() => 1)).length, 3);
    },
  },
  {
    name: "scale() to fewer loses nothing: what runs is finished, and values are moved to others",
    async run() {
      await using t = start({ nWorkers: 3 });
      await t.client.waitForWorkers(3);
      const values = t.client.map(large, [1, 2, 3, 4, 5, 6]);
      await wait(values);
      const channel = channelName();
      const running = t.client.submit(onWord, channel);
      await begun(running);
      const attempts = t.client.map((x: Float64Array) => [x[0], getTask().attempt], values);
      const scaled = t.cluster.scale(1);
      sayOn(channel, "finished");
      await scaled;
      equal((await addressesOf(t.client)).length, 1);
      equal(await running.result(), "finished");
      const expected = [1, 2, 3, 4, 5, 6].map((value) => [value, 1]);
      equal(await t.client.gather(attempts), expected, "no task was tried twice");
      equal(await t.client.gather(t.client.map(sum, values)), [1e5, 2e5, 3e5, 4e5, 5e5, 6e5]);
      const known = new Set(values.flatMap((future) => holdersOf(t.cluster, future)));
      equal(known.size, 1, "all values are on the worker that stayed");
    },
  },
  {
    name: "scale(0) keeps values with the scheduler, and tasks wait until there are workers again",
    async run() {
      await using t = start({ nWorkers: 2 });
      await t.client.waitForWorkers(2);
      const value = t.client.submit(() => new Float64Array(100_000).fill(Math.random()));
      await wait([value]);
      const first = await t.client.submit((x: Float64Array) => x[0], value).result();
      await t.cluster.scale(0);
      equal(await addressesOf(t.client), []);
      const again = t.client.submit((x: Float64Array) => x[0], value);
      equal((await value.result())[0], first, "it was not computed again");
      await t.cluster.scale(2);
      equal(await again.result(), first);
    },
  },
  {
    name: "of several calls of scale() the last one counts",
    async run() {
      await using t = start({ nWorkers: 1 });
      await Promise.all([t.cluster.scale(4), t.cluster.scale(0), t.cluster.scale(2)]);
      equal((await addressesOf(t.client)).length, 2);
      await rejects(t.cluster.scale(0.5), "RangeError");
    },
  },
  {
    name: "retireWorkers() ends the workers named, says which, and takes plugins down before",
    async run() {
      await using t = start();
      await t.client.waitForWorkers(2);
      const channel = channelName();
      await t.client.registerPlugin({
        name: "mourner",
        channel,
        teardown() {
          const mouth = new BroadcastChannel(this.channel);
          mouth.postMessage("farewell");
          // Given a moment, for with its thread a channel ends before it has spoken.
          return new Promise((resolve) => setTimeout(resolve, 20)).then(() => mouth.close());
        },
      } as { name: string; channel: string; teardown(): unknown });
      const ears = new BroadcastChannel(channel);
      const heard = new Promise((resolve) => {
        ears.onmessage = (event) => resolve((event as MessageEvent).data);
      });
      const left = await t.client.retireWorkers(["worker-0", "worker-7"]);
      equal(left, ["thread://worker/0"]);
      equal(await heard, "farewell");
      ears.close();
      equal(await addressesOf(t.client), ["thread://worker/1"]);
      equal(await t.client.submit(() => getWorker().name).result(), "worker-1");
    },
  },
  {
    name: "retiring can be given up while a worker is still at work",
    async run() {
      await using t = start({ nWorkers: 1 });
      const channel = channelName();
      const running = t.client.submit(onWord, channel);
      await begun(running);
      const abort = new AbortController();
      const retired = t.client.retireWorkers("worker-0", { signal: abort.signal });
      await t.client.schedulerInfo();
      abort.abort(new Error("stay"));
      await rejects(retired, "Error", /stay/);
      const later = t.client.submit(() => "goes on");
      sayOn(channel, "done");
      equal(await later.result(), "goes on");
    },
  },
  {
    name: "adapt() starts workers when there is work, and sends them away when there is none",
    async run() {
      await using t = start({ nWorkers: 0 });
      using _ = t.cluster.adapt({ maximum: 2, intervalMs: 10, targetDurationMs: 1, waitCount: 2 });
      equal(await t.client.gather(t.client.map((x: number) => x + 1, [1, 2, 3])), [2, 3, 4]);
      while ((await addressesOf(t.client)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      equal(await t.client.submit(() => "once more").result(), "once more");
    },
  },
  {
    name: "restart() ends everything, cancels futures with the reason, and begins anew",
    async run() {
      await using t = start();
      await t.client.waitForWorkers(2);
      const before = await addressesOf(t.client);
      const there = t.client.submit(() => "there");
      equal(await there.result(), "there");
      const scattered = t.client.scatter(large(1));
      const stored = t.client.submit(large, 2);
      await wait([stored]);
      const named = t.client.with({ key: "a name" }).submit(() => "first");
      equal(await named.result(), "first");
      const endless = t.client.submit(() => {
        getTask().progress(0);
        for (;;);
      });
      const queued = t.client.map((x: number) => x, [1, 2, 3, 4, 5]);
      await begun(endless);
      const last = queued.at(-1);
      await t.client.restart();
      for (const future of [scattered, stored, endless]) {
        equal(future.status, "cancelled");
        await rejects(future.result(), "CancelledError", /the cluster was restarted/);
      }
      ok(last?.done(), "the others have ended too");
      equal([await there.result(), await named.result()], ["there", "first"], "values that are here are here");
      const after = await addressesOf(t.client);
      equal(after.length, 2);
      ok(!after.some((address) => before.includes(address)), "all workers are new");
      const again = t.client.with({ key: "a name" }).submit(() => "second");
      named.release();
      scattered.release();
      endless.release();
      equal(await again.result(), "second", "what is old does nothing to what is new");
      equal(await t.client.submit((x: string) => `${x} again`, there).result(), "there again");
    },
  },
  {
    name: "values that are here can be used in tasks after a restart, and so can arrays seen before",
    async run() {
      await using t = start();
      const array = large(3);
      equal(await t.client.submit(sum, array).result(), 300_000);
      const named = t.client.with({ key: "kept" }).submit(() => ({ value: 7 }));
      equal(await named.result(), { value: 7 });
      const moved = t.client.submit(large, 4);
      equal((await moved.result())[0], 4);
      const waiting = t.client.submit(sum, array);
      await t.client.restart();
      await wait([waiting]);
      equal(await t.client.submit(sum, array).result(), 300_000);
      equal(await t.client.submit((x: { value: number }) => x.value, named).result(), 7);
      equal(await t.client.submit(sum, moved).result(), 400_000);
    },
  },
  {
    name: "restart() concerns other clients as well",
    async run() {
      await using t = start({ nWorkers: 1 });
      const other = new Client(t.cluster);
      const theirs = other.submit(onWord, channelName());
      await begun(theirs);
      await t.client.restart();
      await rejects(theirs.result(), "CancelledError", /restarted/);
      equal(await other.submit(() => 1).result(), 1);
      await other.close();
    },
  },
  {
    name: "restartWorkers() replaces some, and their tasks are not blamed",
    async run() {
      await using t = start();
      await t.client.waitForWorkers(2);
      const channel = channelName();
      const patient = t.client.submit(onWord, channel);
      await begun(patient);
      for (let i = 0; i < 4; i++) {
        const again = begun(patient);
        const { workers } = await t.client.schedulerInfo();
        const busy = Object.entries(workers).flatMap(([address, { processing }]) => (processing > 0 ? [address] : []));
        await t.client.restartWorkers(busy);
        await again;
      }
      sayOn(channel, "at last");
      equal(await patient.result(), "at last");
      equal((await addressesOf(t.client)).length, 2);
      await rejects(t.client.restartWorkers("worker-99"), "RangeError");
    },
  },
  {
    name: "what was sent behind a task that waits runs elsewhere meanwhile",
    async run() {
      await using t = start();
      await t.client.waitForWorkers(2);
      const f = closure({ onWord }, (channel: string, i: number) => (i === 0 ? onWord(channel) : i));
      const numbers = Array.from({ length: 200 }, (_, i) => i);
      const channel = channelName();
      const channels = numbers.map(() => channel);
      // Then it is known that they are short.
      await t.client.gather(t.client.map(f, channels.slice(1), numbers.slice(1)));
      const [first, ...others] = t.client.map(f, channels, numbers);
      equal(await t.client.gather(others), numbers.slice(1));
      equal(first?.done(), false);
      sayOn(channel, "done");
      equal(await first?.result(), "done");
    },
  },
];
