/** Batches of one task, and of its result, as rows. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lengthenOrders, lengthenReports, shortenOrders, shortenReports } from "../../src/protocol/short-batches.ts";
import type { ComputeBlocks, TaskFinished } from "../../src/protocol/worker-messages.ts";

const order: ComputeBlocks = {
  type: "compute-blocks",
  client: "c",
  blocks: [3, 2, 0, 17, 1, 9, 1],
  args: [{ deep: [1] }, "two"],
};
const report: TaskFinished = { type: "task-finished", ranges: [17, 1, 1], values: [[undefined, 2]], spent: [3, 1, 40] };

describe("a batch of one block, or of what became of it", () => {
  it("travels as a row of plain values, and is the same afterwards", () => {
    assert.deepEqual(shortenOrders([order]), [3, 2, 0, 17, 1, 9, 1, "c", { deep: [1] }, "two"]);
    assert.deepEqual(lengthenOrders(shortenOrders([order])), [order]);
    const without = { ...order, args: [] };
    assert.deepEqual(lengthenOrders(shortenOrders([without])), [without]);
    assert.deepEqual(shortenReports([report]), [17, 1, 1, 3, 1, 40, [undefined, 2]]);
    assert.deepEqual(lengthenReports(shortenReports([report])), [report]);
    const several = { ...report, ranges: [17, 1, 3], values: [1, "2", null], spent: [3, 3, 40] };
    assert.deepEqual(lengthenReports(shortenReports([several])), [several]);
  });
});

describe("any other batch", () => {
  it("of orders travels as it is", () => {
    const others = [
      [],
      [order, order],
      [{ ...order, refs: [0, 5] }],
      [{ ...order, blocks: [...order.blocks, ...order.blocks] }],
      [{ ...order, args: new Array(1000).fill(0) }],
      [{ type: "free-keys", ids: [1] }],
    ] as const;
    for (const batch of others) {
      assert.equal(shortenOrders(batch as never), batch);
      assert.equal(lengthenOrders(batch), batch);
    }
  });

  it("of reports travels as it is", () => {
    const others = [
      [],
      [report, report],
      [{ ...report, ranges: [], values: [], spent: [3, 1, 40, 4, 1, 50] }],
      [{ ...report, ranges: [17, 1, 1, 20, 1, 1], values: [1, 2], spent: [] }],
      [{ ...report, values: new Array(1000).fill(0) }],
      [{ type: "task-dropped", runs: [1, 1] }],
    ] as const;
    for (const batch of others) {
      assert.equal(shortenReports(batch as never), batch);
      assert.equal(lengthenReports(batch), batch);
    }
  });
});
