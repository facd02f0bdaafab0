/** Whether two values are made alike: the same kinds of objects, linked in the same way, with the same primitives at the ends. */
import assert from "node:assert/strict";

/** Fails with the path of the first difference. */
export function assertSameGraph(actual: unknown, expected: unknown): void {
  const partners = new Map<object, object>();
  const back = new Map<object, object>();
  const walk = (one: unknown, other: unknown, path: string): void => {
    if (!isObject(one) || !isObject(other)) {
      assert.ok(Object.is(one, other), `${path} is ${String(one)}, not ${String(other)}`);
      return;
    }
    if (partners.has(one) || back.has(other)) {
      assert.ok(partners.get(one) === other && back.get(other) === one, `${path} is another object than elsewhere`);
      return;
    }
    partners.set(one, other);
    back.set(other, one);
    const kind = kindOf(one);
    assert.equal(kind, kindOf(other), `kind of ${path}`);
    assert.equal(Object.getPrototypeOf(one), Object.getPrototypeOf(other), `prototype of ${path}`);
    assert.deepEqual(Object.keys(one), Object.keys(other), `names in ${path}`);
    const [mine, theirs] = [insides(one, kind), insides(other, kind)];
    assert.equal(mine.length, theirs.length, `size of ${path}`);
    mine.forEach((each, i) => void walk(each, theirs[i], `${path}(${i})`));
    if (ArrayBuffer.isView(one)) return;
    for (const key of Object.keys(one)) walk(read(one, key), read(other, key), `${path}.${key}`);
  };
  walk(actual, expected, "value");
}

/** What an object holds beside its properties. */
function insides(object: object, kind: string): readonly unknown[] {
  switch (kind) {
    case "Map":
      return [...(object as Map<unknown, unknown>)].flat();
    case "Set":
      return [...(object as Set<unknown>)];
    case "Array":
      return [(object as unknown[]).length];
    case "Date":
    case "Number":
    case "String":
    case "Boolean":
    case "BigInt":
      return [(object as Date).valueOf()];
    case "RegExp":
      return [String(object)];
    case "Error":
      return ["name", "message", "stack", "cause"].map((name) => read(object, name));
    case "ArrayBuffer":
      return [...new Uint8Array(object as ArrayBuffer)];
    case "Object":
      return [];
    default: {
      assert.ok(ArrayBuffer.isView(object), `the test knows no ${kind}`);
      return [object.buffer, object.byteOffset, object.byteLength];
    }
  }
}

const kindOf = (object: object) => Object.prototype.toString.call(object).slice(8, -1);
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const read = (object: object, key: string) => (object as Record<string, unknown>)[key];
