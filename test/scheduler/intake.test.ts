/** While plenty is queued, further submissions wait as they came, and nobody can tell but by what they weigh. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import { ENOUGH_QUEUED } from "../../src/scheduler/intake.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { assertForgotten, validateScheduler } from "../support/validate.ts";

const PER_MESSAGE = 1000;
const MESSAGES = 6;

/** A scheduler that was sent many more tasks than it has workers for. */
function flooded(): { machine: SchedulerMachine; hear: (message: ClientMessage) => void } {
  const machine = new SchedulerMachine();
  const hear = (message: ClientMessage) => {
    machine.handle({ type: "client-message", client: "c1", message });
    validateScheduler(machine.state);
  };
  machine.handle({ type: "add-client", client: "c1" });
  for (let i = 0; i < MESSAGES; i++) {
    const first = i * PER_MESSAGE;
    const rows = Array.from({ length: PER_MESSAGE }, (_, k) => first + k);
    const functions = i === 0 ? ([[0, { name: "f", hash: "f" }]] as const) : [];
    hear({
      type: "update-graph",
      first,
      count: PER_MESSAGE,
      rows,
      uniform: { fn: 0, slots: 1 },
      functions,
      options: {},
    });
  }
  return { machine, hear };
}

/** Adds a worker that runs all it is sent; returns the results that the client hears of, by its numbers. */
function runAll(machine: SchedulerMachine): Map<number, unknown> {
  const results = new Map<number, unknown>();
  machine.handle({ type: "add-worker", worker: "w1", name: "w1", nThreads: 1 });
  for (let instructions = machine.take(); instructions.length > 0; instructions = machine.take()) {
    for (const instruction of instructions) {
      if (instruction.type !== "send-to-client") continue;
      for (const message of instruction.messages) {
        if (message.type !== "keys-in-memory") continue;
        for (const [i, id] of message.ids.entries()) results.set(id, message.values[i]);
      }
      const news: ClientMessage = { type: "news-received", batch: instruction.batch };
      machine.handle({ type: "client-message", client: "c1", message: news });
    }
    const inHand = [...machine.state.tasks.values()].filter((task) => task.processingOn !== undefined);
    if (inHand.length === 0) continue;
    const ranges = inHand.flatMap((task) => [task.id, task.runId, 1]);
    const values = inHand.map((task) => task.clientTask * 2);
    const message = { type: "task-finished", ranges, values, spent: [0, inHand.length, inHand.length] } as const;
    machine.handle({ type: "worker-message", worker: "w1", message });
    validateScheduler(machine.state);
  }
  return results;
}

describe("submissions beyond what is soon to run", () => {
  it("are not made records of", () => {
    const { machine } = flooded();
    assert.ok(machine.state.tasks.size < ENOUGH_QUEUED + 2 * PER_MESSAGE);
    assert.ok(machine.state.tasks.size >= ENOUGH_QUEUED);
  });

  it("run all the same, and leave nothing", () => {
    const { machine } = flooded();
    const results = runAll(machine);
    const all = Array.from({ length: MESSAGES * PER_MESSAGE }, (_, id) => [id, id * 2] as const);
    assert.deepEqual(results, new Map(all));
    assertForgotten(machine.state);
  });

  it("can be cancelled and released before they were looked at", () => {
    const { machine, hear } = flooded();
    const last = MESSAGES * PER_MESSAGE - 1;
    hear({ type: "cancel-keys", ids: [last], force: false, reason: "enough" });
    hear({ type: "client-releases-keys", ids: [last - 1] });
    const results = runAll(machine);
    assert.equal(results.size, MESSAGES * PER_MESSAGE - 2);
    assert.ok(!results.has(last) && !results.has(last - 1));
    assertForgotten(machine.state);
  });

  it("are given up when their client leaves", () => {
    const { machine } = flooded();
    machine.handle({ type: "remove-client", client: "c1" });
    assertForgotten(machine.state);
    assert.deepEqual(runAll(machine), new Map());
  });
});
