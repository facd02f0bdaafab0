/** The relation's two views agree with a set of pairs, and with each other. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Relation } from "../../src/collections/relation.ts";

type Pair = `${number} ${string}`;

const left = fc.nat(4);
const right = fc.constantFrom("a", "b", "c", "d");

/** Something to do to a relation and to the set of pairs that stands for it. */
const deed = fc.oneof(
  { weight: 4, arbitrary: fc.record({ verb: fc.constant("add" as const), left, right }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("delete" as const), left, right }) },
  fc.record({ verb: fc.constant("deleteLeft" as const), left, right }),
  fc.record({ verb: fc.constant("deleteRight" as const), left, right }),
);

describe("Relation", () => {
  it("relates what a set of pairs would, seen from both sides", () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        const relation = new Relation<number, string>();
        let pairs = new Set<Pair>();
        for (const { verb, left, right } of deeds) {
          if (verb === "add") {
            relation.add(left, right);
            pairs.add(`${left} ${right}`);
          } else if (verb === "delete") {
            assert.equal(relation.delete(left, right), pairs.delete(`${left} ${right}`));
          } else if (verb === "deleteLeft") {
            relation.deleteLeft(left);
            pairs = new Set([...pairs].filter((pair) => !pair.startsWith(`${left} `)));
          } else {
            relation.deleteRight(right);
            pairs = new Set([...pairs].filter((pair) => !pair.endsWith(` ${right}`)));
          }
          assert.equal(relation.size, pairs.size);
        }
        for (let each = 0; each <= 4; each++) {
          const rights = [...pairs].filter((pair) => pair.startsWith(`${each} `)).map((pair) => pair.split(" ")[1]);
          assert.deepEqual([...relation.rightsOf(each)].sort(), rights.sort());
        }
        for (const each of "abcd") {
          const lefts = [...pairs]
            .filter((pair) => pair.endsWith(` ${each}`))
            .map((pair) => Number(pair.split(" ")[0]));
          assert.deepEqual([...relation.leftsOf(each)].sort(), lefts.sort());
          for (const one of lefts) assert.ok(relation.has(one, each));
        }
      }),
    );
  });

  it("keeps both views in the order in which pairs were added", () => {
    const relation = new Relation<string, string>();
    relation.add("x", "2");
    relation.add("x", "1");
    relation.add("y", "1");
    relation.add("x", "2");
    assert.deepEqual([...relation.rightsOf("x")], ["2", "1"]);
    assert.deepEqual([...relation.leftsOf("1")], ["x", "y"]);
  });
});
