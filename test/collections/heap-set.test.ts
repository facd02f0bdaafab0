/** The heap knows its smallest member, as a sorted array would, while members come, go and change their rank. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type HeapMember, HeapSet } from "../../src/collections/heap-set.ts";

interface Item extends HeapMember {
  readonly name: number;
  rank: number;
}

const before = (a: Item, b: Item) => a.rank < b.rank || (a.rank === b.rank && a.name < b.name);

function items(count: number): Item[] {
  return Array.from({ length: count }, (_, name) => ({ name, rank: 0, heapIndex: -1 }));
}

/** The smallest, found by looking at all. */
function smallest(members: ReadonlySet<Item>): Item | undefined {
  let found: Item | undefined;
  for (const item of members) if (found === undefined || before(item, found)) found = item;
  return found;
}

const COUNT = 12;

describe("HeapSet", () => {
  it("always knows the smallest of its members", () => {
    const deed = fc.record({ name: fc.nat(COUNT - 1), rank: fc.option(fc.nat(5), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 80 }), (deeds) => {
        const all = items(COUNT);
        const heap = new HeapSet<Item>(before);
        const members = new Set<Item>();
        for (const { name, rank } of deeds) {
          const item = all[name] as Item;
          if (rank === undefined) assert.equal(heap.delete(item), members.delete(item));
          else {
            item.rank = rank;
            heap.update(item);
            members.add(item);
          }
          assert.equal(heap.peek(), smallest(members));
          assert.equal(heap.size, members.size);
          for (const each of all) assert.equal(heap.has(each), members.has(each));
        }
        assert.deepEqual(new Set(heap), members);
      }),
    );
  });

  it("gives its members in order when they are taken out one by one", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { maxLength: 50 }), (ranks) => {
        const heap = new HeapSet<Item>(before);
        for (const [name, rank] of ranks.entries()) heap.update({ name, rank, heapIndex: -1 });
        const taken: number[] = [];
        for (let first = heap.peek(); first !== undefined; first = heap.peek()) {
          taken.push(first.rank);
          heap.delete(first);
        }
        assert.deepEqual(
          taken,
          ranks.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it("does not take a stranger for a member because it stands where a member does", () => {
    const heap = new HeapSet<Item>(before);
    const [member, stranger] = items(2) as [Item, Item];
    heap.update(member);
    stranger.heapIndex = 0;
    assert.equal(heap.has(stranger), false);
    assert.equal(heap.delete(stranger), false);
    assert.equal(heap.peek(), member);
  });
});
