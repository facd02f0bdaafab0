import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { demandCount } from "../../src/protocol/counts.ts";

describe("a count", () => {
  it("is a whole number from the least one on, or left open", () => {
    assert.deepEqual([demandCount("n", 1), demandCount("n", 0, 0), demandCount("n", undefined)], [1, 0, undefined]);
  });

  it("is refused by name if it is anything else", () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "2", null]) {
      assert.throws(() => demandCount("n", wrong as number), {
        name: "RangeError",
        message: `n must be a whole number of at least 1, not ${wrong}`,
      });
    }
    assert.throws(() => demandCount("n", -1, 0), /at least 0, not -1/);
  });
});
