/** What volunteers make of what organisers tell them, whatever it is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COLOURS, colourOf, isColour } from "../../demo/volunteer/shared/colour.ts";
import { readStanding, type Standing } from "../../demo/volunteer/shared/standing.ts";

describe("a standing", () => {
  it("is read as it was told", () => {
    const standing: Standing = {
      jobs: [{ title: "The bunny", done: 3, total: 80 }],
      entries: [{ hosts: ["Ada-1"], name: "Ada", colour: "#1f8f86", parts: 2.5 }],
    };
    assert.deepEqual(readStanding(structuredClone(standing)), standing);
  });

  it("is nothing if it is something else", () => {
    for (const value of [undefined, null, 1, "text", [], {}, { jobs: [] }, { jobs: {}, entries: [] }])
      assert.equal(readStanding(value), undefined);
  });

  it("is what can be shown of it, and not more than that", () => {
    const told = {
      jobs: [{ title: 7, done: -1, total: Number.POSITIVE_INFINITY }, null],
      entries: [{ hosts: "Ada", name: "x".repeat(1000), colour: "url(https://example.org)", parts: "many" }],
    };
    assert.deepEqual(readStanding(told), {
      jobs: [
        { title: "", done: 0, total: 0 },
        { title: "", done: 0, total: 0 },
      ],
      entries: [{ hosts: [], name: "x".repeat(100), colour: "gray", parts: 0 }],
    });
    const many = readStanding({ jobs: new Array(100).fill({}), entries: new Array(1000).fill({}) });
    assert.deepEqual([many?.jobs.length, many?.entries.length], [5, 50]);
  });
});

describe("colours", () => {
  it("that are chosen or given are colours, and nothing else is", () => {
    for (const colour of Object.values(COLOURS)) assert.ok(isColour(colour), colour);
    for (let i = 0; i < 50; i++) assert.ok(isColour(colourOf(i)), colourOf(i));
    for (const other of ["red", "#12345", "#1234567", "hsl(1 2% 3%); x", "url(a)", "", 7, undefined])
      assert.ok(!isColour(other), String(other));
  });
});
