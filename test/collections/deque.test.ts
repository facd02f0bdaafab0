/** The deque does what an array would, whatever is done to it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Deque } from "../../src/collections/deque.ts";

/** Something to do to a deque and to the array that stands for it; what both return must agree. */
type Deed = (deque: Deque<number>, array: number[]) => void;

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.integer().map(
    (item): Deed =>
      (deque, array) => {
        deque.push(item);
        array.push(item);
      },
  ),
  fc.integer().map(
    (item): Deed =>
      (deque, array) => {
        deque.pushFront(item);
        array.unshift(item);
      },
  ),
  fc.constant<Deed>((deque, array) => assert.equal(deque.shift(), array.shift())),
  fc.constant<Deed>((deque, array) => assert.equal(deque.peek(), array[0])),
  {
    weight: 1,
    arbitrary: fc.nat(2000).map(
      (count): Deed =>
        (deque, array) => {
          for (let i = 0; i < count; i++) {
            deque.push(i);
            array.push(i);
          }
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(2000).map(
      (count): Deed =>
        (deque, array) => {
          for (let i = 0; i < count; i++) assert.equal(deque.shift(), array.shift());
        },
    ),
  },
);

describe("Deque", () => {
  it("holds what an array would hold, in the same order", () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        const deque = new Deque<number>();
        const array: number[] = [];
        for (const apply of deeds) {
          apply(deque, array);
          assert.equal(deque.length, array.length);
        }
        assert.deepEqual([...deque], array);
      }),
    );
  });

  it("is empty once cleared, and can be used again", () => {
    const deque = new Deque<string>();
    deque.push("a");
    deque.push("b");
    deque.shift();
    deque.clear();
    assert.deepEqual([deque.length, deque.shift(), deque.peek(), [...deque]], [0, undefined, undefined, []]);
    deque.pushFront("c");
    assert.deepEqual([...deque], ["c"]);
  });
});
