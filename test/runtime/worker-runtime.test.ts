/** What a worker in its thread does when the world is not as it was told. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { ThreadClients } from "../../src/client/thread-clients.ts";
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
});
