/** Tasks of one function that refer to one another: kept together, sent ahead in portions, and told apart when need be. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientMessage, SchedulerToClientMessage } from "../../src/protocol/client-messages.ts";
import type { ComputeBlocks, SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { weavingRules } from "../../src/scheduler/woven.ts";
import { assertForgotten, validateScheduler } from "../support/validate.ts";

/** One function that is known to take a moment, a client, and workers that answer when they are told to. */
class Stage {
  readonly machine = new SchedulerMachine(weavingRules);
  readonly toWorker: [worker: string, message: SchedulerToWorkerMessage][] = [];
  readonly toClient: SchedulerToClientMessage[] = [];

  constructor(workers: readonly string[]) {
    this.machine.handle({ type: "add-client", client: "c" });
    for (const worker of workers) this.machine.handle({ type: "add-worker", worker, name: worker, nThreads: 1 });
    this.submit(0, 0, [0], [[0, { name: "f", hash: "f" }]]);
    this.finish(workers.at(0) as string, 1, 1, [0]);
    this.toWorker.length = 0;
  }

  submit(first: number, shape: number, rows: unknown[], functions: readonly (readonly [number, object])[] = []): void {
    const slots = Math.max(1, shape.toString(2).length);
    const uniform = { fn: 0, slots, shape };
    const count = rows.length / slots;
    this.hear({ type: "update-graph", first, count, rows, uniform, functions, options: {} } as never);
  }

  hear(message: ClientMessage): void {
    this.machine.handle({ type: "client-message", client: "c", message });
    this.take();
  }

  say(worker: string, message: WorkerMessage): void {
    this.machine.handle({ type: "worker-message", worker, message });
    this.take();
  }

  finish(worker: string, first: number, run: number, values: readonly unknown[]): void {
    const { length } = values;
    this.say(worker, { type: "task-finished", ranges: [first, run, length], values, spent: [0, length, 5 * length] });
  }

  take(): void {
    for (const instruction of this.machine.take()) {
      if (instruction.type === "send-to-worker") {
        for (const message of instruction.messages) this.toWorker.push([instruction.worker, message]);
      } else if (instruction.type === "send-to-client") {
        this.toClient.push(...instruction.messages);
        const news = { type: "news-received", batch: instruction.batch } as const;
        this.machine.handle({ type: "client-message", client: "c", message: news });
      }
    }
    validateScheduler(this.machine.state);
  }

  blocks(): [string, ComputeBlocks][] {
    const blocks = this.toWorker.filter((sent): sent is [string, ComputeBlocks] => sent[1].type === "compute-blocks");
    this.toWorker.length = 0;
    return blocks;
  }
}

describe("woven tasks", () => {
  it("go to the worker that makes what they need, before it is made", () => {
    const stage = new Stage(["w1", "w2"]);
    stage.submit(1, 0, [7]);
    stage.submit(2, 0b1, [1, 2, 3]);
    const sent = stage.blocks();
    assert.deepEqual(new Set(sent.map(([worker]) => worker)).size, 1);
    const woven = sent.map(([, { refs }]) => refs).filter((refs) => refs !== undefined);
    assert.deepEqual(woven, [[2, 3, 4]], "each refers to the one before, by the scheduler's numbers");
    assert.equal(stage.machine.state.tasks.size, 0, "and none has a record");
    stage.finish(sent[0]?.[0] as string, 2, 1, [7]);
    stage.finish(sent[0]?.[0] as string, 3, 1, [8, 9, 10]);
    const values = stage.toClient.flatMap((message) => (message.type === "keys-in-memory" ? message.values : []));
    assert.deepEqual(values, [0, 7, 8, 9, 10]);
    assertForgotten(stage.machine.state);
  });

  it("are passed over where what they need is being made in two places, and take along what has been made", () => {
    const stage = new Stage(["w1", "w2"]);
    // So much of it that both workers get some.
    stage.submit(
      1,
      0,
      Array.from({ length: 400 }, (_, i) => i),
    );
    const parts = stage.blocks().flatMap(([worker, { blocks }]) => [{ worker, first: blocks[3], count: blocks[6] }]);
    const other = parts.find(({ worker }) => worker !== parts[0]?.worker);
    assert.ok(parts[0] !== undefined && other !== undefined, "both have some");
    const [here, there] = [Number(parts[0].first) - 1, Number(other.first) - 1];
    stage.submit(1000, 0b11, [here, there]);
    assert.deepEqual(stage.blocks(), []);
    stage.finish(parts[0].worker, Number(parts[0].first), 1, new Array(parts[0].count).fill(5));
    const [last] = stage.blocks().filter(([, { refs }]) => refs !== undefined);
    assert.equal(last?.[0], other.worker, "one of both is known, and so it goes to where the other is made");
    assert.deepEqual(
      [last?.[1].refs, last?.[1].args],
      [
        [0, other.first],
        [5, undefined],
      ],
    );
  });

  it("run elsewhere with what is known when their worker dies", () => {
    const stage = new Stage(["w1", "w2"]);
    stage.submit(1, 0, [7]);
    stage.submit(2, 0b1, [1, 2]);
    const [[worker] = ["?"]] = stage.blocks();
    stage.finish(worker, 2, 1, [7]);
    stage.machine.handle({ type: "remove-worker", worker, reason: "it died", expected: true });
    stage.take();
    const rows = stage.toWorker.flatMap(([, message]) => (message.type === "compute-task" ? message.rows : []));
    assert.deepEqual(rows.slice(0, 2), [3, 2], "the first that was not over, for the second time");
    assert.equal(rows[6], 7, "with the value of the one before");
  });
});
