/** Which words of hosts are let pass. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isHostWord } from "../../src/protocol/host-messages.ts";

const hello = { type: "hello", name: "Ada", listens: true, reaches: ["ws"] };

describe("a host's first word", () => {
  it("may tell a little of itself", () => {
    assert.ok(isHostWord(hello));
    assert.ok(isHostWord({ ...hello, about: {} }));
    assert.ok(isHostWord({ ...hello, about: { colour: "teal", cores: 4, mobile: true, note: "" } }));
  });

  it("tells nothing but texts, numbers and yes or no, and not many", () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`field ${i}`, i]));
    assert.ok(isHostWord({ ...hello, about: many(16) }));
    const wrong = [null, 1, "text", [], [1], { a: {} }, { a: null }, { a: Number.NaN }, { "": 1 }, many(17)];
    for (const about of [...wrong, { a: "x".repeat(501) }, { ["x".repeat(501)]: 1 }]) {
      assert.ok(!isHostWord({ ...hello, about }), JSON.stringify(about));
    }
  });
});
