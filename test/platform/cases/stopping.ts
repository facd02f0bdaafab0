/** Giving up: cancel, signals, release, close. */
import { CancelledError, Client, fireAndForget, getTask, LocalCluster, wait } from "manyhands";
import { begun, type Case, channelName, listenOn, nextTurn, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

/** Runs until its signal is aborted, and tells when that was. */
const untilAborted = (channel: string) =>
  new Promise((_, reject) => {
    const { signal } = getTask();
    signal.addEventListener("abort", () => {
      const mouth = new BroadcastChannel(channel);
      mouth.postMessage(performance.timeOrigin + performance.now());
      mouth.close();
      reject(signal.reason);
    });
    getTask().progress(0);
  });
const say = (channel: string, word: unknown) => {
  const mouth = new BroadcastChannel(channel);
  mouth.postMessage(word);
  mouth.close();
  return word;
};

export const stopping: readonly Case[] = [
  {
    name: "cancel() aborts the signal of a running task at once",
    async run({ client }) {
      const channel = channelName();
      const future = client.submit(untilAborted, channel);
      await begun(future);
      const ears = await listenOn(channel);
      const cancelledAt = performance.timeOrigin + performance.now();
      future.cancel();
      equal([future.status, future.done(), future.cancelled()], ["cancelled", true, true]);
      const tookMs = Number(await ears.word) - cancelledAt;
      // It would wait for as long as it takes; a machine that is busy with much else may need a while.
      ok(tookMs < 2000, `the signal was aborted after ${tookMs.toFixed(1)} ms`);
      const error = await rejects(future.result(), "CancelledError");
      ok(error instanceof CancelledError && error.key === future.key, "the error names the task");
    },
  },
  {
    name: "a cancelled task that waits for its turn is never begun",
    async run() {
      await using own = start({ nWorkers: 1 });
      const [channel, never] = [channelName(), channelName()];
      const first = own.client.submit(onWord, channel);
      await begun(first);
      const ears = await listenOn(never);
      const second = own.client.submit(say, never, "begun");
      const third = own.client.submit((x: unknown) => x, second);
      const fourth = own.client.submit((x: number) => x, 4);
      own.client.cancel([second], { reason: "changed my mind" });
      equal([second.status, (await third.exception()) instanceof CancelledError], ["cancelled", true]);
      await rejects(second.result(), "CancelledError", /changed my mind/);
      sayOn(channel, "go on");
      equal([await first.result(), await fourth.result()], ["go on", 4]);
      equal(ears.haveHeard, false);
      ears.close();
    },
  },
  {
    name: "cancelling in the turn of submitting is soon enough",
    async run({ client }) {
      const future = client.submit(() => 1);
      future.cancel();
      await rejects(future.result(), "CancelledError");
      const dependent = client.submit((x: number) => x, future);
      await rejects(dependent.result(), "CancelledError");
    },
  },
  {
    name: "cancelling what has ended changes nothing for who has the value",
    async run({ client }) {
      const future = client.submit(() => 7);
      equal(await future.result(), 7);
      future.cancel();
      equal(await future.result(), 7);
    },
  },
  {
    name: "what one client cancels is not taken from another",
    async run({ cluster }) {
      const [one, two] = [new Client(cluster), new Client(cluster)];
      const [key, channel] = [channelName(), channelName()];
      const mine = one.with({ key }).submit(onWord, channel);
      await begun(mine);
      const theirs = two.with({ key }).submit(onWord, channel);
      mine.cancel();
      await rejects(mine.result(), "CancelledError");
      sayOn(channel, "for the other");
      equal(await theirs.result(), "for the other");
      await Promise.all([one.close(), two.close()]);
    },
  },
  {
    name: "with({ signal }) cancels what was submitted when it is aborted",
    async run({ client }) {
      const controller = new AbortController();
      const limited = client.with({ signal: controller.signal });
      const [one, two] = [channelName(), channelName()];
      const done = limited.submit(() => "done before");
      equal(await done.result(), "done before");
      const running = limited.submit(untilAborted, one);
      await begun(running);
      const many = limited.map(untilAborted, [two, two, two]);
      controller.abort(new Error("that is enough"));
      await rejects(running.result(), "CancelledError", /that is enough/);
      for (const future of many) await rejects(future.result(), "CancelledError");
      equal(done.status, "finished");
      await rejects(limited.submit(() => 1).result(), "CancelledError");
      equal(await client.submit(() => 2).result(), 2);
    },
  },
  {
    name: "with({ priority }) lets urgent tasks overtake",
    async run() {
      await using own = start({ nWorkers: 1 });
      const channel = channelName();
      const first = own.client.submit(onWord, channel);
      await begun(first);
      const order = (name: string) => {
        const place = globalThis as unknown as { order?: string[] };
        place.order ??= [];
        place.order.push(name);
        return [...place.order];
      };
      const futures = [
        own.client.with({ priority: -1 }).submit(order, "low"),
        own.client.submit(order, "usual"),
        own.client.with({ priority: 10 }).submit(order, "high"),
      ];
      sayOn(channel, "go on");
      const results = await own.client.gather(futures);
      equal(results[0], ["high", "usual", "low"]);
    },
  },
  {
    name: "with() adds to what was there, and leaves the client as it was",
    async run({ client }) {
      const flaky = () => {
        if (getTask().attempt === 1) throw new Error("once");
        return getTask().key;
      };
      const key = channelName();
      const both = client.with({ retries: 1 }).with({ key });
      equal(await both.submit(flaky).result(), key);
      await rejects(client.submit(flaky).result(), "Error", /once/);
      equal(both.id, client.id);
    },
  },
  {
    name: "fireAndForget() has a task run although its future is released",
    async run({ client }) {
      const channel = channelName();
      const ears = await listenOn(channel);
      const input = client.submit(() => "told");
      const future = client.submit(say, channel, input);
      fireAndForget(future);
      future.release();
      input.release();
      equal(await ears.word, "told");
      const others = [channelName(), channelName()] as const;
      const both = await Promise.all(others.map(listenOn));
      const futures = client.map(say, others, ["one", "two"]);
      client.fireAndForget(futures);
      for (const each of futures) each.release();
      equal(await Promise.all(both.map(({ word }) => word)), ["one", "two"]);
    },
  },
  {
    name: "a released task that nobody needs is not run",
    async run() {
      await using own = start({ nWorkers: 1 });
      const [channel, never] = [channelName(), channelName()];
      const first = own.client.submit(onWord, channel);
      await begun(first);
      const ears = await listenOn(never);
      own.client.submit(say, never, "ran").release();
      sayOn(channel, "go on");
      await own.client.submit(() => 1).result();
      equal(ears.haveHeard, false);
      ears.close();
    },
  },
  {
    name: "close() settles everything that is pending, and using the client throws",
    async run() {
      const client = new Client({ nWorkers: 2 });
      const channel = channelName();
      const running = client.submit(onWord, channel);
      await begun(running);
      const stored = client.submit(() => new Float64Array(100_000));
      await wait([stored]);
      const here = client.submit(() => 1);
      await here.result();
      const bad = client.submit(() => {
        throw new RangeError("bad");
      });
      await bad.exception();
      const pending = client.submit((x: unknown) => x, running);
      const waits = [running.result(), pending.result(), client.gather([pending]), running.exception()];
      const all = wait([running, pending]);
      await client.close();
      for (const each of waits.slice(0, 3)) await rejects(each as Promise<unknown>, "CancelledError", /closed/);
      ok((await waits[3]) instanceof CancelledError, "exception() tells it too");
      equal((await all).done.size, 2);
      equal(
        [running.status, pending.status, stored.status, here.status, bad.status],
        ["cancelled", "cancelled", "cancelled", "finished", "error"],
      );
      equal(await here.result(), 1);
      await rejects(stored.result(), "CancelledError");
      for (const use of [
        () => client.submit(() => 1),
        () => client.map((x: number) => x, [1]),
        () => client.scatter(1),
        () => client.scatterAll([1]),
        () => client.future("key"),
        () => client.with({ priority: 1 }).submit(() => 1),
        () => client.retry(bad),
        () => client.fireAndForget(here),
      ])
        throws(use, "CommClosedError", /closed/);
      here.release();
      running.cancel();
      await client.close();
    },
  },
  {
    name: "a client that is closed before its workers are there harms nothing",
    async run() {
      const client = new Client({ nWorkers: 2 });
      const future = client.submit(() => 1);
      await client.close();
      await rejects(future.result(), "CancelledError");
      await rejects(client.ready, "Error", /closed/);
      await nextTurn();
    },
  },
  {
    name: "await using closes at the end of the scope",
    async run() {
      let future: ReturnType<Client["future"]>;
      {
        await using client = new Client({ nWorkers: 1 });
        future = client.submit(() => new Promise(() => {}));
      }
      equal(future.status, "cancelled");
    },
  },
  {
    name: "closing one client leaves the cluster to the others",
    async run({ cluster }) {
      const [one, two] = [new Client(cluster), new Client(cluster)];
      await one.submit(() => 1).result();
      await one.close();
      equal(await two.submit(() => 2).result(), 2);
      await two.close();
    },
  },
  {
    name: "closing a cluster ends what its clients wait for",
    async run() {
      const cluster = new LocalCluster({ nWorkers: 1 });
      const client = new Client(cluster);
      const future = client.submit(() => new Promise(() => {}));
      await client.ready;
      await cluster.close();
      await rejects(future.result(), "CommClosedError", /closed/);
      equal(future.status, "lost");
      throws(() => client.submit(() => 1), "CommClosedError");
      await rejects(new Client(cluster).submit(() => 1).result(), "CommClosedError", /closed/);
      await client.close();
      await cluster.close();
    },
  },
  {
    name: "tasks of a client that leaves are not run for nobody",
    async run() {
      await using own = start({ nWorkers: 1 });
      const guest = new Client(own.cluster);
      const channel = channelName();
      const first = own.client.submit(onWord, channel);
      await begun(first);
      const never = channelName();
      const ears = await listenOn(never);
      guest.submit(say, never, "ran");
      await nextTurn();
      await guest.close();
      sayOn(channel, "go on");
      await own.client.submit(() => 1).result();
      equal(ears.haveHeard, false);
      ears.close();
    },
  },
  {
    name: "options that make no sense are refused",
    run() {
      throws(() => new LocalCluster({ nWorkers: -1 }), "RangeError", /nWorkers/);
      throws(() => new LocalCluster({ nWorkers: 1.5 }), "RangeError", /nWorkers/);
      throws(() => new LocalCluster({ threadsPerWorker: 0 }), "RangeError", /threadsPerWorker/);
    },
  },
];
