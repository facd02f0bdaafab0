/** What a worker tells of what it does: spans, and short tasks together. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SPAN_FIELDS, type Trace } from "../../src/protocol/tracing.ts";
import type { Running } from "../../src/runtime/running-task.ts";
import { WorkerTrace } from "../../src/runtime/worker-trace.ts";

/** A clock that stands where it is put. */
function stage() {
  const traces: Trace[] = [];
  let nowMs = 0;
  const clock = { now: () => nowMs, after: () => () => {}, nextTurn: () => {}, keepAlive: () => () => {} };
  const trace = new WorkerTrace(
    clock,
    (fn) => `f${fn}`,
    (told) => traces.push(told),
  );
  const run = (number: number, from: number, to: number, failed = false) =>
    trace.ran({ key: `k${number}`, task: { fn: 1 }, waitedMs: 0 } as unknown as Running, from, to, failed);
  const told = () => {
    trace.flush();
    return traces.flatMap(({ texts, rows }) =>
      Array.from({ length: rows.length / SPAN_FIELDS }, (_, i) => {
        const [kind, name = -1, , ms = 0, tasks, , key = -1, failed] = rows.slice(
          i * SPAN_FIELDS,
          (i + 1) * SPAN_FIELDS,
        );
        return { kind, name: texts[name], key: texts[key], ms: Math.round(ms * 100) / 100, tasks, failed };
      }),
    );
  };
  const wait = (untilMs: number) => {
    nowMs = untilMs;
  };
  return { trace, run, told, wait };
}

describe("a worker's trace", () => {
  it("tells short tasks together, though they are run one by one", () => {
    const { run, told } = stage();
    for (let i = 0; i < 5000; i++) run(i, i * 0.1, i * 0.1 + 0.08);
    const spans = told();
    assert.ok(spans.length < 10, `${spans.length} spans`);
    assert.equal(
      spans.reduce((sum, { tasks = 0 }) => sum + tasks, 0),
      5000,
    );
  });

  it("tells those by key that take long, or fail", () => {
    const { run, told } = stage();
    run(1, 0, 0.1);
    run(2, 0.1, 0.15, true);
    run(3, 0.15, 5);
    run(4, 5, 5.1);
    assert.deepEqual(told(), [
      { kind: 0, name: "f1", key: undefined, ms: 0.1, tasks: 1, failed: 0 },
      { kind: 0, name: "f1", key: "k2", ms: 0.05, tasks: 1, failed: 1 },
      { kind: 0, name: "f1", key: "k3", ms: 4.85, tasks: 1, failed: 0 },
      { kind: 0, name: "f1", key: undefined, ms: 0.1, tasks: 1, failed: 0 },
    ]);
  });

  it("does not count the making of a function as its first run", () => {
    const { trace, run, told, wait } = stage();
    const made = trace.making("f1");
    wait(3);
    made();
    run(1, 0, 10);
    assert.deepEqual(told(), [
      { kind: 3, name: "f1", key: undefined, ms: 3, tasks: 0, failed: 0 },
      { kind: 0, name: "f1", key: "k1", ms: 7, tasks: 1, failed: 0 },
    ]);
  });
});
