/** Functions find the library's names, whatever these are called where the functions were written. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { aliasesIn, goByNames } from "../../src/shipping/own-names.ts";

/** As a minifier leaves them. */
const short = function qq$1() {};
goByNames({ getExample: short, plainExample: function plainExample() {} });

describe("aliasesIn()", () => {
  it("finds what was renamed, as a name of its own only", () => {
    assert.deepEqual([...aliasesIn("() => qq$1() + 1").names], [["qq$1", "getExample"]]);
    for (const other of ["() => it.qq$1()", "() => qq$10()", "() => aqq$1", "() => qq"]) {
      assert.deepEqual([...aliasesIn(other).names], [], other);
    }
  });

  it("leaves names alone that are what they are called in workers", () => {
    assert.deepEqual([...aliasesIn("() => plainExample()").names], []);
  });

  it("finds what became members of something, as webpack, Vitest, esbuild and TypeScript write it", () => {
    const texts = {
      manyhands__WEBPACK_IMPORTED_MODULE_0__: "() => (0,manyhands__WEBPACK_IMPORTED_MODULE_0__.getExample)()",
      __vi_import_0__: "() => __vi_import_0__.getExample()",
      __vite_ssr_import_3__: "() => (0,__vite_ssr_import_3__.getExample)()",
      import_manyhands: "() => (0, import_manyhands.getExample)()",
      manyhands_1: "() => (0, manyhands_1.getExample)()",
    };
    for (const [namespace, text] of Object.entries(texts)) {
      assert.deepEqual([...aliasesIn(text).members], [[namespace, new Set(["getExample"])]], text);
    }
  });

  it("does not take other modules' members for the library's", () => {
    assert.equal(aliasesIn("() => (0,lodash__WEBPACK_IMPORTED_MODULE_1__.chunk)([])").members.size, 0);
    assert.equal(aliasesIn("() => tools.getExample()").members.size, 0);
  });
});
