/** Equal values have one name, different ones different names, and what cannot be told by its content is refused. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { contentHash } from "../../src/shipping/content-hash.ts";

const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9]);
const sparse = [1, 2, 3];
delete sparse[1];

/** No two of these are equal. */
const different: readonly unknown[] = [
  undefined,
  null,
  false,
  true,
  0,
  -0,
  1,
  0.1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  -1n,
  2n ** 70n,
  "",
  "1",
  "0",
  "\u0000",
  "ab",
  "ba",
  "abc",
  "undefined",
  [],
  [[]],
  [undefined],
  [null],
  [1, 2],
  [[1], 2],
  [1, [2]],
  [1, undefined, 3],
  sparse,
  Object.assign([1, 2], { index: 0 }),
  {},
  { a: 1 },
  { a: 1, b: undefined },
  { a: 1, b: { c: 2 } },
  { a: { b: 1 }, c: 2 },
  { 0: 1, 1: 2 },
  new Map(),
  new Map([["a", 1]]),
  new Map<unknown, unknown>([
    ["a", 1],
    ["b", 2],
  ]),
  new Map<unknown, unknown>([
    ["b", 2],
    ["a", 1],
  ]),
  new Map([[{}, 1]]),
  new Set(),
  new Set([1, 2]),
  new Set([2, 1]),
  new Date(0),
  new Date(1),
  new Date(Number.NaN),
  /a/,
  /a/g,
  Object(1),
  Object("1"),
  bytes,
  bytes.subarray(1),
  bytes.subarray(0, 8),
  new Uint8Array(8),
  new Uint8Array(9),
  new Uint8Array(0),
  new Int8Array(8),
  new Uint8ClampedArray(8),
  new Float32Array(2),
  new Float64Array(1),
  new Float64Array([-0]),
  new BigInt64Array(1),
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
];

describe("contentHash()", () => {
  it("gives different values different names", () => {
    const byName = new Map<string, unknown>();
    for (const value of different) {
      const name = contentHash(value);
      assert.match(name, /^[0-9a-z]{28}$/);
      assert.ok(!byName.has(name), `${String(value)} is not ${String(byName.get(name))}`);
      byName.set(name, value);
    }
  });

  it("gives a value and its clone one name", () => {
    for (const value of different) assert.equal(contentHash(structuredClone(value)), contentHash(value));
    assert.equal(contentHash(structuredClone(different)), contentHash(different));
  });

  it("does not mind the order of fields, the place of bytes in memory, or whether two places hold one object", () => {
    assert.equal(contentHash({ a: 1, b: [2] }), contentHash({ b: [2], a: 1 }));
    for (const shift of [1, 2, 3, 4]) {
      const shifted = new Uint8Array(shift + bytes.length);
      shifted.set(bytes, shift);
      assert.equal(contentHash(shifted.subarray(shift)), contentHash(bytes));
    }
    const one = { x: [1] };
    assert.equal(contentHash([one, one]), contentHash([{ x: [1] }, { x: [1] }]));
    assert.equal(contentHash(Number.NaN), contentHash(new Float64Array(new BigInt64Array([-1n]).buffer)[0]));
  });

  it("takes instances for their fields, which is how they travel", () => {
    class Point {
      readonly x = 1;
    }
    assert.equal(contentHash(new Point()), contentHash({ x: 1 }));
  });

  it("walks once what is referred to many times", () => {
    let value: unknown = [1];
    for (let i = 0; i < 200; i++) value = [value, value];
    assert.match(contentHash(value), /^[0-9a-z]{28}$/);
  });

  it("sees a difference of one bit anywhere in an array", () => {
    const array = new Uint8Array(69);
    const names = new Set([contentHash(array)]);
    for (let bit = 0; bit < 8 * array.length; bit++) {
      array[bit >> 3] = 1 << (bit & 7);
      names.add(contentHash(array));
      array[bit >> 3] = 0;
    }
    assert.equal(names.size, 1 + 8 * 69);
  });

  it("spreads each part over all of its bits", () => {
    const names = Array.from({ length: 20_000 }, (_, i) => contentHash([i]));
    for (let part = 0; part < 28; part += 7) {
      const values = new Set(names.map((name) => name.slice(part, part + 7)));
      assert.ok(values.size >= 19_998, `${values.size} of 20000 differ`);
    }
  });

  it("lets futures and functions stand for what they are said to", () => {
    class Stands {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
    }
    const nameOf = (value: object) => (value instanceof Stands ? value.name : undefined);
    const named = (name: string) => contentHash({ deep: [new Stands(name)] }, nameOf);
    assert.equal(named("a"), named("a"));
    assert.notEqual(named("a"), named("b"));
    assert.notEqual(named("a"), contentHash({ deep: ["a"] }));
    assert.equal(
      contentHash([() => 1], () => "all the same"),
      contentHash([() => 2], () => "all the same"),
    );
  });

  it("refuses what holds itself, and says where", () => {
    const array: unknown[] = [1];
    array.push({ deep: array });
    assert.throws(() => contentHash({ list: array }), {
      name: "TypeError",
      message: /^the value\.list\[1\]\.deep holds itself/,
    });
    const map = new Map();
    map.set("me", map);
    assert.throws(() => contentHash(map), { name: "TypeError", message: /holds itself/ });
  });

  it("refuses what has no content, and says where", () => {
    const refused: readonly [unknown, RegExp][] = [
      [{ f: () => 1 }, /^the value\.f is a function/],
      [[Symbol("s")], /^the value\[0\] is a symbol/],
      [new Map([["a", Promise.resolve()]]), /^the value\[0\] is a Promise/],
      [new Set([new Blob([])]), /^the value\[0\] is a Blob/],
      [new WeakMap(), /^the value is a WeakMap/],
    ];
    for (const [value, message] of refused) assert.throws(() => contentHash(value), { name: "TypeError", message });
  });
});
