/** Where values are, having them copied and moved, and what is scattered to whom. */
import { Client, type Future, getTask, getWorker, wait } from "manyhands";
import { begun, type Case, holdersOf, knownTasks, nextTurn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
const ones = () => new Float64Array(100_000).fill(1);
const nameAndSum = (x: Float64Array) => [getWorker().address, x.reduce((a, b) => a + b, 0)] as const;

export const placement: readonly Case[] = [
  {
    name: "whoHas(), hasWhat() and nbytes() tell where values are, and how large",
    async run() {
      await using own = start();
      await own.client.waitForWorkers(2);
      const large = own.client.submit(ones);
      const small = own.client.submit(() => "small");
      const never = own.client.submit(() => new Promise(() => {}));
      await Promise.all([wait([large]), small.result()]);
      const who = await own.client.whoHas([large, small, never]);
      equal(Object.keys(who).sort(), [large.key, small.key, never.key].sort());
      equal([who[large.key]?.length, who[small.key], who[never.key]], [1, [], []]);
      const [holder] = who[large.key] as string[];
      const what = await own.client.hasWhat();
      equal(what[holder as string], [large.key]);
      equal(Object.keys(what).length, 2);
      equal(await own.client.hasWhat(holder as string), { [holder as string]: [large.key] });
      const bytes = await own.client.nbytes([large, small, never]);
      equal(Object.keys(bytes).sort(), [large.key, small.key].sort());
      ok((bytes[large.key] as number) >= 800_000 && (bytes[small.key] as number) === 10, JSON.stringify(bytes));
      equal(await own.client.whoHas(), { [large.key]: [holder] });
      equal(await own.client.whoMade([]), {});
      const { client } = own;
      const made = client.with({ key: "made" }).submit(() => getWorker().address);
      const unmade = client.with({ key: "unmade" }).submit(() => new Promise(() => {}));
      const maker = await made.result();
      equal(await client.whoMade([made, unmade]), { made: maker });
      equal(Object.keys(await own.client.nbytes()), [large.key]);
      await rejects(own.client.hasWhat("nobody"), "RangeError", /no worker nobody; there are thread/);
      const { address, workers, clients } = await own.client.schedulerInfo();
      equal([address, Object.keys(workers).length, clients], ["local", 2, [own.client.id]]);
      const { host, status, nbytes, nValues } = workers[holder as string] as (typeof workers)[string];
      equal([host, status, nValues, nbytes >= 800_000], ["worker", "running", 1, true]);
    },
  },
  {
    name: "replicate() makes as many copies as asked for, and frees what is more",
    async run() {
      await using own = start({ nWorkers: 3 });
      await own.client.waitForWorkers(3);
      const future = own.client.submit(ones);
      await own.client.replicate(future);
      equal(holdersOf(own.cluster, future).length, 3);
      await own.client.replicate(future, { n: 1 });
      equal(holdersOf(own.cluster, future).length, 1);
      const [away] = Object.keys(await own.client.hasWhat()).filter(
        (each) => !holdersOf(own.cluster, future).includes(each),
      );
      await own.client.replicate([future], { workers: [away as string] });
      equal(holdersOf(own.cluster, future).length, 2);
      equal((await future.result()).length, 100_000);
      equal(holdersOf(own.cluster, future).length, 2, "asking for the value takes none away");
      await own.client.replicate(future, { n: 99 });
      equal(holdersOf(own.cluster, future).length, 3);
      const sums = own.client.map(nameAndSum, Array<Future<Float64Array>>(16).fill(future));
      for (const [, each] of await own.client.gather(sums)) equal(each, 100_000);
    },
  },
  {
    name: "replicate() waits for what is not there, gives a value back to the cluster, and leaves small ones alone",
    async run() {
      await using own = start();
      await own.client.waitForWorkers(2);
      const moved = own.client.submit(ones);
      await moved.result();
      equal(holdersOf(own.cluster, moved), [], "it was moved here");
      const small = own.client.submit(() => 5);
      await small.result();
      const scattered = own.client.scatter(new Float64Array(50_000));
      const pending = own.client.submit((x: Float64Array) => x.map((each) => 2 * each), moved);
      await own.client.replicate([moved, small, scattered, pending]);
      for (const future of [moved, scattered, pending]) equal(holdersOf(own.cluster, future).length, 2, future.key);
      equal((await own.client.whoHas(small))[small.key], []);
      equal(await own.client.submit(sum, pending).result(), 200_000);
    },
  },
  {
    name: "replicate() ends with an error when there is nothing to copy",
    async run({ client }) {
      const failed = client.submit(() => {
        throw new RangeError("no value");
      });
      await rejects(client.replicate(failed), "RangeError", /no value/);
      const released = client.submit(() => new Promise(() => {}));
      const waiting = client.replicate(released);
      released.cancel();
      await rejects(waiting, "CancelledError", /released or cancelled/);
      await rejects(client.replicate(client.scatter(1), { n: 0 }), "RangeError", /whole number/);
      await rejects(client.replicate(client.scatter(1), { workers: ["nobody"] }), "RangeError", /no worker nobody/);
      const abort = new AbortController();
      const never = client.submit(() => new Promise(() => {}));
      const given = client.replicate(never, { signal: abort.signal });
      abort.abort(new Error("no longer"));
      await rejects(given, "Error", /no longer/);
      never.cancel({ force: true });
    },
  },
  {
    name: "copies are made again from what is left when a holder dies meanwhile",
    async run() {
      await using own = start({ nWorkers: 3 });
      await own.client.waitForWorkers(3);
      const futures = own.client.map((x: number) => new Float64Array(50_000).fill(x), [1, 2, 3, 4, 5, 6]);
      await wait(futures);
      const copied = own.client.replicate(futures);
      const victim = own.client.submit(() => {
        getTask().progress(0);
        return new Promise(() => {});
      });
      await begun(victim);
      victim.cancel({ force: true });
      await copied;
      for (const [i, future] of futures.entries()) equal((await future.result())[49_999], i + 1);
    },
  },
  {
    name: "rebalance() moves values to a worker that has none",
    async run() {
      await using own = start({ nWorkers: 2 });
      await own.client.waitForWorkers(2);
      const values: Future<Float64Array>[] = [];
      // One after the other, with an input that keeps them together.
      const base = own.client.submit(ones);
      for (let i = 0; i < 6; i++) {
        const next = own.client.submit((x: Float64Array, i: number) => x.map((each) => each + i), base, i);
        await wait([next]);
        values.push(next);
      }
      const count = async () => Object.values(await own.client.hasWhat()).map((keys) => keys.length);
      await own.client.rebalance();
      const [a, b] = (await count()) as [number, number];
      ok(Math.abs(a - b) <= 1, `${a} and ${b} are even`);
      for (const [i, future] of values.entries()) equal((await future.result())[0], 1 + i);
      equal(await own.client.submit(sum, base).result(), 100_000);
    },
  },
  {
    name: "what is broadcast is on all workers that are there; one that comes later gets it when a task needs it",
    async run() {
      await using own = start();
      await own.client.waitForWorkers(2);
      const all = own.client.scatter(new Float64Array(50_000).fill(1), { broadcast: true });
      const one = own.client.scatter(new Float64Array(50_000).fill(1), { broadcast: 1 });
      const [first] = Object.keys(await own.client.hasWhat());
      const there = own.client.scatter(new Float64Array(50_000).fill(1), { workers: [first as string] });
      await own.client.schedulerInfo();
      equal(holdersOf(own.cluster, all).length, 2);
      equal(holdersOf(own.cluster, one).length, 1);
      equal(holdersOf(own.cluster, there), [first]);
      const victim = own.client.submit(() => {
        getTask().progress(0);
        return new Promise(() => {});
      });
      await begun(victim);
      victim.cancel({ force: true });
      await rejects(victim.result(), "CancelledError");
      for (const [, each] of await own.client.gather(own.client.map(nameAndSum, Array(8).fill(all))))
        equal(each, 50_000);
    },
  },
  {
    name: "options of scatter() that make no sense are refused before anything is moved",
    run({ client }) {
      const array = new Float64Array(10);
      throws(() => client.scatter(array, { broadcast: 0 }), "RangeError", /broadcast must be a whole number/);
      throws(() => client.scatter(array, { brodcast: true } as object), "TypeError", /no option "brodcast"/);
      throws(() => client.with({ key: "k" }).scatter(array, { hash: true }), "TypeError", /key of its own or/);
      const cyclic: unknown[] = [];
      cyclic.push(cyclic);
      throws(() => client.scatter(cyclic, { hash: true }), "TypeError", /holds itself/);
    },
  },
  {
    name: "equal values scattered by their content are one, for all clients",
    async run() {
      await using own = start();
      const other = new Client(own.cluster);
      const make = () => ({ list: [1, -0, Number.NaN], when: new Date(5), bytes: new Uint8Array(20_000).fill(7) });
      const mine = own.client.scatter(make(), { hash: true });
      const again = own.client.scatter(make(), { hash: true });
      const theirs = other.scatter(make(), { hash: true });
      const different = own.client.scatter({ ...make(), list: [1, 0, Number.NaN] }, { hash: true });
      equal([again.key, theirs.key], [mine.key, mine.key]);
      ok(different.key !== mine.key, "another value has another key");
      await own.client.schedulerInfo();
      await other.schedulerInfo();
      equal(knownTasks(own.cluster), 2);
      mine.release();
      again.release();
      equal((await theirs.result()).bytes[19_999], 7);
      equal(await other.submit((x: { bytes: Uint8Array }) => x.bytes.length, theirs).result(), 20_000);
      await other.close();
      different.release();
      await nextTurn();
      equal(knownTasks(own.cluster), 0);
    },
  },
  {
    name: "equal values scattered, used and released in a loop are right every time",
    async run() {
      await using own = start();
      const make = () => new Float64Array(20_000).fill(3);
      for (let i = 0; i < 25; i++) {
        const future = own.client.scatter(make(), { hash: true });
        const dependent = own.client.submit(sum, future);
        future.release();
        equal(await dependent.result(), 60_000, `iteration ${i}`);
      }
      // Without waiting in between, small and large.
      const rounds = Array.from({ length: 25 }, (_, i) => {
        using future = own.client.scatter(i % 2 === 0 ? make() : Float64Array.of(1, 2), { hash: true });
        return own.client.submit(sum, future);
      });
      equal(
        await own.client.gather(rounds),
        rounds.map((_, i) => (i % 2 === 0 ? 60_000 : 3)),
      );
      for (const each of rounds) each.release();
      await nextTurn();
      equal(knownTasks(own.cluster), 0);
    },
  },
];
