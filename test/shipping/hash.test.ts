/** Equal contents have equal hashes, and similar ones different hashes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hash } from "../../src/shipping/hash.ts";

describe("hash()", () => {
  it("is short, the same each time, and different for thousands of similar texts", () => {
    assert.equal(hash("abc"), hash("abc"));
    assert.match(hash(""), /^[0-9a-z]{14}$/);
    const hashes = new Set(Array.from({ length: 50_000 }, (_, i) => hash(`task ${i}`)));
    assert.equal(hashes.size, 50_000);
  });

  it("spreads each half over all of its bits", () => {
    const half = (i: number, side: 0 | 7) => hash(`${i}`).slice(side, side + 7);
    for (const side of [0, 7] as const) {
      const values = new Set(Array.from({ length: 20_000 }, (_, i) => half(i, side)));
      assert.ok(values.size >= 19_998, `${values.size} of 20000 differ`);
    }
  });

  it("sees differences in high bits only", () => {
    const words = (...values: number[]) => hash(new Uint32Array(values));
    assert.notEqual(words(0, 0), words(0x80000000, 0x80000000));
    assert.notEqual(words(1, 0, 0), words(1, 0x80000000, 0x80000000));
    assert.notEqual(words(0), words(0, 0));
  });
});
