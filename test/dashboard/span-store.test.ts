/** Spans in lanes: in order, found by time, and not more of them than there may be. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TaskSpan } from "../../src/client/recording.ts";
import { flameNodes } from "../../src/dashboard/flames.ts";
import { SpanStore } from "../../src/dashboard/span-store.ts";

const span = (beganMs: number, ms: number, worker = "w1"): TaskSpan => ({
  worker,
  kind: "compute",
  name: `at ${beganMs}`,
  key: undefined,
  beganMs,
  ms,
  tasks: 1,
  nbytes: 0,
  status: "ok",
});

describe("a store of spans", () => {
  it("keeps a lane in order though spans come out of order, and finds what is seen at a time", () => {
    const store = new SpanStore();
    for (let i = 0; i < 200; i++) store.add(span((i * 7) % 200, 0.5));
    const lane = store.laneOf("w1");
    assert.deepEqual(
      lane.spans.map(({ beganMs }) => beganMs),
      Array.from({ length: 200 }, (_, i) => i),
    );
    assert.deepEqual(
      [...lane.from.subarray(0, 200)],
      Array.from({ length: 200 }, (_, i) => i),
    );
    assert.deepEqual([...lane.to.subarray(0, 3)], [0.5, 1.5, 2.5]);
    assert.equal(lane.at(50.2, 0)?.beganMs, 50);
    assert.equal(lane.at(50.7, 0), undefined);
    assert.equal(lane.at(50.7, 0.25)?.beganMs, 50);
  });

  it("tells which part of a time a worker was busy, whatever reaches beyond it", () => {
    const store = new SpanStore();
    for (const [beganMs, ms] of [
      [0, 15],
      [20, 5],
      [28, 100],
    ] as const)
      store.add(span(beganMs, ms));
    store.add({ ...span(12, 6), kind: "transfer" });
    const isComputing = ({ kind }: TaskSpan) => kind === "compute";
    const lane = store.laneOf("w1");
    assert.equal(lane.busyBetween(10, 30, isComputing), (5 + 5 + 2) / 20);
    assert.equal(lane.busyBetween(200, 300, isComputing), 0);
  });

  it("finds a long span that began long before what is looked at", () => {
    const store = new SpanStore();
    store.add(span(0, 100));
    for (let i = 1; i < 50; i++) store.add(span(i, 0.1));
    assert.equal(store.laneOf("w1").at(75, 0)?.beganMs, 0);
  });

  it("lets go of the oldest when there are too many", () => {
    const store = new SpanStore(100);
    for (let i = 0; i < 1000; i++) store.add(span(i, 1, `w${i % 3}`));
    assert.ok(store.count <= 120, `${store.count} are kept`);
    const kept = [...store.lanes.values()].flatMap(({ spans }) => spans.map(({ beganMs }) => beganMs));
    assert.equal(kept.length, store.count);
    assert.deepEqual(
      kept.sort((a, b) => a - b),
      Array.from({ length: kept.length }, (_, i) => 1000 - kept.length + i),
    );
  });
});

describe("a flame graph", () => {
  it("puts equal stacks of all workers together, without what runs tasks beneath them", () => {
    const frame = (functionName: string, url = "") => ({
      functionName,
      scriptId: "0",
      url,
      lineNumber: 0,
      columnNumber: 0,
    });
    const profile = {
      nodes: [
        { id: 1, callFrame: frame("(root)"), children: [2, 5] },
        { id: 2, callFrame: frame("run", "file:///dist/node-worker.cjs"), children: [3] },
        { id: 3, callFrame: frame("work"), children: [4] },
        { id: 4, callFrame: frame("inner") },
        { id: 5, callFrame: frame("(idle)") },
      ],
      startTime: 0,
      endTime: 50_000,
      samples: [2, 3, 4, 4, 5],
      timeDeltas: [0, 10_000, 10_000, 10_000, 10_000],
    };
    const nodes = flameNodes([
      { worker: "w1", profile },
      { worker: "w2", profile },
    ]);
    const plain = (list: typeof nodes): unknown[] =>
      list.map(({ name, start, duration, children = [] }) => [name, start, duration, plain(children)]);
    assert.deepEqual(plain(nodes), [
      ["work", 0, 60, [["inner", 0, 40, []]]],
      ["(manyhands and the platform)", 60, 20, []],
    ]);
  });
});
