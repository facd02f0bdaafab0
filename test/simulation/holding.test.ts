/** How much is held at once while many large values are made and added up, measured in simulated time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import type { Future } from "../../src/client/future.ts";
import { Session } from "../../src/client/session.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { ClientMessage, News } from "../../src/protocol/client-messages.ts";
import { Host } from "../../src/runtime/host.ts";
import { SchedulerRuntime } from "../../src/runtime/scheduler-runtime.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { weavingRules } from "../../src/scheduler/woven.ts";
import { SimulatedSpawner } from "./thread.ts";
import { functions } from "./work.ts";
import { World } from "./world.ts";

/** Large enough to be held back. Of memory that nobody writes to there is none. Bytes. */
const LARGE = 5_000_000;

interface Job {
  readonly nWorkers: number;
  readonly leaves: number;
  readonly saturation?: number;
  /** Milliseconds. */
  readonly each: number;
  readonly nbytes?: number;
}

/** Makes so many values and adds them up in a tree; the most that were held at once, and how long it took in simulated milliseconds. */
async function reduce({ nWorkers, leaves, saturation, each, nbytes = LARGE }: Job) {
  const world = new World(1, false);
  const performance = (stage: { spend(ms: number): void }) => ({
    perform: (_node: number, ms: number) => {
      stage.spend(ms);
      return new Uint8Array(nbytes);
    },
    make: () => 0,
    delegate: () => Promise.resolve([]),
    handOut: () => [],
    underLock: () => Promise.resolve(),
    throughQueue: () => Promise.resolve(),
    last: () => Promise.resolve(),
  });
  const spawner = new SimulatedSpawner(world, performance, 0.1);
  const clock: Clock = {
    now: () => world.nowMs,
    after: () => () => {},
    nextTurn: (run) => world.at(world.nowMs, run),
    keepAlive: () => () => {},
  };
  const fail = (error: unknown) => assert.fail(String(error));
  const host = new Host(spawner, clock, { name: "host", nThreadsPerWorker: 1, resourcesOf: () => ({}) }, fail);
  const machine = new SchedulerMachine(weavingRules);
  const scheduler = new SchedulerRuntime(machine, host, clock, { noWorkersTimeoutMs: 1000 }, fail);
  if (saturation !== undefined) machine.state.saturation = saturation;
  host.start(scheduler, nWorkers);
  const [here, there] = memoryComm<readonly ClientMessage[], News>();
  const session = new Session("c1", here, () => () => {});
  scheduler.addClient("c1", there);
  let most = 0;
  const settle = async () => {
    do {
      await new Promise(setImmediate);
      const held = spawner.threads.reduce((sum, thread) => sum + (thread.machineState?.values.size ?? 0), 0);
      most = Math.max(most, held);
    } while (world.step());
  };
  await settle();
  const submit = (args: readonly unknown[]): Future =>
    session.submit(functions.quick, [0, each, ...args], { task: {}, key: undefined });
  // What it takes, and how large what it makes is, is known after the first.
  submit([]).release();
  await settle();
  const beganMs = world.nowMs;
  let level = Array.from({ length: leaves }, () => submit([]));
  while (level.length > 1) {
    const next: Future[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(submit([level[i], level[i + 1]]));
    for (const future of level) future.release();
    level = next;
  }
  await settle();
  assert.equal(level[0]?.status, "finished");
  return { most, ms: world.nowMs - beganMs };
}

describe("many large values that are added up in a tree", () => {
  const job = { nWorkers: 2, leaves: 256, each: 0.5 };

  it("are made as they are used up: a few for each worker, and as many as the tree is high, are held at once", async () => {
    const held = await reduce(job);
    assert.ok(held.most <= 6 * job.nWorkers + Math.log2(job.leaves), `${held.most} values`);
    const all = await reduce({ ...job, saturation: Number.POSITIVE_INFINITY });
    assert.ok(all.most > 2.5 * held.most, `${all.most} values without that, ${held.most} with it`);
    assert.ok(held.ms < 1.25 * all.ms, `${held.ms} ms, and ${all.ms} without that`);
  });

  it("stay as few however many are made", async () => {
    const few = await reduce(job);
    const many = await reduce({ ...job, leaves: 1024 });
    assert.ok(many.most <= few.most + 4, `${few.most} of 256, ${many.most} of 1024`);
  });

  it("are not held back if they are small", async () => {
    const small = { ...job, each: 0.05, nbytes: 10_000 };
    const [held, all] = [await reduce(small), await reduce({ ...small, saturation: Number.POSITIVE_INFINITY })];
    assert.ok(held.ms <= 1.02 * all.ms, `${held.ms} ms, and ${all.ms} without the rule`);
  });
});
