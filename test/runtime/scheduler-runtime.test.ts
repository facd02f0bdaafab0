/** A scheduler whose machine is still being loaded when it is wanted. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { Client } from "../../src/client/client.ts";
import { Session } from "../../src/client/session.ts";
import { CommClosedError } from "../../src/protocol/errors.ts";
import { LocalCluster } from "../../src/runtime/local-cluster.ts";
import { SchedulerRuntime } from "../../src/runtime/scheduler-runtime.ts";
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

describe("a scheduler that is told much at once", () => {
  /** One that takes 5 ms for whatever it hears, looks at the clock after four, and whose turns are the test's. */
  function busy() {
    let nowMs = 0;
    const turns: (() => void)[] = [];
    const clock = {
      now: () => nowMs,
      after: () => () => {},
      nextTurn: (run: () => void) => void turns.push(run),
      keepAlive: () => () => {},
    };
    const heard: number[] = [];
    const machine = new SchedulerMachine();
    const handle = machine.handle.bind(machine);
    machine.handle = (event, ms) => {
      handle(event, ms);
      if (event.type === "workers-starting") heard.push(event.count);
      nowMs += 5;
    };
    const owner = { link() {}, end() {}, lookInto() {} };
    const runtime = new SchedulerRuntime(machine, owner, clock, { noWorkersTimeoutMs: 1_000 }, () => {});
    const tell = (...counts: readonly number[]) => {
      for (const count of counts) runtime.expectWorkers(count);
    };
    return {
      runtime,
      heard,
      tell,
      turns: () => turns.length,
      turn: () => turns.shift()?.(),
      rest: () => {
        nowMs += 50;
      },
    };
  }

  it("leaves what it has no time for to turns of its own, in order", () => {
    const { heard, tell, turn, turns } = busy();
    tell(1, 2, 3, 4, 5, 6, 7, 8);
    assert.deepEqual([heard, turns()], [[1, 2, 3], 1]);
    turn();
    tell(9);
    assert.deepEqual([heard, turns()], [[1, 2, 3, 4, 5, 6, 7], 1]);
    turn();
    assert.deepEqual([heard, turns()], [[1, 2, 3, 4, 5, 6, 7, 8, 9], 0]);
  });

  it("hears at once what comes after a rest", () => {
    const { heard, tell, turns, rest } = busy();
    for (let i = 0; i < 5; i++) {
      tell(i);
      rest();
    }
    assert.deepEqual([heard, turns()], [[0, 1, 2, 3, 4], 0]);
  });

  it("hears the rest before it is closed", () => {
    const { runtime, heard, tell, turn } = busy();
    tell(1, 2, 3, 4, 5, 6, 7, 8);
    runtime.close("over");
    assert.deepEqual(heard, [1, 2, 3, 4, 5, 6, 7, 8]);
    turn();
    assert.equal(heard.length, 8);
  });
});

describe("a scheduler that has given workers much to do", () => {
  it("looks whether they share it evenly for as long as one has too much, though nothing happens meanwhile", async () => {
    let surplus: SchedulerMachine["surplus"] = "some";
    let looks = 0;
    const machine = new SchedulerMachine();
    Object.defineProperty(machine, "surplus", { get: () => surplus });
    Object.defineProperty(machine, "hasLearnt", { value: true });
    const handle = machine.handle.bind(machine);
    machine.handle = (event, ms) => {
      looks += Number(event.type === "look-around");
      handle(event, ms);
    };
    const timers: (() => void)[] = [];
    const clock = {
      now: () => 0,
      after: (_ms: number, wake: () => void) => {
        timers.push(wake);
        return () => {};
      },
      nextTurn: () => {},
      keepAlive: () => () => {},
    };
    const owner = { link() {}, end() {}, lookInto() {} };
    const runtime = new SchedulerRuntime(machine, owner, clock, { noWorkersTimeoutMs: 1_000 }, () => {});
    machine.state.dispatches = 200;
    runtime.expectWorkers(0);
    const next = async (now: typeof surplus) => {
      surplus = now;
      timers.shift()?.();
      await settled();
      return [looks, timers.length];
    };
    assert.equal(timers.length, 1);
    assert.deepEqual(await next("some"), [0, 1], "nobody could take it yet");
    assert.deepEqual(await next("uneven"), [1, 1]);
    assert.deepEqual(await next("some"), [1, 1]);
    assert.deepEqual(await next("none"), [1, 0]);
  });
});
