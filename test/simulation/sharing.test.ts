/** How evenly work ends up shared when it was thought to be shorter than it is, measured in simulated time. */
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
import { requestRules } from "../../src/scheduler/requests.ts";
import { weavingRules } from "../../src/scheduler/woven.ts";
import { Random } from "../support/random.ts";
import { SimulatedSpawner } from "./thread.ts";
import { functions } from "./work.ts";
import { World } from "./world.ts";

/** What a world is asked to do: tasks of one function, each with what it takes. */
interface Job {
  readonly nWorkers: number;
  /** What is done first, and makes the scheduler believe what it believes. Milliseconds each. */
  readonly rehearsal: readonly number[];
  readonly durationsMs: readonly number[];
  /** Workers that come when all has been submitted. */
  readonly late?: number;
  readonly seed?: number;
  /** Whether tasks spend their time waiting rather than computing. */
  readonly isWaiting?: boolean;
}

/** When each of the job's tasks was finished, counted from its submission, in the order in which they were. Milliseconds. */
async function perform(job: Job, looks: boolean) {
  const { nWorkers, late = 0, rehearsal, durationsMs, seed = 1, isWaiting = false } = job;
  const world = new World(seed, false);
  /** Which worker ran each task. */
  const ranOn = new Map<number, string>();
  const spawner = new SimulatedSpawner(
    world,
    (stage) => ({
      perform: (node, ms) => {
        if (!isWaiting) stage.spend(ms);
        ranOn.set(node, (stage as unknown as { address: string }).address);
        return node;
      },
      make: () => 0,
      delegate: () => Promise.resolve([]),
      handOut: () => [],
      underLock: () => Promise.resolve(),
      throughQueue: () => Promise.resolve(),
      last: (ms) => new Promise((resolve) => stage.wakeAfter(ms / 5, resolve)),
    }),
    0.1,
  );
  const clock: Clock = {
    now: () => world.nowMs,
    after: (ms, wake) => {
      if (looks) world.at(world.nowMs + ms, wake);
      return () => {};
    },
    nextTurn: (run) => world.at(world.nowMs, run),
    keepAlive: () => () => {},
  };
  const fail = (error: unknown) => assert.fail(String(error));
  const host = new Host(spawner, clock, { name: "host", nThreadsPerWorker: 1, resourcesOf: () => ({}) }, fail);
  const scheduler = new SchedulerRuntime(
    new SchedulerMachine(weavingRules),
    host,
    clock,
    { noWorkersTimeoutMs: 1000 },
    fail,
  );
  scheduler.machine.learn(requestRules);
  host.start(scheduler, nWorkers);
  const [here, there] = memoryComm<readonly ClientMessage[], News>();
  const session = new Session("c1", here, () => () => {});
  scheduler.addClient("c1", there);
  const settle = async () => {
    do await new Promise(setImmediate);
    while (world.step());
  };
  const submit = (ms: number, i: number): Future =>
    session.submit(isWaiting ? functions.lasting : functions.quick, [i, ms], { task: {}, key: undefined });
  await settle();
  const rehearsed = rehearsal.map((ms) => submit(ms, -1));
  await settle();
  assert.ok(rehearsed.every((future) => future.done()));
  const beganMs = world.nowMs;
  const finishedMs: number[] = [];
  const results = durationsMs.map(async (ms, i) => {
    await submit(ms, i).result();
    finishedMs.push(world.nowMs - beganMs);
  });
  await new Promise(setImmediate);
  host.spawn(late);
  await settle();
  await Promise.all(results);
  ranOn.delete(-1);
  const shares = new Map<string, number>();
  for (const address of ranOn.values()) shares.set(address, (shares.get(address) ?? 0) + 1);
  return { finishedMs, shares: [...shares.values()] };
}

const last = (times: readonly number[]) => Math.max(...times);

describe("fifty tasks that were thought to be a thousand times shorter, and are all on one worker when another comes", () => {
  for (const isWaiting of [false, true]) {
    it(`end up shared, ${isWaiting ? "waiting" : "computing"}`, async () => {
      const job = { isWaiting, nWorkers: 1, late: 1, rehearsal: repeat(20, 0.02), durationsMs: repeat(50, 20) };
      const { finishedMs, shares } = await perform(job, true);
      assert.ok(shares.length === 2 && shares.every((share) => share > 10), `${shares}`);
      assert.ok(last(finishedMs) < 620, `${last(finishedMs)} ms, where 500 would be best`);
      const apart = await perform(job, false);
      assert.ok(last(apart.finishedMs) > 950, "without that they would not be");
    });
  }

  it("end up shared among many", async () => {
    const job = { nWorkers: 1, late: 4, rehearsal: repeat(20, 0.02), durationsMs: repeat(50, 20) };
    const { finishedMs, shares } = await perform(job, true);
    assert.equal(shares.length, 5);
    assert.ok(last(finishedMs) < 330, `${last(finishedMs)} ms, where 200 would be best`);
  });
});

describe("what was sent behind a task that turns out to be long", () => {
  const durationsMs = [500, ...repeat(99, 0.05)];

  it("does not wait for it if that only waits itself", async () => {
    const job = { isWaiting: true, nWorkers: 2, rehearsal: repeat(20, 0.05), durationsMs };
    const { finishedMs } = await perform(job, true);
    assert.ok((finishedMs.at(-2) as number) < 100, `${finishedMs.at(-2)} ms`);
  });

  it("waits if that computes, for then its worker is deaf; but what was not sent does not", async () => {
    const job = { nWorkers: 2, rehearsal: [], durationsMs };
    const { finishedMs } = await perform(job, true);
    assert.ok((finishedMs.at(-2) as number) < 100, `${finishedMs.at(-2)} ms: nothing is sent behind what is not known`);
  });
});

describe("tasks of which a few are a thousand times longer than the others", () => {
  it("are not done later because work is taken back", async () => {
    let [withLooks, without] = [0, 0];
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      const durationsMs = Array.from({ length: 1000 }, () => (random.chance(0.01) ? 50 : 0.05));
      const job = { isWaiting: seed % 2 === 0, nWorkers: 4, rehearsal: repeat(20, 0.05), durationsMs, seed };
      withLooks += last((await perform(job, true)).finishedMs);
      without += last((await perform(job, false)).finishedMs);
    }
    assert.ok(withLooks < without * 1.02, `${withLooks} ms with, ${without} ms without`);
  });
});

function repeat(count: number, ms: number): readonly number[] {
  return Array.from({ length: count }, () => ms);
}
