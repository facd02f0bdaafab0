/** How many messages it takes to bring many large results to a client. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { wait } from "../../src/client/as-completed.ts";
import { Client } from "../../src/client/client.ts";
import { Session } from "../../src/client/session.ts";
import { ThreadClients } from "../../src/client/thread-clients.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { ClientMessage, News } from "../../src/protocol/client-messages.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { SchedulerRuntime } from "../../src/runtime/scheduler-runtime.ts";
import { WorkerRuntime } from "../../src/runtime/worker-runtime.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";

/** The same comm, which counts what is sent on it. */
function counting<Out, In>(comm: Comm<Out, In>, count: () => void): Comm<Out, In> {
  return {
    closed: comm.closed,
    close: (reason) => comm.close(reason),
    listen: (hear) => comm.listen(hear),
    send: (message, transfer) => {
      count();
      comm.send(message, transfer);
    },
  };
}

describe("gathering a hundred large results", () => {
  it("takes one message to each worker, and one back", async () => {
    const sent = { toWorkers: 0, fromWorkers: 0 };
    const owner = { link: () => {}, end: () => {}, lookInto: () => {} };
    const fail = (error: unknown) => assert.fail(String(error));
    const scheduler = new SchedulerRuntime(
      new SchedulerMachine(),
      owner,
      new SystemClock(),
      { noWorkersTimeoutMs: 30_000 },
      fail,
    );
    for (const name of ["w1", "w2"]) {
      const [here, there] = memoryComm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>();
      const introduction = { address: name, name, nThreads: 1 };
      new WorkerRuntime(
        introduction,
        counting(there, () => (sent.fromWorkers += 1)),
        new SystemClock(),
        {},
        (id, line) => new ThreadClients(id, line),
      );
      scheduler.addWorker(
        introduction,
        counting(here, () => (sent.toWorkers += 1)),
      );
    }
    const [clientEnd, schedulerEnd] = memoryComm<readonly ClientMessage[], News>();
    scheduler.addClient("c", schedulerEnd);
    const session = new Session("c", clientEnd, () => () => {});
    const client = new Client({ session, ready: Promise.resolve(), close: async () => {} });
    const futures = client.map(
      (i: number) => new Float64Array(10_000).fill(i),
      Array.from({ length: 100 }, (_, i) => i),
    );
    await wait(futures);
    assert.ok(futures.every(({ nbytes }) => nbytes === 80_032 || nbytes === 80_000));
    sent.toWorkers = 0;
    sent.fromWorkers = 0;
    const values = await client.gather(futures);
    assert.deepEqual(
      values.map((value) => value[9_999]),
      futures.map((_, i) => i),
    );
    assert.deepEqual(sent, { toWorkers: 2, fromWorkers: 2 });
  });
});
