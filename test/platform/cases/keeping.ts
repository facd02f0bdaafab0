/** How long values are kept, and who may ask for them: releasing, sharing, taking over. */
import { Client, type Future, getTask, wait } from "manyhands";
import { type Case, knownTasks, nextTurn, start } from "./case.ts";
import { equal, rejects, throws } from "./check.ts";

const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);

export const keeping: readonly Case[] = [
  {
    name: "a released future lets the cluster forget its value",
    async run() {
      await using own = start();
      const futures = Array.from({ length: 10 }, () => own.client.submit(() => new Float64Array(50_000)));
      await wait(futures);
      const scattered = own.client.scatter(new Float64Array(50_000));
      const sums = own.client.map(sum, [...futures, scattered]);
      await own.client.gather(sums);
      for (const future of [...futures, scattered, ...sums]) future.release();
      for (const future of futures) future.release();
      await nextTurn();
      equal(knownTasks(own.cluster), 0);
    },
  },
  {
    name: "an input that was released is kept until the task that needs it has run",
    async run() {
      await using own = start();
      const input = own.client.submit(() => new Float64Array(100_000).fill(1));
      const middle = own.client.submit((x: Float64Array) => x.map((each) => each * 2), input);
      const end = own.client.submit(sum, middle);
      input.release();
      middle.release();
      equal(await end.result(), 200_000);
      await nextTurn();
      equal(knownTasks(own.cluster), 0);
    },
  },
  {
    name: "using releases at the end of the scope",
    async run() {
      await using own = start();
      {
        using scoped = own.client.submit(() => new Float64Array(50_000));
        await wait([scoped]);
        equal(knownTasks(own.cluster), 1);
      }
      await nextTurn();
      equal(knownTasks(own.cluster), 0);
    },
  },
  {
    name: "asking for what was released ends with an error rather than never",
    async run() {
      await using own = start();
      const stored = own.client.submit(() => new Float64Array(50_000));
      await wait([stored]);
      stored.release();
      await rejects(stored.result(), "CancelledError", /released/);
      await rejects(own.client.gather([stored]), "CancelledError", /released/);
      const pending = own.client.submit(() => getTask().key);
      pending.release();
      await rejects(pending.result(), "CancelledError", /released/);
      const asked = own.client.submit(() => new Float64Array(50_000));
      await wait([asked]);
      const value = asked.result();
      asked.release();
      await rejects(value, "CancelledError", /released/);
      const here = own.client.submit(() => 5);
      await here.result();
      here.release();
      equal(await here.result(), 5, "what has come stays readable");
    },
  },
  {
    name: "clients of one cluster share what they name alike",
    async run({ cluster }) {
      const [one, two] = [new Client(cluster), new Client(cluster)];
      const key = `shared-${Math.random()}`;
      const first = one.with({ key }).submit(() => ({ by: "one", list: [1] }));
      const second = two.with({ key }).submit(() => ({ by: "two", list: [2] }));
      const [a, b] = [await first.result(), await second.result()];
      equal([a.by, b.by], ["one", "one"]);
      a.list.push(5);
      equal(b.list, [1], "each has a copy of its own");
      const third = two.future<{ by: string }>(key);
      equal((await third.result()).by, "one");
      await one.close();
      equal(await two.submit((x: { by: string }) => x.by, third).result(), "one", "after the other client has left");
      await two.close();
    },
  },
  {
    name: "a client can take over another's large result, even one that was moved there",
    async run({ cluster }) {
      const [one, two] = [new Client(cluster), new Client(cluster)];
      const make = () => new Float64Array(100_000).fill(3);
      for (const isFetched of [false, true]) {
        const mine: Future<Float64Array> = one.submit(make);
        if (isFetched) await mine.result();
        else await wait([mine]);
        const theirs = two.future<Float64Array>(mine.key);
        equal((await theirs.result())[99_999], 3);
        equal(await two.submit(sum, theirs).result(), 300_000);
        equal((await mine.result())[0], 3);
        equal(await one.submit(sum, mine).result(), 300_000);
      }
      await one.close();
      await two.close();
    },
  },
  {
    name: "another client's future is refused as an argument",
    async run({ cluster }) {
      const [one, two] = [new Client(cluster), new Client(cluster)];
      const mine = one.submit(() => 1);
      throws(() => two.submit((x: number) => x, mine), "TypeError", /another client/);
      throws(() => two.cancel(mine), "TypeError", /another client/);
      equal(await two.submit(() => "usable").result(), "usable");
      await one.close();
      await two.close();
    },
  },
  {
    name: "each client's claims are its own, and so are those of each of its futures",
    async run() {
      await using own = start();
      const [one, two] = [own.client, new Client(own.cluster)];
      const mine = one.submit(() => new Float64Array(50_000).fill(1));
      await wait([mine]);
      const again = one.future<Float64Array>(mine.key);
      const theirs = two.future<Float64Array>(mine.key);
      const dropped = two.future<Float64Array>(mine.key);
      await wait([again, theirs, dropped]);
      mine.release();
      dropped.release();
      dropped.release();
      equal(await one.submit(sum, again).result(), 50_000);
      again.cancel();
      equal(await two.submit(sum, theirs).result(), 50_000, "cancelling gives up a claim where others have theirs");
      const late = two.future<Float64Array>(mine.key);
      equal(await two.submit(sum, late).result(), 50_000, "its own client has let go of it");
      await two.close();
      await nextTurn();
      equal(knownTasks(own.cluster), 0);
    },
  },
  {
    name: "a small result that was delivered is its client's alone, unless it was named",
    async run({ cluster }) {
      const [one, two] = [new Client(cluster), new Client(cluster)];
      const unnamed = one.submit(() => 5);
      const key = `named-${Math.random()}`;
      const named = one.with({ key }).submit(() => 6);
      equal(await one.gather([unnamed, named]), [5, 6]);
      await one.schedulerInfo();
      await rejects(two.future(unnamed.key).result(), "CancelledError", /that client's alone, unless it named.*with\(/);
      equal(await two.future(key).result(), 6);
      await one.publishDataset(key, unnamed);
      equal(await two.future(unnamed.key).result(), 5, "once it is in the cluster again it can be claimed");
      await one.unpublishDataset(key);
      await one.close();
      await two.close();
    },
  },
  {
    name: "a claim on what nobody knows ends as cancelled",
    async run({ client }) {
      await rejects(client.future("no such task").result(), "CancelledError", /no task/);
    },
  },
];
