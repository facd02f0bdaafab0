/** Actors on threads of one place, called from another: by clients at the scheduler and elsewhere, wherever the actors live. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, join, LocalCluster } from "manyhands";

class Counter {
  count: number;
  constructor(from: number) {
    this.count = from;
  }
  add(by: number): number {
    this.count += by;
    return this.count;
  }
  *upTo(end: number): Generator<number> {
    for (let i = 0; i < end; i++) yield i;
  }
  size(array: Float64Array): number {
    return array.length;
  }
  twice(array: Float64Array): Float64Array {
    return array.map((each) => 2 * each);
  }
  fail(): never {
    throw new RangeError("no more");
  }
}

/** A scheduler with a thread of its own and one that a host lends it, and a client at either end of the wire. */
async function everywhere() {
  const cluster = new LocalCluster({ nWorkers: 1, name: "own" });
  const { address, tokens } = await cluster.listen("ws://127.0.0.1:0");
  const host = await join(address, { token: tokens.worker, name: "lent", nWorkers: 1 });
  const [near, far] = [new Client(cluster), new Client(address, { token: tokens.client })];
  await near.waitForWorkers(2);
  return {
    host,
    clients: { near, far },
    async [Symbol.asyncDispose]() {
      await near.close();
      await far.close();
      await host.close();
      await cluster.close();
    },
  };
}

describe("actors elsewhere", { timeout: 60_000 }, () => {
  for (const caller of ["near", "far"] as const) {
    for (const worker of ["own-0", "lent-0"]) {
      it(`are called in order by a ${caller} client, on ${worker}`, async () => {
        await using t = await everywhere();
        const client = t.clients[caller];
        const counter = await client
          .with({ workers: [worker] })
          .actor(Counter, 10)
          .result();
        const calls = Array.from({ length: 200 }, (_, i) => counter.add(i % 3));
        const seen = await Promise.all(calls);
        assert.deepEqual(
          seen,
          [...seen].sort((a, b) => a - b),
        );
        assert.equal(await counter.count, seen.at(-1));
        const large = new Float64Array(300_000).fill(1);
        assert.equal(await counter.size(large), 300_000);
        assert.equal((await counter.twice(large))[299_999], 2);
        const items: number[] = [];
        for await (const item of counter.upTo(50)) items.push(item);
        assert.deepEqual(items.slice(-2), [48, 49]);
        await assert.rejects(counter.fail(), { name: "RangeError", message: "no more" });
        // Of what a call is of, tasks on the other worker make something, and call it themselves.
        const other = worker === "own-0" ? "lent-0" : "own-0";
        const there = client.with({ workers: [other] });
        assert.equal(await there.submit((x: number) => x + 1, counter.add(0)).result(), (seen.at(-1) as number) + 1);
        const before = await counter.count;
        assert.equal(await there.submit(async (handle: typeof counter) => handle.add(1), counter).result(), before + 1);
      });
    }

    it(`are lost to a ${caller} client when their host is, and it is told so`, async () => {
      await using t = await everywhere();
      const client = t.clients[caller];
      const counter = await client
        .with({ workers: ["lent-0"] })
        .actor(Counter, 0)
        .result();
      assert.equal(await counter.add(1), 1);
      const pending = counter.add(1);
      await t.host.close();
      await pending.catch(() => {}); // It may have been answered before.
      await assert.rejects(counter.add(1), { name: "ActorLostError" });
    });
  }

  it("end when the client elsewhere that called them leaves, and its handle was the last", async () => {
    await using t = await everywhere();
    const { near, far } = t.clients;
    const counter = await far
      .with({ workers: ["own-0"] })
      .actor(Counter, 0)
      .result();
    await counter.add(1);
    const count = async () => {
      const { workers } = await near.schedulerInfo();
      return Object.values(workers).reduce((sum, { actors }) => sum + actors, 0);
    };
    assert.equal(await count(), 1);
    await far.close();
    while ((await count()) > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await near.submit(() => 5).result(), 5);
  });
});
