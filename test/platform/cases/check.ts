/** Assertions that work in Node and in pages alike, and say what they saw. */

/** Fails unless both are the same through and through: values, classes, arrays, maps, sets, buffers and plain fields. */
export function equal(actual: unknown, expected: unknown, about = ""): void {
  const difference = differ(actual, expected, "value");
  if (difference !== undefined) throw new Error(about === "" ? difference : `${about}: ${difference}`);
}

export function ok(truth: unknown, about: string): asserts truth {
  if (!truth) throw new Error(`not so: ${about}`);
}

/** What `promise` rejects with. Fails if it does not, or if name or message are not as expected. */
export async function rejects(promise: Promise<unknown>, name: string, message: RegExp = /(?:)/): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return asExpected(error, name, message);
  }
  throw new Error(`no ${name}, but ${show(value)}`);
}

/** What `call` throws. Fails if it does not, or if name or message are not as expected. */
export function throws(call: () => unknown, name: string, message: RegExp = /(?:)/): Error {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return asExpected(error, name, message);
  }
  throw new Error(`no ${name}, but ${show(value)}`);
}

function asExpected(error: unknown, name: string, message: RegExp): Error {
  ok(error instanceof Error, `${show(error)} is an error`);
  if (error.name !== name || !message.test(error.message)) {
    throw new Error(`expected ${name} like ${message}, got ${error.name}: ${error.message}`, { cause: error });
  }
  return error;
}

function differ(actual: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  const plainly = `${path} is ${show(actual)}, not ${show(expected)}`;
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null)
    return plainly;
  if (classOf(actual) !== classOf(expected)) return `${path} is a ${classOf(actual)}, not a ${classOf(expected)}`;
  const [left, right] = [partsOf(actual), partsOf(expected)];
  if (left.length !== right.length) return `${path} has ${left.length} parts, not ${right.length}: ${show(actual)}`;
  for (const [i, [name, part]] of left.entries()) {
    const [otherName, other] = right[i] as [unknown, unknown];
    const difference = differ(name, otherName, `a key of ${path}`) ?? differ(part, other, `${path}[${show(name)}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function classOf(value: object): string {
  return value.constructor?.name ?? "Object";
}

function partsOf(value: object): (readonly [unknown, unknown])[] {
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value].map((each, i) => [i, each]);
  if (value instanceof ArrayBuffer) return partsOf(new Uint8Array(value));
  if (value instanceof Date) return [["time", value.getTime()]];
  if (value instanceof RegExp) return [["text", String(value)]];
  if (value instanceof Error)
    return [
      ["name", value.name],
      ["message", value.message],
    ];
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array, (each, i) => [i, each]);
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 200));
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return `${classOf(value)} of ${value.byteLength} bytes`;
  try {
    return String(typeof value === "object" ? JSON.stringify(value)?.slice(0, 200) : value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
