/** The functions that the picture is made with, which are the same in every engine: whether they are right. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as exact from "../../demo/render/exact.mjs";

/** Numbers from `from` to `to`, with both. */
const range = (from: number, to: number) => Array.from({ length: 2001 }, (_, i) => from + ((to - from) * i) / 2000);

/** The largest error of `own` in units of the result, or of 1 where that is smaller. */
function error(own: (x: number) => number, right: (x: number) => number, xs: readonly number[]): number {
  return Math.max(...xs.map((x) => Math.abs(own(x) - right(x)) / Math.max(1, Math.abs(right(x)))));
}

describe("functions that come out alike everywhere", () => {
  it("are those of Math, but for the last digits", () => {
    const turns = range(-4 * Math.PI, 4 * Math.PI);
    assert.ok(error(exact.sin, Math.sin, turns) < 1e-14);
    assert.ok(error(exact.cos, Math.cos, turns) < 1e-14);
    assert.ok(error(exact.tan, Math.tan, range(-1.5, 1.5)) < 1e-13);
    assert.ok(error(exact.exp, Math.exp, range(-50, 50)) < 1e-13);
    assert.ok(error(exact.log, Math.log, range(1e-9, 10)) < 1e-13);
    assert.ok(error(exact.asin, Math.asin, range(-1, 1)) < 1e-13);
    assert.ok(error(exact.acos, Math.acos, range(-1, 1)) < 1e-13);
    assert.ok(
      error(
        (x) => exact.power(x, 1 / 2.4),
        (x) => x ** (1 / 2.4),
        range(0.003, 1),
      ) < 1e-13,
    );
  });

  it("end where numbers do", () => {
    assert.equal(exact.exp(-1000), 0);
    assert.equal(exact.exp(1000), Number.POSITIVE_INFINITY);
    assert.equal(exact.exp(0), 1);
    assert.equal(exact.sin(0), 0);
    assert.equal(exact.acos(1), 0);
  });
});
