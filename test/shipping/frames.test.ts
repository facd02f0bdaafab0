/** Frames carry what structured clone carries, and refuse what it refuses. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeFrames, encodeFrames } from "../../src/shipping/frames.ts";
import { assertSameGraph } from "./same-graph.ts";

/** There and back, with buffers copied between, as on a wire. */
function carried(value: unknown): unknown {
  const { header, buffers } = encodeFrames(value);
  return decodeFrames(
    header,
    buffers.map((buffer) => buffer.slice(0)),
  );
}

const asClone = (value: unknown) => assertSameGraph(carried(value), structuredClone(value));

const anything = fc.anything({
  maxDepth: 4,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
});

describe("frames", () => {
  it("carry any value as structured clone does", () => {
    fc.assert(fc.property(anything, asClone), { numRuns: 1_500, seed: 11 });
  });

  it("carry what refers to itself and shares what it holds", () => {
    // A handful of containers, and links between them at random: circles, and several ways to one.
    const links = fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.string({ maxLength: 3 })), { maxLength: 40 });
    const property = fc.property(links, fc.array(anything, { maxLength: 3 }), (all, leaves) => {
      const buffer = new ArrayBuffer(1_000);
      const nodes = [
        {},
        {},
        [] as unknown[],
        [] as unknown[],
        new Map<unknown, unknown>(),
        new Set<unknown>(),
        new Uint8Array(buffer, 3, 20),
        new Float64Array(buffer, 16, 4),
        buffer,
        leaves,
      ];
      for (const [from, to, name] of all) link(nodes[from] as object, nodes[to], name);
      asClone(nodes);
    });
    fc.assert(property, { numRuns: 500, seed: 12 });
  });

  it("carry numbers of every kind, alone and in long rows", () => {
    const numbers = fc.oneof(fc.double(), fc.integer(), fc.integer({ min: -200, max: 200 }), fc.constant(-0));
    const items = fc.oneof(
      { weight: 5, arbitrary: numbers },
      { weight: 1, arbitrary: fc.constantFrom(undefined, "a") },
    );
    fc.assert(fc.property(fc.array(items, { maxLength: 300, size: "max" }), asClone), { numRuns: 500, seed: 13 });
    const edges = [127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 2 ** 60, 0.5];
    for (const each of edges.flatMap((edge) => [edge, -edge, -edge - 1])) asClone([each, [each, each, each, each, 0]]);
  });

  it("carry strings of every width and length", () => {
    for (const unit of ["a", "é", "日", "😀", "\ud800"])
      for (const length of [0, 1, 2, 12, 13, 31, 32, 33, 63, 64, 65, 255, 256, 257, 4095, 4096, 4097, 70_000]) {
        asClone([unit.repeat(length), `${"a".repeat(length)}${unit}`, unit.repeat(length)]);
      }
  });

  it("carry arrays with few items, none, and names beside them", () => {
    const wide: unknown[] = [];
    wide[4_000_000_000] = "far";
    wide[17] = { near: wide };
    asClone(wide);
    asClone(new Array(4_294_967_295));
    asClone([...Array(40)].concat(Array(3), [1], Array(40), [2, undefined], Array(1), 3));
    asClone(/b(?<c>.)/.exec("abcd"));
    asClone(Object.assign([1, 2, 3], { named: true, "-1": "no place", "4294967295": "neither" }));
    asClone(Object.assign(new Array(300).fill({}), { named: 1 }));
    asClone(Object.assign(new Array(300).fill(7), { index: 3, input: "x" }));
  });

  it("carry instances of classes as plain data, whatever these call themselves", () => {
    class Point {
      x = 1;
      get sum() {
        return this.x;
      }
    }
    class Named {
      value = [1];
      get [Symbol.toStringTag]() {
        return "Named";
      }
    }
    class Table extends Map<unknown, unknown> {
      extra = 1;
    }
    class List extends Array {}
    class Pretender {
      size = 1;
      get [Symbol.toStringTag]() {
        return "Map";
      }
    }
    asClone([new Point(), new Named(), new Table([[1, 2]]), List.from([1, 2]), new Pretender()]);
    asClone([Object.create(Map.prototype), Object.create(Date.prototype), Object.create(Error.prototype)]);
    asClone(Object.defineProperty({ seen: 1 }, "unseen", { value: 2, enumerable: false }));
    asClone({ [Symbol("s")]: 1, a: 2 });
  });

  it("keep names that mean something to the language as names", () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "a": 2}');
    const copy = carried([value, value.a, { ["__proto__"]: 3 }]) as [object, number, object];
    assert.equal(Object.getPrototypeOf(copy[0]), Object.prototype);
    assert.deepEqual(Object.getOwnPropertyDescriptor(copy[0], "__proto__")?.value, { polluted: true });
    assert.equal((copy[0] as { polluted?: boolean }).polluted, undefined);
    assert.deepEqual(Object.keys(copy[2]), ["__proto__"]);
  });

  it("carry errors as structured clone does, and with their class, fields and cause besides", () => {
    asClone([new TypeError("a", { cause: { b: [1] } }), new Error("plain"), new RangeError(""), new Error()]);
    class HttpError extends TypeError {
      override readonly name = "HttpError";
      status = 404;
      url = new Map([["path", "/"]]);
    }
    const error = new HttpError("not there", { cause: new SyntaxError("why") });
    const copy = carried({ error, again: error }) as { error: HttpError; again: HttpError };
    assert.equal(copy.error, copy.again);
    assert.ok(copy.error instanceof TypeError);
    assert.equal(copy.error.constructor.name, "HttpError");
    assert.deepEqual([copy.error.name, copy.error.message, copy.error.stack], [error.name, error.message, error.stack]);
    assert.deepEqual([copy.error.status, copy.error.url], [404, error.url]);
    assert.ok(copy.error.cause instanceof SyntaxError);
    const several = carried(new AggregateError([new Error("one"), 2], "both")) as AggregateError;
    assert.ok(several instanceof AggregateError);
    assert.deepEqual([(several.errors[0] as Error).message, several.errors[1], several.message], ["one", 2, "both"]);
    const aborted = carried(new DOMException("stop", "AbortError")) as DOMException;
    assert.ok(aborted instanceof DOMException);
    assert.deepEqual([aborted.name, aborted.message, aborted.code], ["AbortError", "stop", 20]);
    const circular = new Error("round");
    circular.cause = circular;
    const round = carried(circular) as Error;
    assert.equal(round.cause, round);
  });

  it("lay large buffers aside as they are, and small ones into the header", () => {
    const large = new Float64Array(1_000);
    const { header, buffers } = encodeFrames([large, new Uint8Array(8), large.buffer]);
    assert.deepEqual(buffers, [large.buffer]);
    assert.equal(buffers[0], large.buffer);
    assert.ok(header.length < 40);
  });

  it("carry more buffers than there may be beside a header", () => {
    const many = Array.from({ length: 1_100 }, (_, i) => new Uint16Array(200).fill(i));
    assert.equal(encodeFrames(many).buffers.length, 1_024);
    asClone(many);
  });

  it("copy shared memory, and keep buffers that can grow", () => {
    const shared = new Int32Array(new SharedArrayBuffer(4_000)).fill(7);
    const [copy, again] = carried([shared, shared.buffer]) as [Int32Array, SharedArrayBuffer];
    assert.ok(copy.buffer instanceof SharedArrayBuffer);
    assert.equal(copy.buffer, again);
    assert.notEqual(copy.buffer, shared.buffer);
    assert.deepEqual([copy.length, copy[999]], [1_000, 7]);
    type Growing = ArrayBuffer & { resize(length: number): void };
    const growing = new (ArrayBuffer as unknown as new (n: number, o: object) => Growing)(300, { maxByteLength: 400 });
    const view = carried(new Uint8Array(growing)) as Uint8Array;
    (view.buffer as Growing).resize(400);
    assert.deepEqual([view.length, view.byteOffset], [400, 0]);
  });

  it("show nothing of what lies beside a small Buffer of Node", () => {
    const [secret, open] = [Buffer.from("secret"), Buffer.from("open")];
    assert.equal(secret.buffer, open.buffer);
    const copy = carried([open, open]) as Uint8Array[];
    assert.equal(copy[0], copy[1]);
    assert.deepEqual([copy[0]?.constructor, copy[0]?.buffer.byteLength], [Uint8Array, 4]);
    assert.equal(new TextDecoder().decode(copy[0]), "open");
  });

  it("refuse what structured clone refuses, and say where it is", () => {
    const { port1, port2 } = new MessageChannel();
    const gone = new ArrayBuffer(8);
    structuredClone(gone, { transfer: [gone] });
    const cases: [unknown, string][] = [
      [() => 1, ""],
      [{ args: [1, { socket: port1 }] }, ".args[1].socket"],
      [[Symbol("s")], "[0]"],
      [{ "two words": Promise.resolve() }, '["two words"]'],
      [new Map([["a", new WeakMap()]]), "[0]"],
      [new Map([[new WeakRef({}), 1]]), "[key 0]"],
      [new Set([1, new WeakSet()]), "[1]"],
      [{ deep: [[{ gone }]] }, ".deep[0][0].gone"],
      [new Error("e", { cause: { f: () => 1 } }), ".cause.f"],
      [[Object(Symbol("s"))], "[0]"],
      [{ a: [].values() }, ".a"],
    ];
    for (const [value, path] of cases) {
      assert.throws(() => structuredClone(value));
      assert.throws(() => encodeFrames(value), { name: "UnserializableError", path }, path);
    }
    port1.close();
    port2.close();
  });

  it("refuse what lies too deep, and carry what lies as deep as it may", () => {
    const nested = (depth: number) => {
      let value: unknown = "core";
      for (let i = 0; i < depth; i++) value = { value };
      return value;
    };
    asClone(nested(1_500));
    assert.throws(() => encodeFrames(nested(1_501)), { name: "UnserializableError" });
    asClone("the next one goes on");
  });

  it("pass on what a getter throws, and can be used by one", () => {
    const failing = Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw new RangeError("no");
      },
    });
    assert.throws(() => encodeFrames([1, failing]), { name: "RangeError", message: "no" });
    const inner = {
      get x() {
        return carried(["inside", { a: 1 }]);
      },
    };
    assert.deepEqual(carried(["outside", inner, { a: 2 }]), ["outside", { x: ["inside", { a: 1 }] }, { a: 2 }]);
  });
});

function link(from: object, to: unknown, name: string): void {
  if (from instanceof Map) from.set(to, name);
  else if (from instanceof Set) from.add(to);
  else if (Array.isArray(from)) from.push(to);
  else if (!ArrayBuffer.isView(from) && !(from instanceof ArrayBuffer)) Object.assign(from, { [name]: to });
}
