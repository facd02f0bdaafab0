/** Durable clusters that return: damaged journals, disks that fail for a while, clients that come back, and what is let go of. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { Client } from "../../src/client/client.ts";
import { Queue } from "../../src/client/coordination/queue.ts";
import { Session } from "../../src/client/session.ts";
import type { ClientMessage, News } from "../../src/protocol/client-messages.ts";
import { type DurableStage, openDurable } from "../support/durable-cluster.ts";
import { FaultyJournals } from "../support/faulty-journal.ts";
import { Random } from "../support/random.ts";

const double = (x: number) => 2 * x;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The next cluster after one that crashed. */
async function crash(stage: DurableStage, stores: FaultyJournals, name: string, options = {}): Promise<DurableStage> {
  stores.crash(name);
  await stage.cluster.close();
  const next = openDurable(stores, name, options);
  await next.cluster.ready;
  return next;
}

/** A client under a name of its own, as one that comes from elsewhere has. */
function clientCalled(id: string, { cluster }: DurableStage): Client {
  const [near, far] = memoryComm<readonly ClientMessage[], News>();
  cluster.scheduler.addClient(id, far);
  return new Client({ session: new Session(id, near, () => () => {}), ready: cluster.ready, close: async () => {} });
}

describe("a journal", () => {
  it("that was cut off, or in which a bit has turned, tells what there was at some moment", {
    timeout: 60_000,
  }, async () => {
    const stores = new FaultyJournals();
    const before = openDurable(stores, "whole");
    const queue = new Queue<number>("queue", { client: before.client });
    for (let i = 0; i < 8; i++) {
      await queue.put(i);
      if (i % 3 === 2) await before.client.publishDataset(`set ${i}`, before.client.submit(double, i));
      await before.cluster.saved();
    }
    const { journal } = stores.contents("whole");
    const begin = 12;
    const random = new Random(1);
    const damages = [
      ...Array.from({ length: Math.floor(journal.length / 9) }, (_, i) => journal.slice(0, 9 * i)),
      ...Array.from({ length: 60 }, () => {
        const turned = journal.slice();
        const at = begin + Math.floor(random.next() * (journal.length - begin));
        turned[at] = (turned[at] as number) ^ (1 << Math.floor(random.next() * 8));
        return turned;
      }),
    ];
    for (const bytes of damages) {
      const damaged = new FaultyJournals();
      damaged.contents("damaged").journal = bytes;
      const { cluster, client } = openDurable(damaged, "damaged", { nWorkers: 0 });
      const size = await new Queue<number>("queue", { client }).size();
      const sets = await client.listDatasets();
      const possible = [2, 5].filter((i) => i < size).length;
      assert.ok(sets.length === possible || sets.length === possible - 1, `${size} items and ${sets.length} datasets`);
      await cluster.close();
    }
    await before.cluster.close();
  });

  it("is empty again when everything is let go of", async () => {
    const stores = new FaultyJournals();
    const stage = openDurable(stores, "empty");
    const futures = stage.client.map(double, [1, 2, 3]);
    const large = stage.client.submit(() => new Float64Array(50_000));
    await stage.client.gather([...futures, large]);
    await stage.cluster.saved();
    assert.equal(stores.contents("empty").values.size, 1);
    for (const each of [...futures, large]) each.release();
    await stage.cluster.saved();
    const next = await crash(stage, stores, "empty");
    assert.equal(next.cluster.scheduler.machine.state.tasks.size, 0);
    assert.ok(stores.contents("empty").journal.length < 100);
    assert.equal(stores.contents("empty").values.size, 0);
    await next.cluster.close();
  });

  it("goes on when what could not be written for a while can be again", async () => {
    const stores = new FaultyJournals();
    const stage = openDurable(stores, "full");
    await stage.cluster.ready;
    stores.budget = 0;
    const named = stage.client.with({ key: "named" }).submit(double, 4);
    assert.equal(await named.result(), 8);
    await assert.rejects(stage.cluster.saved(), /the power is gone/);
    assert.match(stage.warnings.join(), /what changes is not kept in memory \(full\) for now/);
    stores.budget = Number.POSITIVE_INFINITY;
    await stage.cluster.saved();
    const next = await crash(stage, stores, "full", { nWorkers: 0 });
    assert.equal(await next.client.future("named").result(), 8);
    await next.cluster.close();
  });

  it("does without what cannot be written down, and says so", async () => {
    const stores = new FaultyJournals();
    const stage = openDurable(stores, "odd", { nWorkers: 0 });
    // Held, for what is not held is not kept.
    const futures = [
      stage.client.with({ key: "odd" }).submit((x: Blob) => x.size, new Blob(["odd"])),
      stage.client.with({ key: "even" }).submit(double, 2),
    ];
    await stage.cluster.saved();
    assert.match(stage.warnings.join(), /is not kept: .*cannot travel/);
    const next = await crash(stage, stores, "odd");
    assert.equal(futures.length, 2);
    assert.equal(await next.client.future("even").result(), 4);
    assert.equal(((await next.client.future("odd").exception()) as Error).name, "CancelledError");
    await next.cluster.close();
  });
});

describe("what was wanted by those who are gone", () => {
  it("is theirs again when they come back, and is not done again", async () => {
    const stores = new FaultyJournals();
    const stage = openDurable(stores, "back");
    const before = clientCalled("somebody", stage);
    const ran: number[] = [];
    Object.assign(globalThis, { ranForSomebody: (i: number) => ran.push(i) });
    const noted = (i: number, input = 0) => {
      (globalThis as unknown as { ranForSomebody: (i: number) => void }).ranForSomebody(i);
      return 10 * i + input;
    };
    const submitTo = (client: Client) => {
      const [one, two] = client.map(noted, [1, 2]);
      return [one, two, client.submit(noted, 3, one as never)];
    };
    const first = submitTo(before);
    assert.deepEqual(await before.gather(first), [10, 20, 40]);
    await stage.cluster.saved();
    const next = await crash(stage, stores, "back");
    const again = submitTo(clientCalled("somebody", next));
    assert.deepEqual(await Promise.all(again.map((future) => future?.result())), [10, 20, 40]);
    assert.deepEqual(ran.sort(), [1, 2, 3]);
    assert.equal(first.length, 3);
    await next.cluster.close();
  });

  it("stays until somebody has claimed it and let go, or a week has passed", async () => {
    const stores = new FaultyJournals();
    let stage = openDurable(stores, "week");
    const futures = stage.client.with({ key: "kept" }).map(double, [1, 2]);
    await stage.client.gather(futures);
    await stage.cluster.saved();
    stage = await crash(stage, stores, "week", { now: () => 1_000_000 + DAY_MS });
    stage = await crash(stage, stores, "week", { now: () => 1_000_000 + 2 * DAY_MS });
    const claimed = stage.client.future<number>("kept-0");
    assert.equal(await claimed.result(), 2);
    claimed.release();
    await stage.cluster.saved();
    stage = await crash(stage, stores, "week", { now: () => 1_000_000 + 7 * DAY_MS });
    assert.equal(((await stage.client.future("kept-0").exception()) as Error).name, "CancelledError");
    stage = await crash(stage, stores, "week", { now: () => 1_000_000 + 9 * DAY_MS });
    assert.equal(((await stage.client.future("kept-1").exception()) as Error).name, "CancelledError");
    assert.equal(futures.length, 2);
    await stage.cluster.close();
  });
});
