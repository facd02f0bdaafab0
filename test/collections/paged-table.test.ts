/** The table from growing ids does what a map would. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PagedTable } from "../../src/collections/paged-table.ts";

/** Ids around the seams of pages, some below zero, and some far beyond 32 bits. */
const anyId = fc.oneof(
  fc.nat(1100),
  fc.nat(600).map((n) => -n),
  fc.nat(20).map((n) => 2 ** 40 + n * 100),
);

describe("PagedTable", () => {
  it("holds what a map would hold", () => {
    const deed = fc.record({ id: anyId, value: fc.option(fc.nat(), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 200 }), (deeds) => {
        const table = new PagedTable<{ value: number }>();
        const map = new Map<number, { value: number }>();
        for (const { id, value } of deeds) {
          if (value === undefined) assert.equal(table.delete(id), map.delete(id));
          else {
            const item = { value };
            table.set(id, item);
            map.set(id, item);
          }
          assert.equal(table.get(id), map.get(id));
          assert.equal(table.size, map.size);
        }
        for (const [id, item] of map) assert.equal(table.get(id), item);
        assert.deepEqual(new Set(table.values()), new Set(map.values()));
      }),
    );
  });

  it("gives items in the order of growing ids", () => {
    const table = new PagedTable<number>();
    const ids = Array.from({ length: 1000 }, (_, id) => id);
    for (const id of ids) table.set(id, id);
    assert.deepEqual([...table.values()], ids);
  });

  it("lets items go while it gives them", () => {
    const table = new PagedTable<number>();
    for (let id = 0; id < 600; id++) table.set(id, id);
    let seen = 0;
    for (const id of table.values()) {
      seen += 1;
      table.delete(id);
    }
    assert.deepEqual([seen, table.size, [...table.values()]], [600, 0, []]);
  });

  it("is empty once cleared, and can be used again", () => {
    const table = new PagedTable<string>();
    table.set(3, "a");
    table.clear();
    assert.deepEqual([table.size, table.get(3)], [0, undefined]);
    table.set(3, "b");
    assert.deepEqual([table.size, table.get(3)], [1, "b"]);
  });
});
