/** What clients are told that they could do better: once for each cause, and not what does well as it is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SchedulerToClientMessage } from "../../src/protocol/client-messages.ts";
import type { ShippedFunction } from "../../src/protocol/task-spec.ts";
import { demandRules } from "../../src/scheduler/demands.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { nestingRules } from "../../src/scheduler/nesting.ts";
import { requestRules } from "../../src/scheduler/requests.ts";
import { contentHash } from "../../src/shipping/content-hash.ts";

class Stage {
  readonly machine = new SchedulerMachine();
  readonly warnings: string[] = [];
  #nowMs = 1;
  #tasks = 0;
  #functions = 0;

  constructor() {
    const { machine } = this;
    machine.learn(requestRules, nestingRules, demandRules({ noWorkersTimeoutMs: 1e6, hash: contentHash }), 1);
    machine.handle({ type: "add-client", client: "c" }, 1);
  }

  addWorker(): void {
    this.#handle({ type: "add-worker", worker: "w", name: "w", nThreads: 1, resources: {} });
  }

  submit(rows: readonly (readonly unknown[])[], more: object = {}): number {
    const fn = this.#functions++;
    const shipped = { name: "work", hash: `h${fn}`, ...more } as unknown as ShippedFunction;
    const message = {
      type: "update-graph",
      first: this.#tasks,
      count: rows.length,
      rows: rows.flat(),
      uniform: { fn, slots: rows[0]?.length ?? 0, shape: 0 },
      functions: [[fn, shipped]],
      options: {},
    };
    this.#tasks += rows.length;
    this.#handle({ type: "client-message", client: "c", message });
    return this.machine.state.functionsById.size - 1;
  }

  /** So many tasks with a value that is scattered as their input. */
  share(value: unknown, count: number): void {
    const input = this.#tasks++;
    this.#handle({
      type: "client-message",
      client: "c",
      message: { type: "scatter", id: input, value, nbytes: 400_000 },
    });
    const rows = Array.from({ length: count }, (_, i) => [0, 2, 1, input, i]).flat();
    const functions = [[0, { name: "work", hash: "h" }]];
    const message = { type: "update-graph", first: this.#tasks, count, rows, functions, options: {} };
    this.#handle({ type: "client-message", client: "c", message });
  }

  ran(fn: number, count: number, us: number): void {
    const message = { type: "task-finished", ranges: [], values: [], spent: [fn, count, us] };
    this.#handle({ type: "worker-message", worker: "w", message });
  }

  holds(heldBytes: number, isFull: boolean): void {
    const kept = { limit: 100e6, heldBytes, spilledBytes: 0, isFull };
    this.#handle({
      type: "worker-message",
      worker: "w",
      message: { type: "memory-used", threadBytes: undefined, kept },
    });
  }

  ask(request: object): void {
    this.#handle({ type: "client-message", client: "c", message: { type: "request", number: 1, request } });
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    this.#handle({ type: "time-passed" });
  }

  #handle(event: object): void {
    this.machine.handle(event as never, this.#nowMs);
    for (const instruction of this.machine.take()) {
      if (instruction.type !== "send-to-client") continue;
      for (const message of instruction.messages as readonly SchedulerToClientMessage[]) {
        if (message.type === "warning") this.warnings.push(message.text);
      }
    }
  }
}

describe("advice", () => {
  it("is to give tiny tasks batches, once there were very many", () => {
    const stage = new Stage();
    stage.addWorker();
    const tiny = stage.submit([[1]]);
    const longer = stage.submit([[1]]);
    stage.ran(tiny, 49_999, 49_999);
    stage.ran(longer, 100_000, 100_000 * 50);
    stage.pass(1000);
    assert.deepEqual(stage.warnings, []);
    stage.ran(tiny, 1, 1);
    stage.pass(1000);
    stage.pass(1000);
    assert.equal(stage.warnings.length, 1);
    assert.match(stage.warnings[0] ?? "", /^50,000 tasks of "work" took 1\.0 µs each.*batch/);
  });

  it("is to scatter an argument that many tasks are sent alike, but not one that each has of its own", () => {
    const stage = new Stage();
    const table = () => ({ rows: Array.from({ length: 50_000 }, (_, i) => i) });
    stage.submit([1, 2, 3, 4].map((i) => [table(), i]));
    stage.pass(1000);
    stage.pass(1000);
    assert.equal(stage.warnings.length, 1);
    assert.match(stage.warnings[0] ?? "", /the same argument of 0\.4 MB.*scatter\(\)/);
    const sharing = new Stage();
    sharing.share("x".repeat(500_000), 4);
    sharing.pass(1000);
    assert.deepEqual(sharing.warnings, [], "a value that is scattered travels once");
    const other = new Stage();
    other.submit([1, 2, 3, 4].map((i) => [`${i}${"x".repeat(200_000)}`, "short"]));
    other.submit([1, 2, 3, 4].map((i) => [new Float64Array(50_000).fill(i)]));
    other.pass(1000);
    assert.deepEqual(other.warnings, []);
  });

  it("is to make closures once, where they come with megabytes again and again", () => {
    const stage = new Stage();
    for (let i = 0; i < 9; i++) stage.submit([[i]], { source: "x".repeat(200_000) });
    stage.pass(1000);
    assert.deepEqual(stage.warnings, []);
    stage.submit([[9]], { source: "x", bindings: { table: new Float64Array(10_000) } });
    stage.pass(1000);
    assert.match(
      stage.warnings.join(),
      /^10 different functions called "work" came with 1\.9 MB.*make the closure once/,
    );
  });

  it("is to let go of values, or to allow for more, where a worker is near its limit and stays there", () => {
    const stage = new Stage();
    stage.addWorker();
    stage.holds(90e6, true);
    stage.pass(1000);
    stage.holds(50e6, false);
    stage.pass(1000);
    assert.deepEqual(stage.warnings, [], "for a moment, it may be");
    stage.holds(90e6, true);
    for (let i = 0; i < 4; i++) stage.pass(1000);
    assert.equal(stage.warnings.length, 1);
    assert.match(
      stage.warnings[0] ?? "",
      /^w is near its memoryLimit of 100\.0 MB, with values of 90\.0 MB.*release\(\)/,
    );
  });

  it("is to look where a worker is that does not do what it is asked", () => {
    const stage = new Stage();
    stage.addWorker();
    stage.ask({ type: "run", fn: { name: "f", hash: "f" }, args: [] });
    stage.pass(10_000);
    assert.deepEqual(stage.warnings, []);
    stage.pass(2000);
    stage.pass(20_000);
    assert.equal(stage.warnings.length, 1);
    assert.match(stage.warnings[0] ?? "", /^w has not done for 10 s.*callStack\(\)/);
  });
});
