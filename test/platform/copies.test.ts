/** Copies of values on two hosts that are really two: made where one alone would not do, let go of where nobody needs them, kept where somebody asked. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, type Future, getClient, join, LocalCluster } from "manyhands";

/** Large enough not to ride along with the news of it. */
const large = (x: number) => new Float64Array(10_000).fill(x);
const last = (values: Float64Array) => values.at(-1);

/** Two hosts of one worker each. */
async function twoHosts() {
  const cluster = new LocalCluster({ nWorkers: 0 });
  const { invitation } = await cluster.listen("ws://127.0.0.1:0");
  const hosts = await Promise.all(["one", "two"].map((name) => join(invitation, { name, nWorkers: 1 })));
  const client = new Client(cluster);
  await client.waitForWorkers(2);
  /** How many hosts have each of them. */
  const copies = async (...futures: readonly Future[]) => {
    const who = await client.whoHas(futures);
    return futures.map(({ key }) => who[key]?.length ?? 0);
  };
  return {
    client,
    hosts,
    copies,
    on: (name: "one" | "two") => client.with({ workers: [`${name}-0`] }),
    /** Workers say what they hold while they work: works until there are so many copies. */
    async until(wanted: readonly number[], ...futures: readonly Future[]) {
      for (let i = 0; `${await copies(...futures)}` !== `${wanted}`; i++) {
        await client.gather(
          client.map((x: number) => new Promise((resolve) => setTimeout(resolve, 10, x)), [i, i + 1]),
        );
      }
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      for (const host of hosts) await host.close();
      await cluster.close();
    },
  };
}

describe("copies on two hosts", { timeout: 60_000 }, () => {
  it("what a task scatters goes to both, and is still there when one of them goes", async () => {
    await using t = await twoHosts();
    const scattering = t
      .on("one")
      .submit(async (x: number) => [getClient().scatter(new Float64Array(10_000).fill(x))], 7);
    const [scattered] = (await scattering.result()) as unknown as [Future<Float64Array>];
    await t.until([2], scattered);
    await t.hosts[0]?.close();
    assert.equal((await scattered.result()).at(-1), 7);
  });

  it("those that tasks have left behind are let go of, those of replicate() are not", async () => {
    await using t = await twoHosts();
    const [plain, pinned] = [t.on("one").submit(large, 1), t.on("one").submit(large, 2)];
    assert.deepEqual(await t.client.gather([plain, pinned].map((future) => t.on("two").submit(last, future))), [1, 2]);
    await t.client.replicate(pinned, { n: 2 });
    assert.equal((await t.copies(pinned))[0], 2);
    await t.until([1, 2], plain, pinned);
    await t.client.replicate(pinned, { n: 1 });
    assert.deepEqual(await t.copies(plain, pinned), [1, 1]);
    assert.equal(last(await pinned.result()), 2);
  });
});
