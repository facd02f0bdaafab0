/** What is captured is a copy with marks in it, and what is restored has values in their place. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { UnserializableError } from "../../src/protocol/errors.ts";
import type { FunctionSpec } from "../../src/shipping/function-source.ts";
import { FUNCTION_MARK, REFERENCE_MARK } from "../../src/shipping/plain-data.ts";
import { capture } from "../../src/shipping/references.ts";
import { restore } from "../../src/shipping/restore.ts";

/** Stands for a future. */
class Reference {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

const referenceOf = (value: object) => (value instanceof Reference ? value : undefined);
const captureIt = (value: unknown) => capture(value, "args", referenceOf, structuredClone);
const noFunctions = () => assert.fail("there are no functions in it");

/** Captured, sent to another thread, and restored with the values of what was referred to. */
function travel(value: unknown, compile: (spec: FunctionSpec) => unknown = noFunctions): unknown {
  const { value: packed, references } = captureIt(value);
  return restore(structuredClone(packed), (slot) => references[slot - 1]?.value, compile);
}

function refusal(value: unknown): { path: string; message: string } {
  try {
    captureIt(value);
  } catch (error) {
    assert.ok(error instanceof UnserializableError);
    return { path: error.path, message: error.message };
  }
  return assert.fail("it was captured");
}

describe("capture()", () => {
  it("copies what structured clone copies, in the same way", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        // An invalid date in a set is equal to no other, not even in two native clones: nothing can be said of those.
        fc.pre(isDeepStrictEqual(structuredClone(value), structuredClone(value)));
        const { value: copy, references, isPacked } = captureIt(value);
        assert.deepEqual(copy, structuredClone(value));
        assert.deepEqual([references, isPacked], [[], false]);
      }),
    );
  });

  it("does not see what is done to the original afterwards", () => {
    const original = { list: [1], map: new Map([["a", { b: 1 }]]), bytes: new Uint8Array([1]), date: new Date(0) };
    const { value } = captureIt(original);
    original.list.push(2);
    (original.map.get("a") as { b: number }).b = 2;
    original.bytes[0] = 2;
    original.date.setTime(1);
    assert.deepEqual(value, {
      list: [1],
      map: new Map([["a", { b: 1 }]]),
      bytes: new Uint8Array([1]),
      date: new Date(0),
    });
  });

  it("keeps what is one one, and circles closed", () => {
    const shared = { n: 1 };
    const circle: { self?: unknown; shared: object[] } = { shared: [shared, shared] };
    circle.self = circle;
    const { value } = captureIt(circle) as { value: typeof circle };
    assert.equal(value.self, value);
    assert.equal(value.shared[0], value.shared[1]);
    assert.notEqual(value.shared[0], shared);
  });

  it("copies a buffer once for all views on it", () => {
    const buffer = new ArrayBuffer(8);
    const { value, buffers } = captureIt([new Uint8Array(buffer), new Float64Array(buffer)]);
    const [bytes, floats] = value as [Uint8Array, Float64Array];
    assert.equal(bytes.buffer, floats.buffer);
    assert.notEqual(bytes.buffer, buffer);
    assert.deepEqual(buffers, [bytes.buffer]);
  });

  it("takes of a large buffer only the part that a view shows", () => {
    const { value, buffers } = captureIt(new Uint16Array(new ArrayBuffer(1000), 10, 4).fill(7));
    assert.deepEqual(value, new Uint16Array([7, 7, 7, 7]));
    assert.deepEqual(
      buffers.map(({ byteLength }) => byteLength),
      [8],
    );
  });

  it("takes buffers that are ours already as they are", () => {
    const ours = new Uint8Array([1, 2]);
    const { value, buffers } = capture(
      { ours },
      "args",
      referenceOf,
      structuredClone,
      new Map([[ours.buffer, ours.buffer]]),
    );
    assert.equal((value as { ours: Uint8Array }).ours.buffer, ours.buffer);
    assert.deepEqual(buffers, []);
  });

  it("leaves behind the class of an object written in JavaScript, and keeps its fields", () => {
    class Point {
      x = 1;
      get double() {
        return this.x * 2;
      }
    }
    const { value } = captureIt(new Point());
    assert.deepEqual([value, Object.getPrototypeOf(value)], [{ x: 1 }, Object.prototype]);
  });

  it("copies a field called __proto__ as a field", () => {
    const { value } = captureIt(JSON.parse('{"__proto__": {"polluted": 1}}'));
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.deepEqual(Object.keys(value as object), ["__proto__"]);
  });

  it("puts a mark in place of a reference, the same for the same one", () => {
    const [a, b] = [new Reference("a"), new Reference("b")];
    const { value, references, isPacked } = captureIt([a, { b }, [a]]);
    assert.deepEqual(value, [{ [REFERENCE_MARK]: 1 }, { b: { [REFERENCE_MARK]: 2 } }, [{ [REFERENCE_MARK]: 1 }]]);
    assert.deepEqual([references, isPacked], [[a, b], true]);
  });

  it("puts a description in place of a function", () => {
    const { value, isPacked } = captureIt([Math.max]);
    assert.equal(isPacked, true);
    assert.equal((value as [Record<string, FunctionSpec>])[0][FUNCTION_MARK]?.name, "max");
  });

  it("refuses what cannot travel, and says where it is", () => {
    assert.equal(refusal({ a: [1, Symbol("s")] }).path, "args.a[1]");
    assert.equal(refusal([new Map([["k", Promise.resolve()]])]).path, "args[0][0]");
    assert.equal(refusal(new Map([[new WeakMap(), 1]])).path, "args[key 0]");
    assert.equal(refusal(new Set([new WeakRef({})])).path, "args[0]");
    const { path, message } = refusal({ port: { of: new WeakSet() } });
    assert.equal(path, "args.port.of");
    assert.match(message, /args\.port\.of is a WeakSet/);
  });

  it("hands on why the platform refuses", () => {
    const refuse = () => {
      throw new Error("no");
    };
    const blob = new Blob(["x"]);
    assert.throws(
      () => capture([blob], "args", referenceOf, refuse),
      (error: unknown) =>
        error instanceof UnserializableError && error.path === "args[0]" && String(error.cause) === "Error: no",
    );
  });
});

describe("restore()", () => {
  it("puts values in place of references, in any container and at any depth", () => {
    const one = new Reference(1);
    const list = new Reference([2]);
    const value = [
      one,
      { a: one, deep: { list } },
      new Map<unknown, unknown>([
        ["k", one],
        [one, "v"],
        ["after", 3],
      ]),
      new Set<unknown>(["first", one, "last"]),
    ];
    assert.deepEqual(travel(value), [
      1,
      { a: 1, deep: { list: [2] } },
      new Map<unknown, unknown>([
        ["k", 1],
        [1, "v"],
        ["after", 3],
      ]),
      new Set<unknown>(["first", 1, "last"]),
    ]);
  });

  it("keeps the order of maps and sets", () => {
    const [one, two] = [new Reference("one"), new Reference("two")];
    const map = travel(
      new Map<unknown, unknown>([
        ["a", one],
        [two, "b"],
        ["c", 3],
      ]),
    ) as Map<unknown, unknown>;
    assert.deepEqual(
      [...map],
      [
        ["a", "one"],
        ["two", "b"],
        ["c", 3],
      ],
    );
    assert.deepEqual([...(travel(new Set<unknown>([two, "x", one])) as Set<unknown>)], ["two", "x", "one"]);
  });

  it("gives the reference alone its value", () => {
    assert.equal(travel(new Reference("alone")), "alone");
    assert.equal(travel(new Reference(undefined)), undefined);
  });

  it("does not look for marks inside of values it puts in", () => {
    const looksLikeOne = { [REFERENCE_MARK]: 1 };
    assert.deepEqual(travel([new Reference(looksLikeOne)]), [looksLikeOne]);
  });

  it("makes functions of their descriptions", () => {
    assert.deepEqual(
      travel({ f: Math.max, list: [Math.min] }, (spec) => spec.name),
      { f: "max", list: ["min"] },
    );
  });

  it("waits for functions that take their time", async () => {
    const restored = travel([Math.max, new Reference(1), new Map([["k", Math.min]])], async (spec) => spec.name);
    assert.ok(restored instanceof Promise);
    assert.deepEqual(await restored, ["max", 1, new Map([["k", "min"]])]);
  });

  it("gives back what was captured with values for references, whatever its shape", () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.string(),
      fc.integer().map((value) => new Reference(value)),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie("tree"), { maxKeys: 4, noNullPrototype: true }),
        fc.array(fc.tuple(fc.string(), tie("tree")), { maxLength: 3 }).map((entries) => new Map(entries)),
      ),
    }));
    fc.assert(fc.property(tree, (value) => assert.deepEqual(travel(value), filledIn(value))));
  });
});

/** The same by the dumbest way there is. */
function filledIn(value: unknown): unknown {
  if (value instanceof Reference) return value.value;
  if (Array.isArray(value)) return value.map(filledIn);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, filledIn(item)]));
  if (typeof value !== "object" || value === null) return value;
  const filled: object = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(filled, key, { value: filledIn(item), enumerable: true, writable: true, configurable: true });
  }
  return filled;
}
