/** A value is weighed, its buffers found and what cannot travel named, in one walk. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { measure, typeOf } from "../../src/shipping/measure.ts";

const nbytesOf = (value: unknown) => measure(value).nbytes;
const problemOf = (value: unknown) => measure(value).problem;

describe("measure() counts bytes", () => {
  it("exactly for what is in buffers, whatever looks at them", () => {
    const overhead = nbytesOf(new Uint8Array(0));
    for (const size of [1, 1000, 1 << 20]) {
      assert.equal(nbytesOf(new Uint8Array(size)) - overhead, size);
      assert.equal(nbytesOf(new Float64Array(size)) - overhead, 8 * size);
      assert.equal(nbytesOf(new ArrayBuffer(size)) - overhead, size);
      assert.equal(nbytesOf(new DataView(new ArrayBuffer(size))) - overhead, size);
    }
  });

  it("once for a buffer, however many views there are on it", () => {
    const buffer = new ArrayBuffer(5000);
    const views = [new Uint8Array(buffer), new Uint16Array(buffer, 2, 4), new DataView(buffer), buffer];
    const { nbytes, buffers } = measure(views);
    assert.ok(nbytes >= 5000 && nbytes < 5500, `${nbytes} bytes`);
    assert.deepEqual([...buffers], [buffer]);
  });

  it("of a small view all that would travel with it", () => {
    assert.ok(nbytesOf(new Uint8Array(new ArrayBuffer(100_000), 0, 10)) >= 100_000);
  });

  it("of text by its length", () => {
    assert.equal(nbytesOf("x".repeat(500)), 1000);
    assert.ok(nbytesOf({ text: "x".repeat(500) }) > 1000);
  });

  it("of containers with all that is in them", () => {
    const text = "x".repeat(1000);
    for (const container of [[text], { text }, new Map([["key", text]]), new Map([[text, 1]]), new Set([text])]) {
      const nbytes = nbytesOf(container);
      assert.ok(nbytes >= 2000 && nbytes < 2200, `${nbytes} bytes for ${container.constructor.name}`);
    }
  });

  it("once for what is there twice, and comes to an end in a circle", () => {
    const long = Array.from({ length: 1000 }, (_, i) => i);
    assert.ok(nbytesOf([long, long]) < 1.1 * nbytesOf(long));
    const circle: unknown[] = [1];
    circle.push(circle);
    assert.ok(nbytesOf(circle) > 0);
  });

  it("of numbers and the like a few", () => {
    for (const value of [1, Number.NaN, true, null, undefined, 10n]) {
      assert.ok(nbytesOf(value) <= 16, `${String(value)} has ${nbytesOf(value)} bytes`);
    }
  });

  it("of anything that can be cloned, more for more of it", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const one = measure(value);
          assert.ok(one.nbytes >= 0 && Number.isFinite(one.nbytes));
          assert.equal(one.problem, undefined);
          const two = measure([structuredClone(value), structuredClone(value)]);
          assert.ok(two.nbytes >= one.nbytes);
        },
      ),
    );
  });
});

describe("measure() finds buffers", () => {
  it("wherever they are, each once", () => {
    const [a, b, c, d] = [1, 2, 3, 4].map((size) => new ArrayBuffer(size)) as [
      ArrayBuffer,
      ArrayBuffer,
      ArrayBuffer,
      ArrayBuffer,
    ];
    const value = { a, list: [new Uint8Array(b), [b]], map: new Map([[c, new Set([new DataView(d)])]]) };
    assert.deepEqual([...measure(value).buffers], [a, b, c, d]);
  });

  it("and leaves out shared memory, which cannot be transferred", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    assert.equal(measure([shared]).buffers.size, 0);
    assert.equal(problemOf(shared), undefined);
  });

  it("nowhere in plain data", () => {
    assert.equal(measure(1).buffers.size, 0);
    assert.equal(measure({ a: ["b"] }).buffers.size, 0);
  });
});

describe("measure() names what cannot travel", () => {
  const cases: readonly (readonly [unknown, string, string])[] = [
    [() => 1, "", "a function"],
    [Symbol("s"), "", "a symbol"],
    [{ a: [1, 2, { b: () => 1 }] }, ".a[2].b", "a function"],
    [[1, Symbol("s")], "[1]", "a symbol"],
    [{ later: Promise.resolve(1) }, ".later", "a Promise"],
    [new Map<unknown, unknown>([["k", new WeakMap()]]), "[0]", "a WeakMap"],
    [new Map<unknown, unknown>([[() => 1, 1]]), "[key 0]", "a function"],
    [new Set<unknown>([1, new WeakSet()]), "[1]", "a WeakSet"],
    [[[new WeakRef({})]], "[0][0]", "a WeakRef"],
    [[[1, [2, () => 1]]], "[0][1][1]", "a function"],
  ];
  for (const [value, path, what] of cases) {
    it(`${what} at ${path === "" ? "the top" : path}`, () => assert.deepEqual(problemOf(value), { path, what }));
  }

  it("and nothing else", () => {
    for (const value of [new Date(), /x/, new Error("e"), new Map(), { a: undefined }, [null], 1n]) {
      assert.equal(problemOf(value), undefined);
    }
  });
});

describe("typeOf()", () => {
  it("is the class of an object, and the type of anything else", () => {
    const types = [1, "a", true, undefined, null, 1n, [], {}, new Float32Array(1), new Map(), Object.create(null)];
    assert.deepEqual(types.map(typeOf), [
      "number",
      "string",
      "boolean",
      "undefined",
      "null",
      "bigint",
      "Array",
      "Object",
      "Float32Array",
      "Map",
      "Object",
    ]);
  });
});
