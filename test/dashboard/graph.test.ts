/** Which tasks are drawn, and what they are said to need. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tiedOf } from "../../src/dashboard/graph.ts";

describe("a drawing of tasks", () => {
  it("leaves out those that depend on nothing and that nothing depends on, and says of the others what they need", () => {
    const task = (key: string, inputs: readonly number[]) => ({ key, name: key, state: "memory", inputs });
    const tied = tiedOf([task("alone", []), task("a", []), task("also alone", []), task("b", [1]), task("c", [1, 3])]);
    assert.deepEqual(
      tied.map(({ key, inputs }) => [key, inputs]),
      [
        ["a", []],
        ["b", [0]],
        ["c", [0, 1]],
      ],
    );
    assert.deepEqual(tiedOf([task("alone", [])]), []);
  });
});
