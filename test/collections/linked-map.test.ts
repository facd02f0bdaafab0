/** The linked map does what an array of entries would, whatever is done to it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LinkedMap } from "../../src/collections/linked-map.ts";

type Entry = readonly [key: string, value: number];

/** Something to do to a map and to the array that stands for it; what both return must agree. */
type Deed = (map: LinkedMap<string, number>, entries: Entry[]) => void;

const key = fc.constantFrom("a", "b", "c", "d", "e");

function take(entries: Entry[], key: string): boolean {
  const at = entries.findIndex(([other]) => other === key);
  if (at >= 0) entries.splice(at, 1);
  return at >= 0;
}

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.tuple(key, fc.integer()).map(
    ([key, value]): Deed =>
      (map, entries) => {
        map.push(key, value);
        take(entries, key);
        entries.push([key, value]);
      },
  ),
  fc.tuple(key, fc.integer()).map(
    ([key, value]): Deed =>
      (map, entries) => {
        map.pushFront(key, value);
        take(entries, key);
        entries.unshift([key, value]);
      },
  ),
  key.map(
    (key): Deed =>
      (map, entries) =>
        assert.equal(map.delete(key), take(entries, key)),
  ),
  key.map(
    (key): Deed =>
      (map, entries) =>
        assert.equal(map.get(key), entries.find(([other]) => other === key)?.[1]),
  ),
  fc.constant<Deed>((map, entries) => assert.deepEqual(map.shift(), entries.shift())),
);

describe("LinkedMap", () => {
  it("agrees with an array, whatever is done to both", () => {
    fc.assert(
      fc.property(fc.array(deed, { size: "large" }), (deeds) => {
        const map = new LinkedMap<string, number>();
        const entries: Entry[] = [];
        for (const each of deeds) {
          each(map, entries);
          assert.deepEqual([...map], entries);
          assert.deepEqual(map.first(), entries[0]);
          assert.equal(map.size, entries.length);
        }
      }),
    );
  });
});
