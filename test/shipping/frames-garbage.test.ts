/** Whatever arrives in place of frames is either a value or a `ProtocolError`, and costs no more than a multiple of its length. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ProtocolError } from "../../src/protocol/errors.ts";
import * as tags from "../../src/shipping/frame-tags.ts";
import { FrameWriter } from "../../src/shipping/frame-writer.ts";
import { decodeFrames, encodeFrames } from "../../src/shipping/frames.ts";
import { Random } from "../support/random.ts";

const shared = { twice: true };
const sample: unknown = [
  { type: "update-graph", first: 1, rows: [1, 2, undefined, "name", "name", -5, 1.5, 70_000, 2 ** 40] },
  [shared, shared, new Map<unknown, unknown>([["key", [1n, -7n]]]), new Set(["日本", "é", ""]), new Date(5), /a(b)/gi],
  [new TypeError("wrong", { cause: shared }), Object(1), null, true, false, Number.NaN],
  [new Uint8Array(8), new Float64Array(100), new DataView(new ArrayBuffer(400), 8), Array(50), [1, 2, 3, 4, 5, 6]],
  Array.from({ length: 40 }, (_, i) => ({ x: i, y: `text ${i}` })),
];
const { header, buffers } = encodeFrames(sample);

/** A value, or what is to be thrown. Anything else is a failure of its own. */
function attempt(bytes: Uint8Array, beside: readonly ArrayBufferLike[]): "value" | "refused" {
  try {
    decodeFrames(bytes, beside);
    return "value";
  } catch (thrown) {
    assert.ok(thrown instanceof ProtocolError, `${thrown} in place of a ProtocolError`);
    return "refused";
  }
}

describe("garbage in place of frames", () => {
  it("is refused wherever it is cut off", () => {
    for (let length = 0; length < header.length; length++)
      assert.equal(attempt(header.subarray(0, length), buffers), "refused", `cut at ${length}`);
    assert.equal(attempt(header, buffers), "value");
  });

  it("is refused if something follows, or buffers are missing", () => {
    assert.equal(attempt(Uint8Array.of(...header, 0), buffers), "refused");
    assert.equal(attempt(header, buffers.slice(1)), "refused");
    assert.equal(attempt(header, []), "refused");
    assert.equal(attempt(header, [...buffers, new ArrayBuffer(8)]), "refused");
  });

  it("does no harm with any of its bits turned", () => {
    const outcomes = { value: 0, refused: 0 };
    for (let bit = 0; bit < header.length * 8; bit++) {
      const bytes = header.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      outcomes[attempt(bytes, buffers)]++;
    }
    assert.ok(outcomes.refused > 100 && outcomes.value > 100, JSON.stringify(outcomes));
  });

  it("does no harm with many bytes changed, moved or made up", () => {
    for (let seed = 0; seed < 8_000; seed++) {
      const random = new Random(seed);
      const bytes = random.chance(0.3)
        ? Uint8Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 256))
        : header.slice(0, random.integer(1, header.length + 1));
      for (let change = random.integer(0, 8); change > 0; change--) {
        const at = random.integer(0, bytes.length + 1);
        if (random.chance(0.5)) bytes[at] = random.integer(0x90, 0xb0);
        else bytes.copyWithin(at, random.integer(0, bytes.length + 1), random.integer(0, bytes.length + 1));
      }
      attempt(bytes, buffers);
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    assert.deepEqual(Object.keys(Object.prototype), []);
    assert.deepEqual(Object.keys(Array.prototype), []);
  });

  it("reserves nothing for what is only said to come", () => {
    const before = process.memoryUsage();
    for (const tag of [tags.ARRAY, tags.ASCII, tags.LATIN1, tags.WIDE, tags.OBJECT, tags.BIGINT]) {
      const writer = new FrameWriter();
      writer.byte(tag);
      writer.count(2 ** 31);
      assert.equal(attempt(writer.take(), []), "refused");
    }
    for (const run of [tags.RUN_OF_INT8, tags.RUN_OF_INT16, tags.RUN_OF_INT32, tags.RUN_OF_DOUBLE]) {
      const writer = new FrameWriter();
      writer.byte(tags.ARRAY);
      writer.count(2 ** 31);
      writer.byte(run);
      writer.count(2 ** 31);
      assert.equal(attempt(writer.take(), []), "refused");
    }
    const inline = new FrameWriter();
    inline.byte(tags.BUFFER);
    inline.byte(tags.INLINE);
    inline.count(2 ** 31);
    assert.equal(attempt(inline.take(), []), "refused");
    // Arrays of holes alone are allowed, and are as large as what is in them.
    const holes = new FrameWriter();
    holes.byte(tags.ARRAY);
    holes.count(1_000);
    for (let i = 0; i < 1_000; i++) {
      holes.byte(tags.ARRAY);
      holes.count(20_000_000);
      holes.byte(tags.HOLES);
      holes.count(20_000_000);
    }
    assert.equal(attempt(holes.take(), []), "value");
    const after = process.memoryUsage();
    assert.ok(after.rss - before.rss < 100e6, `${Math.round((after.rss - before.rss) / 1e6)} MB more`);
  });

  it("is refused when it is nested without end", () => {
    const deep = new Uint8Array(200_000).fill(tags.SET);
    assert.equal(attempt(deep, []), "refused");
    const pairs = new Uint8Array(200_000).fill(tags.ARRAY).map((byte, i) => (i % 2 === 0 ? byte : 1));
    assert.equal(attempt(pairs, []), "refused");
  });
});
