/** Functions find the library's names, whatever these are called where the functions were written. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile } from "../../src/shipping/compile.ts";
import { closure, describeFunction } from "../../src/shipping/function-source.ts";
import { aliasesIn, goByNames } from "../../src/shipping/own-names.ts";

/** As a minifier leaves them. */
const short = function qq$1() {};
goByNames({ getExample: short, plainExample: function plainExample() {} });

describe("aliasesIn()", () => {
  it("finds what was renamed, as a name of its own only", () => {
    assert.deepEqual(aliasesIn("() => qq$1() + 1"), { qq$1: "getExample" });
    for (const other of ["() => it.qq$1()", "() => qq$10()", "() => aqq$1", "() => qq"]) {
      assert.equal(aliasesIn(other), undefined, other);
    }
  });

  it("leaves names alone that are what they are called in workers", () => {
    assert.equal(aliasesIn("() => plainExample()"), undefined);
  });

  it("gives functions what they mean where it is known, and leaves to them what is their own", () => {
    const scope = { getExample: () => 7 };
    const spec = describeFunction(new Function("return (x) => x + qq$1()")() as (x: number) => number);
    assert.equal((compile(spec, scope) as (x: number) => number)(1), 8);
    const own = describeFunction(new Function("return (qq$1) => qq$1 + 1")() as (x: number) => number);
    assert.equal((compile(own, scope) as (x: number) => number)(1), 2);
    assert.equal((compile(own, {}) as (x: number) => number)(1), 2);
  });

  it("is asked again about a text that was described before a name was added", () => {
    const make = () => new Function("return () => ww$2() + 1")() as () => number;
    const before = describeFunction(make());
    assert.equal(describeFunction(make()), before, "of the same text");
    goByNames({ getLater: function ww$2() {} });
    const after = describeFunction(make());
    assert.deepEqual(after.kind === "source" && after.aliases, { ww$2: "getLater" });
    assert.equal((compile(after, { getLater: () => 4 }) as () => number)(), 5);
  });

  it("does not come between functions that were taken along and what was taken along with them", () => {
    const leaf = () => 5;
    const stem = new Function("return (qq$1) => leaf() + qq$1")() as (x: number) => number;
    const root = new Function("return () => stem(1)")() as () => number;
    const compiled = compile(describeFunction(closure({ leaf, stem }, root)), {}) as () => number;
    assert.equal(compiled(), 6);
  });
});
