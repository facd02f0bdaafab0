/** The form of journals: whatever happened to the bytes, what is read is what was written first, and nothing else. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JournalBytes } from "../../src/ports/journal-store.ts";
import {
  encodeRecord,
  JOURNAL_VERSION,
  journalHead,
  readJournal,
  readRecord,
} from "../../src/runtime/journal-records.ts";
import { Random } from "../support/random.ts";

const values: readonly unknown[] = [
  { type: "first", list: [1, 2.5, -3, "text", null, undefined], map: new Map([["a", new Set([1n])]]) },
  { bytes: new Uint8Array(2000).fill(7), floats: new Float64Array([1, 2]) },
  [],
  { nested: { error: new TypeError("odd") }, date: new Date(0) },
];

function join(...parts: readonly JournalBytes[]): JournalBytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const records = values.map(encodeRecord);
const whole = join(journalHead(), ...records);
/** Where each record ends. */
const ends = records.map((_, i) => join(journalHead(), ...records.slice(0, i + 1)).length);

describe("a journal's records", () => {
  it("are read as they were written", () => {
    assert.deepEqual(readJournal(whole, "here"), { values, lost: 0, isDamaged: false });
    assert.deepEqual(readRecord(records[1] as JournalBytes), { value: values[1] });
    assert.equal(readRecord((records[1] as JournalBytes).subarray(0, 100)), undefined);
  });

  it("are those that were written wholly, wherever the end is cut off", () => {
    for (let length = 0; length <= whole.length; length++) {
      const read = readJournal(whole.slice(0, length), "here");
      const count = ends.filter((end) => end <= length).length;
      assert.deepEqual(read.values, values.slice(0, count));
      const head = Math.min(length, journalHead().length);
      assert.equal(read.lost, length < 12 ? length : length - (count === 0 ? head : (ends[count - 1] as number)));
      assert.ok(!read.isDamaged);
    }
  });

  it("end before one in which a bit has turned, and that more came after it is told", () => {
    const begin = journalHead().length;
    const draw = new Random(1);
    const bits = Array.from({ length: 1500 }, () => begin * 8 + Math.floor(draw.next() * (whole.length - begin) * 8));
    for (const bit of bits) {
      const turned = whole.slice();
      turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
      const { values: read, isDamaged } = readJournal(turned, "here");
      const struck = ends.findIndex((end) => bit >> 3 < end);
      assert.deepEqual(read, values.slice(0, struck));
      assert.equal(isDamaged, struck < values.length - 1);
    }
  });

  it("of another version are refused, and what is no journal is too", () => {
    const newer = whole.slice();
    newer[8] = JOURNAL_VERSION + 1;
    assert.throws(() => readJournal(newer, "here"), /the journal in here is of version 2, and .* left as it is/);
    assert.throws(
      () => readJournal(new TextEncoder().encode("something else entirely"), "here"),
      /no journal of manyhands/,
    );
    assert.throws(() => readJournal(new TextEncoder().encode("else"), "here"), /no journal of manyhands/);
  });
});
