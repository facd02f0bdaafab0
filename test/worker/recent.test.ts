/** Results that went out lately, which tasks that were sent ahead may still ask for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keepRecent, NOT_FOUND, recentValue } from "../../src/worker/ahead.ts";
import { WorkerState } from "../../src/worker/state.ts";

describe("results that went out lately", () => {
  it("are found whether they went out one by one, many together or numbered anyhow", () => {
    const state = new WorkerState(1, structuredClone);
    for (let id = 1; id <= 50; id++) keepRecent(state, [id, 1, 1], [id * 10]);
    keepRecent(
      state,
      [100, 1, 40],
      Array.from({ length: 40 }, (_, i) => i),
    );
    keepRecent(state, [200, 1, 1, 300, 2, 2], ["a", "b", { c: 3 }]);
    keepRecent(state, [302, 2, 1], ["d"]);
    keepRecent(state, [7, 2, 1], ["again"]);
    assert.deepEqual(
      [1, 33, 50, 100, 139, 200, 300, 301, 302].map((id) => recentValue(state, id)),
      [10, 330, 500, 0, 39, "a", "b", { c: 3 }, "d"],
    );
    assert.equal(recentValue(state, 7), "again");
    for (const id of [0, 51, 140, 201, 303]) assert.equal(recentValue(state, id), NOT_FOUND);
  });

  it("stay what they are in what was sent", () => {
    const state = new WorkerState(1, structuredClone);
    const sent = { ranges: [1, 1, 1], values: ["first"] };
    keepRecent(state, sent.ranges, sent.values);
    keepRecent(state, [2, 1, 1], ["second"]);
    assert.deepEqual(sent, { ranges: [1, 1, 1], values: ["first"] });
  });

  it("are few things to look after, and only the last of them are kept", () => {
    const state = new WorkerState(1, structuredClone);
    for (let id = 1; id <= 10_000; id++) keepRecent(state, [id, 1, 1], [id]);
    assert.ok(state.recent.length < 20, `${state.recent.length} columns`);
    const kept = state.recent.reduce((sum, { values }) => sum + values.length, 0);
    assert.ok(kept <= 4096 && kept > 3500, `${kept} values`);
    assert.equal(recentValue(state, 1000), NOT_FOUND);
    assert.equal(recentValue(state, 7000), 7000);
  });
});
