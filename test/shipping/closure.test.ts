/** What closure() binds is captured at once, described where it is a function, and part of the hash. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runInThisContext } from "node:vm";
import { UnserializableError } from "../../src/protocol/errors.ts";
import {
  type AnyFunction,
  closure,
  describeFunction,
  type FunctionMark,
  type FunctionSpec,
  fromModule,
} from "../../src/shipping/function-source.ts";
import { FUNCTION_MARK } from "../../src/shipping/plain-data.ts";

type Spec<Kind extends FunctionSpec["kind"]> = FunctionSpec & { readonly kind: Kind };

/** The function that a text means; as text, for a compiler would write it anew. */
function read(text: string): AnyFunction {
  return runInThisContext(text);
}

function specOf<Kind extends FunctionSpec["kind"]>(kind: Kind, fn: AnyFunction): Spec<Kind> {
  const spec = describeFunction(fn);
  assert.equal(spec.kind, kind);
  return spec as Spec<Kind>;
}

const bindingsOf = (fn: AnyFunction) => specOf("source", fn).bindings as Record<string, unknown>;
const hashOf = (fn: AnyFunction) => describeFunction(fn).hash;

describe("closure()", () => {
  it("gives a function that behaves as the one it was given", () => {
    const fn = closure({ k: 1 }, function add(this: { c: number } | undefined, a: number, b = 2) {
      return a + b + (this?.c ?? 0);
    });
    assert.equal(fn.call(undefined, 1), 3);
    assert.equal(fn.call({ c: 5 }, 1, 1), 7);
    assert.deepEqual([fn.name, fn.length], ["add", 1]);
    class Counter {
      n = 1;
    }
    const Bound = closure({ k: 1 }, Counter);
    assert.ok(new Bound() instanceof Counter);
    assert.ok(new Bound() instanceof Bound);
  });

  it("leaves the function it was given without bindings", () => {
    const fn = () => 1;
    closure({ k: 1 }, fn);
    assert.equal(specOf("source", fn).bindings, undefined);
  });

  it("captures plain data now, whatever its shape", () => {
    const data = {
      list: [1, { deep: "x" }],
      map: new Map<unknown, unknown>([["k", { v: 1 }]]),
      set: new Set([[1]]),
      floats: new Float64Array([1, 2]),
      view: new DataView(new Uint8Array([1, 2, 3]).buffer, 1),
      part: new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
      node: Buffer.from("abc"),
      buffer: new Uint8Array([7]).buffer,
      when: new Date(86_400_123),
      pattern: /x+/giu,
      nothing: undefined,
      zero: -0,
      big: 10n,
    };
    const before = structuredClone(data);
    const bindings = bindingsOf(closure(data, () => data));
    data.list.push(2);
    (data.list[1] as { deep: string }).deep = "y";
    (data.map.get("k") as { v: number }).v = 2;
    [...data.set][0]?.push(2);
    data.floats[0] = 9;
    data.view.setUint8(0, 9);
    data.part[0] = 9;
    data.node[0] = 9;
    new Uint8Array(data.buffer)[0] = 9;
    data.when.setTime(0);
    assert.deepEqual(bindings, before);
    assert.equal((bindings["part"] as Uint8Array).buffer.byteLength, 2);
    assert.deepEqual(structuredClone(bindings), before);
  });

  it("keeps what has no copy that we could make by reference", () => {
    class Point {
      x = 1;
    }
    const [point, error, shared] = [new Point(), new Error("e"), new Uint8Array(new SharedArrayBuffer(4))];
    const bindings = bindingsOf(closure({ point, error, shared }, () => 1));
    assert.equal(bindings["point"], point);
    assert.equal(bindings["error"], error);
    assert.equal(bindings["shared"], shared);
  });

  it("describes functions and classes anywhere among the bindings", () => {
    const helper = (x: number) => x;
    class Thing {}
    const bindings = bindingsOf(closure({ helper, deep: [{ Thing }], map: new Map([["max", Math.max]]) }, () => 1)) as {
      helper: FunctionMark;
      deep: [{ Thing: FunctionMark }];
      map: Map<string, FunctionMark>;
    };
    assert.equal(bindings.helper[FUNCTION_MARK], describeFunction(helper));
    assert.equal(bindings.deep[0].Thing[FUNCTION_MARK], describeFunction(Thing));
    assert.equal(bindings.map.get("max")?.[FUNCTION_MARK], describeFunction(Math.max));
  });

  it("binds more names to what has some already", () => {
    const inner = closure({ a: 1, b: 2 }, () => 1);
    assert.deepEqual(bindingsOf(closure({ b: 3, c: 4 }, inner)), { a: 1, b: 3, c: 4 });
    assert.deepEqual(bindingsOf(inner), { a: 1, b: 2 });
  });

  it("takes the names of a module whole", () => {
    const namespace = Object.freeze(Object.assign(Object.create(null), { one: 1, two: () => 2 }));
    assert.deepEqual(Object.keys(bindingsOf(closure(namespace, () => 1))), ["one", "two"]);
  });

  it("refuses what cannot be a name, and says which", () => {
    for (const name of ["a-b", "1a", "", "a b", "class", "await", "eval", "let", "null", "a\u2028"]) {
      assert.throws(
        () => closure({ [name]: 1 }, () => 1),
        (error) => error instanceof TypeError && error.message.includes(`"${name}"`),
      );
    }
    assert.deepEqual(Object.keys(bindingsOf(closure({ $: 1, _: 2, größe: 3, of: 4, async: 5 }, () => 1))).length, 5);
  });

  it("refuses to bind names in what does not travel as source", () => {
    assert.throws(() => closure({ a: 1 }, Math.max), TypeError);
    const { work } = fromModule<{ work: () => void }>("file:///work.js");
    assert.throws(() => closure({ a: 1 }, work), TypeError);
  });

  it("refuses bindings that lead back to themselves, symbols and bound functions, and says where", () => {
    const list: unknown[] = [1];
    list.push({ list });
    const map = new Map();
    map.set("self", map);
    for (const [binding, path] of [
      [list, "bindings.x[1].list"],
      [map, "bindings.x[0][1]"],
      [{ s: [Symbol("s")] }, "bindings.x.s[0]"],
      [{ f: parseInt.bind(null) }, "bindings.x.f"],
    ] as const) {
      assert.throws(
        () => closure({ x: binding }, () => 1),
        (error) => error instanceof UnserializableError && error.path === path && error.message.includes(path),
      );
    }
  });

  it("takes the same data twice where it is in two places", () => {
    const shared = [1];
    assert.deepEqual(bindingsOf(closure({ a: shared, b: { shared } }, () => 1)), { a: [1], b: { shared: [1] } });
  });

  it("gives equal source with equal bindings an equal hash", () => {
    const make = () => {
      const values = {
        n: 1,
        s: "x",
        list: [1, [2]],
        map: new Map([[{ k: 1 }, new Set("ab")]]),
        at: new Date(5),
        r: /a/g,
      };
      return closure({ ...values, bytes: new Uint8Array(1001).fill(3), f: read("(x) => x") }, read("() => n"));
    };
    assert.equal(hashOf(make()), hashOf(make()));
    assert.equal(hashOf(closure({ o: { a: 1, b: 2 } }, make)), hashOf(closure({ o: { b: 2, a: 1 } }, make)));
  });

  it("gives different bindings different hashes, however alike", () => {
    const big = new Uint8Array(1 << 20);
    const other = big.slice();
    other[777_777] = 1;
    class Point {}
    const values = [
      ...[undefined, null, 0, -0, 1, 1n, "1", "", "undefined", true, Number.NaN, [], [[]], [1, 2], [[1], 2], [[1, 2]]],
      ...[["1,2"], [undefined], ["a", "b"], ['a","b'], {}, { a: 1 }, { b: 1 }, { a: "1" }, { a: { b: 1 } }, new Map()],
      ...[
        new Map([[1, 2]]),
        new Set(),
        new Set([1]),
        new Set([1, 2]),
        new Set([2, 1]),
        [[1, 2]],
        new Date(1),
        /1/,
        /1/g,
      ],
      ...[new Float32Array([1, 1]), new Float32Array([-1, -1]), new Uint8Array(8), new Uint16Array(4), big, other],
      ...[new ArrayBuffer(8), new Point(), new Point(), new Error("a"), new Error("a"), () => 1, () => 2, Math.max],
    ];
    const hashes = values.map((x) => hashOf(closure({ x }, read("() => x"))));
    const doubles = hashes.filter((each, i) => hashes.indexOf(each) !== i);
    assert.equal(doubles.length, 1, "only [[1, 2]] is there twice");
    assert.notEqual(hashOf(closure({ a: 1 }, read("() => 1"))), hashOf(closure({ b: 1 }, read("() => 1"))));
  });

  it("keeps the hash of an object that is only equal to itself", () => {
    const object = new (class {})();
    assert.equal(hashOf(closure({ object }, read("() => 1"))), hashOf(closure({ object }, read("() => 1"))));
  });

  it("lets no binding called __proto__ reach a prototype", () => {
    const bindings = bindingsOf(
      closure(JSON.parse('{ "__proto__": { "polluted": 1 }, "o": { "__proto__": 1 } }'), () => 1),
    );
    assert.equal(Object.getPrototypeOf(bindings), Object.prototype);
    assert.equal(bindings["polluted"], undefined);
  });
});
