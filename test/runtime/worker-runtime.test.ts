/** What a worker in its thread does when the world is not as it was told. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { getClient } from "../../src/client/get-client.ts";
import { ThreadClients } from "../../src/client/thread-clients.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { MemoryGauge } from "../../src/ports/memory-gauge.ts";
import type { StartTaskClients } from "../../src/ports/task-clients.ts";
import type { PeerMessage } from "../../src/protocol/peer-messages.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { WorkerRuntime } from "../../src/runtime/worker-runtime.ts";
import { describeFunction } from "../../src/shipping/function-source.ts";

describe("a worker", () => {
  it("says at once that an input is missing whose holder it has no link to", () => {
    const [scheduler, worker] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
    const heard: WorkerMessage[] = [];
    scheduler.listen((messages) => heard.push(...messages));
    const setup = { address: "w1", name: "w1", nThreads: 1 };
    new WorkerRuntime(setup, worker, new SystemClock(), {}, (id, line) => new ThreadClients(id, line));
    scheduler.send([
      { type: "register-functions", functions: [[0, describeFunction((x: number) => x)]] },
      { type: "compute-task", client: "c1", rows: [7, 1, 0, 0, 1, 1, 3], whoHas: [3, 80_000, 1, 0], peers: ["w2"] },
    ]);
    assert.deepEqual(heard, [{ type: "missing-data", id: 7, run: 1, missing: 3, holders: ["w2"] }]);
  });

  it("tells what its thread has in use, about once a second", () => {
    const [scheduler, worker] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
    const told: (number | undefined)[] = [];
    scheduler.listen((messages) => {
      for (const message of messages) if (message.type === "memory-used") told.push(message.threadBytes);
    });
    let nowMs = 5;
    const clock: Clock = { now: () => nowMs, after: () => () => {}, nextTurn: () => {}, keepAlive: () => () => {} };
    const gauge: MemoryGauge = { used: () => 1000 + nowMs, usedAfterCleaning: () => 0 };
    const setup = { address: "w1", name: "w1", nThreads: 1 };
    new WorkerRuntime(setup, worker, clock, {}, (id, line) => new ThreadClients(id, line), { gauge });
    const work = (id: number) => {
      scheduler.send([{ type: "compute-task", client: "c1", rows: [id, 1, id, 0, 1, 0, 3] }]);
    };
    scheduler.send([{ type: "register-functions", functions: [[0, describeFunction((x: number) => x)]] }]);
    work(7);
    nowMs = 900;
    work(8);
    assert.deepEqual(told, [1005]);
    nowMs = 1100;
    work(9);
    assert.deepEqual(told, [1005, 2100]);
  });

  it("tells of the end of a long task together with the beginning of one that came meanwhile, and in the next turn if none did", () => {
    const [scheduler, worker] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
    const told: string[] = [];
    scheduler.listen((messages) => {
      const types = messages.map(({ type }) => type).filter((type) => type !== "memory-used");
      if (types.length > 0) told.push(types.join(" "));
    });
    let nowMs = 5;
    const turns: (() => void)[] = [];
    const nextTurn = (run: () => void) => void turns.push(run);
    const clock: Clock = { now: () => nowMs, after: () => () => {}, nextTurn, keepAlive: () => () => {} };
    const tick = (ms: number) => {
      nowMs += ms;
    };
    const setup = { address: "w1", name: "w1", nThreads: 1 };
    new WorkerRuntime(setup, worker, clock, { tick }, (id, line) => new ThreadClients(id, line));
    const order = (id: number, ms: number) =>
      ({ type: "compute-task", client: "c1", rows: [id, 1, id, 0, 1, 0, ms] }) as const;
    scheduler.send([{ type: "register-functions", functions: [[0, describeFunction((ms: number) => tick(ms))]] }]);
    scheduler.send([order(1, 3)]);
    assert.deepEqual(told.splice(0), ["task-started"]);
    scheduler.send([order(2, 3)]);
    assert.deepEqual(told.splice(0), ["task-finished task-started"]);
    for (const run of turns.splice(0)) run();
    assert.deepEqual(told.splice(0), ["task-finished"]);
    // Beyond its slice it listens in between.
    scheduler.send([order(3, 8), order(4, 3)]);
    assert.deepEqual(told.splice(0), ["task-started"]);
    for (const run of turns.splice(0)) run();
    assert.deepEqual(told.splice(0), ["task-finished task-started"]);
    scheduler.send([{ type: "errand", number: 1, errand: { type: "trace", pace: undefined } }]);
    assert.equal(told[0], "task-finished", "before anything else is begun that may take long");
  });

  it("answers a peer that asks for what a task has scattered once it knows its number", async () => {
    const [scheduler, worker] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
    const [peer, link] = memoryComm<PeerMessage, PeerMessage>();
    const scattered = new Promise<number>((resolve) => {
      scheduler.listen((messages) => {
        for (const message of messages.flatMap((each) => (each.type === "client-messages" ? each.messages : []))) {
          if (message.type === "scatter") resolve(message.id);
        }
      });
    });
    const answers: (readonly number[])[] = [];
    peer.listen((message) => {
      if (message.type === "data") answers.push(message.ids);
    });
    const setup = { address: "w1", name: "w1", nThreads: 1 };
    const start: StartTaskClients = (id, line) => new ThreadClients(id, line);
    const runtime = new WorkerRuntime(setup, worker, new SystemClock(), { getClient }, start);
    runtime.links.link("w2", link);
    const scatter = () => void getClient().scatter(new Float64Array(2_000));
    scheduler.send([
      { type: "register-functions", functions: [[0, describeFunction(scatter)]] },
      { type: "compute-task", client: "c1", rows: [7, 1, 0, 0, 0, 0] },
    ]);
    const id = await scattered;
    peer.send({ type: "get-data", request: 1, ids: [9] });
    assert.deepEqual(answers, [], "it may be the number of what was scattered");
    scheduler.send([{ type: "adopt-data", scattered: id, id: 9 }]);
    assert.deepEqual(answers, [[9]]);
    peer.send({ type: "get-data", request: 2, ids: [10] });
    assert.deepEqual(answers, [[9], []], "of nothing else there can be news");
  });
});
