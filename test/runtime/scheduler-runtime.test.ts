/** A scheduler whose machine is still being loaded when it is wanted. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { Client } from "../../src/client/client.ts";
import { Session } from "../../src/client/session.ts";
import { CommClosedError } from "../../src/protocol/errors.ts";
import { LocalCluster } from "../../src/runtime/local-cluster.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { ManualClock, StagedSpawner, settled } from "../support/staged-cluster.ts";

function stage() {
  const spawner = new StagedSpawner();
  let arrive: (machine: SchedulerMachine) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const coming = new Promise<SchedulerMachine>((resolve, reject) => {
    arrive = resolve;
    fail = reject;
  });
  const cluster = new LocalCluster(
    {
      spawner,
      clock: new ManualClock(),
      machine: () => coming,
      pair: memoryComm,
      uniqueName: () => "client",
      stores: () => Promise.reject(new Error("there are no stores")),
      elsewhere: () => Promise.reject(new Error("there is nothing elsewhere")),
      durable: () => Promise.reject(new Error("nothing is kept here")),
    },
    { nWorkers: 1 },
  );
  const { id, comm, keepAlive } = cluster.connect();
  const client = new Client({
    session: new Session(id, comm, keepAlive),
    ready: cluster.ready,
    close: () => cluster.close(),
  });
  let isReady = false;
  const look = () => {
    isReady = true;
  };
  cluster.ready.then(look, () => {});
  return { cluster, client, spawner, arrive, fail, isReady: () => isReady };
}

describe("a scheduler that is still being loaded", () => {
  it("hears of what has happened meanwhile, in order", async () => {
    const { cluster, client, spawner, arrive, isReady } = stage();
    const future = client.submit((x: number) => x, 1);
    await settled();
    const [thread] = spawner.threads;
    assert.deepEqual([thread?.tasks.length, isReady()], [0, false]);
    assert.throws(() => cluster.scheduler.machine, /still being loaded/);
    arrive(new SchedulerMachine());
    await cluster.ready;
    await settled();
    assert.equal(thread?.tasks.length, 1);
    thread?.finish();
    assert.equal(await future.result(), 1);
  });

  it("is learnt from before it is there: what waits for more rules waits for the machine, too", async () => {
    const { client, arrive } = stage();
    const asked = client.listDatasets();
    await settled();
    arrive(new SchedulerMachine());
    assert.deepEqual(await asked, []);
  });

  it("ends the cluster if it cannot be loaded, and tells whoever waits", async () => {
    const { cluster, client, spawner, fail } = stage();
    const future = client.submit((x: number) => x, 1);
    const asked = client.listDatasets();
    await settled();
    fail(new TypeError("Failed to fetch"));
    const lost = (error: unknown) =>
      error instanceof CommClosedError && /the scheduler could not be loaded: Failed to fetch/.test(error.message);
    await assert.rejects(future.result(), lost);
    await assert.rejects(asked, lost);
    await assert.rejects(cluster.ready, /the scheduler could not be loaded: Failed to fetch/);
    assert.throws(() => client.submit((x: number) => x, 1), lost);
    assert.deepEqual(spawner.living, []);
  });

  it("may be closed before it is there, and nothing comes of it afterwards", async () => {
    const { client, cluster, arrive } = stage();
    const future = client.submit((x: number) => x, 1);
    await client.close();
    await assert.rejects(future.result(), /the client was closed/);
    arrive(new SchedulerMachine());
    await settled();
    assert.equal(cluster.scheduler.machine.state.clients.size, 0);
  });
});
