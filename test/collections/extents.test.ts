/** What is taken of a file overlaps nothing that is in use, and what is given back is used again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Extents } from "../../src/collections/extents.ts";

describe("Extents", () => {
  it("gives out what nobody has, within its capacity, and ends behind the last that is in use", () => {
    const deed = fc.record({ take: fc.nat(40), giveBack: fc.option(fc.nat(20)) });
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 80 }), (deeds) => {
        const extents = new Extents(200);
        const used: { readonly at: number; readonly bytes: number }[] = [];
        for (const { take, giveBack } of deeds) {
          if (giveBack === null) {
            const at = extents.take(take);
            const isFree = (from: number) =>
              from + take <= 200 && used.every((each) => each.at + each.bytes <= from || from + take <= each.at);
            if (at === undefined) {
              const isAnywhere = Array.from({ length: 201 }, (_, i) => i).some(isFree);
              assert.equal(isAnywhere, false, "there was room");
            } else {
              assert.ok(isFree(at));
              if (take > 0) used.push({ at, bytes: take });
            }
          } else {
            const [back] = used.splice(giveBack % Math.max(1, used.length), 1);
            if (back !== undefined) extents.giveBack(back.at, back.bytes);
          }
          assert.equal(extents.end, Math.max(0, ...used.map(({ at, bytes }) => at + bytes)));
        }
      }),
    );
  });
});
