/** A worker that changes schedulers: what it says of itself, and what it says no more. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WorkerInstruction } from "../../src/worker/contract.ts";
import { WorkerMachine } from "../../src/worker/machine.ts";
import type { LocalTask } from "../../src/worker/state.ts";

const result = (value: unknown, nbytes: number) => ({
  value,
  nbytes,
  valueType: "Array",
  load: { buffers: [], movable: true },
});

/** One with task 7 (the client's number 3) made, and task 8 running. */
function atWork() {
  const machine = new WorkerMachine(2);
  machine.handle({ type: "compute-task", client: "c", rows: [7, 1, 3, 5, 0, 0, 8, 1, 4, 5, 0, 0, 9, 1, 5, 5, 0, 0] });
  const [made, running] = [machine.next(), machine.next()] as [LocalTask, LocalTask];
  machine.succeed(made, result("large", 100_000), 10);
  machine.handle({ type: "put-data", id: 20, value: "scattered", nbytes: 9 });
  machine.take();
  return { machine, running };
}

const hashOf = (fn: number) => (fn === 5 ? "hash of f" : undefined);

function messagesOf(instructions: readonly WorkerInstruction[]) {
  return instructions.flatMap((each) => (each.type === "send" ? each.messages : []));
}

describe("a worker that changes schedulers", () => {
  it("calls off what runs, forgets what was to run, and says which results it has made", () => {
    const { machine, running } = atWork();
    machine.beginAnew(4, hashOf);
    assert.deepEqual(machine.take(), [
      { type: "abort", task: running, reason: "its scheduler is gone", error: undefined },
      {
        type: "send",
        messages: [
          {
            type: "worker-holds",
            number: 4,
            values: [{ client: "c", clientTask: 3, hash: "hash of f", nbytes: 100_000, valueType: "Array" }],
          },
        ],
        transfer: [],
      },
    ]);
    assert.equal(machine.hasNext, false);
    assert.deepEqual(machine.lookUp([7, 20]).ids, [], "nobody may ask by the old numbers");
  });

  it("keeps silent about the end of what it ran for the other, and has its slot free then", () => {
    const { machine, running } = atWork();
    machine.beginAnew(1, hashOf);
    machine.take();
    machine.secede(running);
    machine.rejoin(running);
    machine.carry(running, [1]);
    machine.progress(running, 0.5, undefined);
    machine.succeed(running, result(1, 8), 10);
    assert.deepEqual(messagesOf(machine.take()), []);
    assert.equal(machine.state.executing.size, 0);
  });

  it("hands on under its new number what is wanted, and drops what is not", () => {
    const { machine } = atWork();
    machine.beginAnew(1, hashOf);
    machine.handle({ type: "adopt-held", client: "c", clientTask: 3, id: 2 });
    assert.deepEqual(machine.lookUp([2]).values, ["large"]);
    machine.beginAnew(2, () => undefined);
    const [holds] = messagesOf(machine.take());
    assert.ok(holds?.type === "worker-holds");
    assert.deepEqual([holds.number, holds.values.length], [2, 1]);
    machine.handle({ type: "adopt-held", client: "c", clientTask: 3, id: undefined });
    assert.equal(machine.state.values.size, 0);
    assert.equal(machine.state.offered.size, 0);
  });
});
