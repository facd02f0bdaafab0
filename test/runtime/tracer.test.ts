/** What a worker tells of what it does: spans, and short tasks together. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SPAN_FIELDS, type Trace, type TracePace } from "../../src/protocol/tracing.ts";
import type { Running } from "../../src/runtime/running-task.ts";
import { WorkerTrace } from "../../src/runtime/worker-trace.ts";

/** A clock that stands where it is put. */
function stage(pace: TracePace = { perSecond: Number.POSITIVE_INFINITY, everyMs: 100 }) {
  const traces: Trace[] = [];
  let nowMs = 0;
  const clock = { now: () => nowMs, after: () => () => {}, nextTurn: () => {}, keepAlive: () => () => {} };
  const trace = new WorkerTrace(
    clock,
    (fn) => `f${fn}`,
    pace,
    (told) => traces.push(told),
  );
  const run = (number: number, from: number, to: number, failed = false, fn = 1) => {
    nowMs = to;
    trace.ran({ key: `k${number}`, task: { fn }, waitedMs: 0 } as unknown as Running, from, to, failed);
  };
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
  /** When each began, after the first. */
  const begins = () => {
    const all = traces.flatMap(({ rows }) => [...rows.filter((_, i) => i % SPAN_FIELDS === 2)]);
    return all.map((ms) => Math.round(ms - (all[0] ?? 0)));
  };
  const wait = (untilMs: number) => {
    nowMs = untilMs;
  };
  return { trace, run, told, begins, wait };
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

  it("counts each with its function, whatever comes between them", () => {
    const { trace, run, told } = stage();
    let at = 0;
    const next = (number: number, fn: number) => {
      run(number, at, at + 0.05, false, fn);
      at += 0.05;
    };
    for (let i = 0; i < 10; i++) next(i, 1);
    for (let i = 0; i < 5; i++) next(i, 2);
    trace.making("f3")();
    for (let i = 0; i < 3; i++) next(i, 2);
    trace.ranMany(1, 7, at, at + 0.1);
    at += 0.1;
    next(0, 1);
    assert.deepEqual(
      told().map(({ name, tasks }) => [name, tasks]),
      [
        ["f1", 10],
        ["f2", 5],
        ["f3", 0],
        ["f2", 3],
        ["f1", 8],
      ],
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

  it("tells no more than it is asked to, and everything all the same", () => {
    const { run, told } = stage({ perSecond: 500, everyMs: 100 });
    // Two functions in turns, half a millisecond each: for ten seconds, one of 30 ms now and then.
    let atMs = 0;
    let long = 0;
    let count = 0;
    for (; atMs < 10_000; count++) {
      const ms = count % 400 === 399 ? 30 : 0.5;
      run(count, atMs, atMs + ms, false, ms === 30 ? 3 : 1 + (count % 2));
      if (ms === 30) long += 1;
      atMs += ms;
    }
    const spans = told();
    const sum = (column: "tasks" | "ms", name?: string) =>
      spans.reduce((all, span) => all + (name === undefined || span.name === name ? (span[column] ?? 0) : 0), 0);
    assert.ok(spans.length < 5000, `${spans.length} spans of ${count} tasks`);
    assert.equal(sum("tasks"), count);
    assert.ok(Math.abs(sum("ms") - atMs) < 10, `${sum("ms")} ms of ${atMs}`);
    assert.ok(Math.abs(sum("ms", "f1") - sum("ms", "f2")) < 50, "as much of the one as of the other");
    // Those that are worth being told alone still are, once it is known which.
    assert.ok(spans.filter(({ name, key }) => name === "f3" && key !== undefined).length > long * 0.6);
    // When there is room again, all are.
    run(-1, atMs + 1000, atMs + 1001);
    for (let i = 0; i < 100; i++) run(i, atMs + 2000 + i * 1000, atMs + 2001 + i * 1000);
    assert.equal(told().at(-1)?.key, "k99");
  });

  it("tells what was done in turns one after the other, in the time that it took", () => {
    const { trace, told, begins, wait } = stage({ perSecond: 0, everyMs: 100 });
    const run = (fn: number, from: number, to: number) => trace.ranMany(fn as never, 10, from, to);
    run(1, 0, 10);
    run(2, 10, 15);
    run(1, 15, 30);
    run(2, 30, 35);
    wait(40);
    assert.deepEqual(
      told().map(({ name, ms, tasks }) => [name, ms, tasks]),
      [
        ["f1", 25, 20],
        ["f2", 10, 20],
      ],
    );
    assert.deepEqual(begins(), [0, 25]);
  });
});
