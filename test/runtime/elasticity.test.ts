/** How many workers a cluster has: as many as it is told, or as there is work for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settled, stageCluster } from "../support/staged-cluster.ts";

const task = (x: number) => x;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("scale()", () => {
  it("starts workers, and settles when they are there", async () => {
    const { cluster, spawner } = stageCluster({ nWorkers: 1 });
    await settled();
    spawner.areReadyAtOnce = false;
    let isDone = false;
    const scaled = cluster.scale(3).then(() => {
      isDone = true;
    });
    await settled();
    assert.deepEqual([spawner.living.length, isDone], [3, false]);
    for (const thread of spawner.living) thread.becomeReady();
    await scaled;
    assert.equal(cluster.scheduler.machine.state.workers.size, 3);
  });

  it("sends those away that have nothing to do, and replaces none of them", async () => {
    const { cluster, spawner, client } = stageCluster({ nWorkers: 3 });
    await settled();
    client.submit(task, 1);
    await settled();
    const busy = spawner.living.find(({ tasks }) => tasks.length > 0);
    busy?.begin();
    await cluster.scale(1);
    assert.deepEqual(spawner.living, [busy]);
    assert.equal(spawner.threads.length, 3);
  });

  it("waits for what has begun", async () => {
    const { cluster, spawner, client } = stageCluster({ nWorkers: 1 });
    await settled();
    const future = client.submit(task, 1);
    const later = client.submit(task, 2);
    await settled();
    const [thread] = spawner.living;
    thread?.begin();
    const scaled = cluster.scale(0);
    await settled();
    assert.equal(spawner.living.length, 1);
    thread?.finish();
    await scaled;
    assert.deepEqual([spawner.living.length, await future.result(), later.status], [0, 1, "pending"]);
    await cluster.scale(1);
    await settled();
    spawner.living[0]?.finish();
    assert.equal(await later.result(), 1);
  });

  it("called again, the last number counts: those that were to leave stay", async () => {
    const { cluster, spawner, client } = stageCluster({ nWorkers: 2 });
    await settled();
    client.map(task, numbers(2));
    await settled();
    for (const thread of spawner.living) thread.begin();
    const scaled = [cluster.scale(0), cluster.scale(5), cluster.scale(0), cluster.scale(3)];
    await Promise.all(scaled);
    assert.deepEqual([spawner.living.length, spawner.threads.length], [3, 3]);
    const { workers } = await client.schedulerInfo();
    assert.ok(Object.values(workers).every(({ status }) => status === "running"));
  });

  it("does without those first that are not there yet", async () => {
    const { cluster, spawner } = stageCluster({ nWorkers: 1 });
    await settled();
    spawner.areReadyAtOnce = false;
    const up = cluster.scale(4);
    await settled();
    const down = cluster.scale(1);
    await Promise.all([up, down]);
    assert.deepEqual([spawner.living.length, spawner.living[0] === spawner.threads[0]], [1, true]);
  });

  it("does not count on a worker that dies while it is to leave, nor replace it", async () => {
    const { cluster, spawner, client } = stageCluster({ nWorkers: 1 });
    await settled();
    client.submit(task, 1);
    await settled();
    const [thread] = spawner.living;
    thread?.begin();
    const scaled = cluster.scale(0);
    await settled();
    thread?.terminate("a misfortune");
    await scaled;
    assert.equal(spawner.living.length, 0);
  });

  it("rejects when workers cannot be started though others are there", async () => {
    const { cluster, spawner, clock } = stageCluster({ nWorkers: 1 });
    await settled();
    spawner.areReadyAtOnce = false;
    const scaled = assert.rejects(cluster.scale(2), /only 1 of 2 workers could be started/);
    for (let i = 0; i < 3; i++) {
      await settled();
      spawner.living.at(-1)?.terminate("it will not start");
      await settled();
      await clock.pass(1000);
    }
    await scaled;
  });

  it("rejects when the cluster is closed meanwhile, and when it is closed already", async () => {
    const { cluster, spawner } = stageCluster({ nWorkers: 1 });
    await settled();
    spawner.areReadyAtOnce = false;
    const scaled = assert.rejects(cluster.scale(2), { name: "CommClosedError" });
    await settled();
    await cluster.close();
    await scaled;
    await assert.rejects(cluster.scale(2), { name: "CommClosedError" });
  });

  it("takes whole numbers", async () => {
    const { cluster } = stageCluster({ nWorkers: 0 });
    await assert.rejects(cluster.scale(-1), RangeError);
    await assert.rejects(cluster.scale(1.5), RangeError);
  });
});

describe("adapt()", () => {
  it("starts as many workers as the work there is needs to be done in time, and no more than the maximum", async () => {
    const { cluster, spawner, client, clock } = stageCluster({ nWorkers: 0 });
    const adaptive = cluster.adapt({ maximum: 6, targetDurationMs: 1000 });
    await settled();
    assert.equal(spawner.living.length, 0);
    client.map(task, numbers(7)); // Half a second each, as long as nothing is known.
    await clock.pass(1000);
    assert.equal(spawner.living.length, 4);
    client.map(task, numbers(100));
    await clock.pass(1000);
    assert.equal(spawner.living.length, 6);
    adaptive.stop();
  });

  it("starts no more workers than there are tasks", async () => {
    const { cluster, spawner, client, clock } = stageCluster({ nWorkers: 0 });
    using _ = cluster.adapt({ maximum: 6, targetDurationMs: 1 });
    client.map(task, numbers(2));
    await clock.pass(1000);
    assert.equal(spawner.living.length, 2);
  });

  it("sends workers away when several looks one after the other have found too many, down to the minimum", async () => {
    const { cluster, spawner, client, clock } = stageCluster({ nWorkers: 0 });
    using _ = cluster.adapt({ minimum: 1, maximum: 4, targetDurationMs: 500, intervalMs: 100, waitCount: 3 });
    client.map(task, numbers(4));
    await clock.pass(100);
    assert.equal(spawner.living.length, 4);
    for (const thread of spawner.living) thread.finish();
    await clock.pass(200);
    assert.equal(spawner.living.length, 4, "two looks are not enough");
    await clock.pass(100);
    assert.equal(spawner.living.length, 1);
    await clock.pass(1000);
    assert.equal(spawner.living.length, 1);
  });

  it("forgets that there were too many when there is more to do again", async () => {
    const { cluster, spawner, client, clock } = stageCluster({ nWorkers: 2 });
    using _ = cluster.adapt({ minimum: 1, maximum: 2, targetDurationMs: 500, intervalMs: 100, waitCount: 3 });
    await clock.pass(150);
    client.map(task, numbers(2));
    await clock.pass(100);
    for (const thread of spawner.living) thread.finish();
    await clock.pass(200);
    assert.equal(spawner.living.length, 2);
    await clock.pass(100);
    assert.equal(spawner.living.length, 1);
  });

  it("leaves those alone that are in the middle of something long", async () => {
    const { cluster, spawner, client, clock } = stageCluster({ nWorkers: 3 });
    await settled();
    client.map(task, numbers(2));
    await settled();
    const busy = spawner.living.filter(({ tasks }) => tasks.length > 0);
    for (const thread of busy) thread.begin();
    using _ = cluster.adapt({ maximum: 3, intervalMs: 100 });
    await clock.pass(1000);
    assert.deepEqual(spawner.living, busy);
  });

  it("ends with stop(), and with scale()", async () => {
    const { cluster, spawner, client, clock } = stageCluster({ nWorkers: 0 });
    const adaptive = cluster.adapt({ maximum: 4, targetDurationMs: 1 });
    await settled();
    adaptive.stop();
    client.map(task, numbers(4));
    await clock.pass(5000);
    assert.equal(spawner.living.length, 0);
    cluster.adapt({ maximum: 4, targetDurationMs: 1 });
    await settled();
    assert.equal(spawner.living.length, 4);
    for (const thread of spawner.living) thread.finish();
    await cluster.scale(2);
    await clock.pass(5000);
    assert.equal(spawner.living.length, 2);
  });

  it("refuses numbers that make no sense", () => {
    const { cluster } = stageCluster({ nWorkers: 0 });
    assert.throws(() => cluster.adapt({ minimum: -1 }), RangeError);
    assert.throws(() => cluster.adapt({ minimum: 3, maximum: 2 }), RangeError);
    assert.throws(() => cluster.adapt({ maximum: 0 }), RangeError);
    assert.throws(() => cluster.adapt({ intervalMs: 0 }), RangeError);
    assert.throws(() => cluster.adapt({ targetDurationMs: Number.NaN }), RangeError);
    assert.throws(() => cluster.adapt({ waitCount: 0 }), RangeError);
  });
});
